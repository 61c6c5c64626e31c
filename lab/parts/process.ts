/** Processes that outlive the command which started them: knowing them again, finding them, ending them. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process id together with the moment of its start: an id alone is given to another process later. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque; equal only for the same process. */
  start: string;
}

/** Environment variable that every process of a lab carries; its value is the state folder. */
export const stateVariable = "BILTEN_LAB_STATE";

const linux = process.platform === "linux";

/** The identity of a running process, or undefined. A zombie does not run. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const start = linux ? startOnLinux(pid) : startElsewhere(pid);
  return start ? { pid, start } : undefined;
}

/** Whether this very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.start === identity.start;
}

/** The first 15 characters of the name of what a process runs; undefined when it is gone, and elsewhere than on Linux. */
export function programOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** The process that a process was started by; undefined for the first one of all, and elsewhere than on Linux. */
export function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) || undefined;
  } catch {
    return undefined;
  }
}

/** Resident memory in bytes, or undefined when the process is gone. */
export function residentBytes(pid: number): number | undefined {
  try {
    const kibibytes = linux
      ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      : ps(pid, "rss=");
    return kibibytes ? Number(kibibytes) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Processes that carry the mark of a state folder, whatever became of their records. On Linux only: elsewhere the
 * environment of a process cannot be read, and the answer is empty.
 */
export function findMarked(stateDirectory: string): ProcessIdentity[] {
  if (!linux) return [];
  const mark = `${stateVariable}=${stateDirectory}`;
  return readdirSync("/proc")
    .filter(
      (entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid && environmentOf(entry).includes(mark),
    )
    .flatMap((entry) => identify(Number(entry)) ?? []);
}

/** How a process ended: `gone` before, `ended` when asked, `killed` because it did not end in time. */
export type Ending = "gone" | "ended" | "killed";

/**
 * Ends a process with SIGTERM, and with SIGKILL when it has not ended after `graceSeconds`.
 * @throws Error when not even that ends it
 */
export async function terminate(identity: ProcessIdentity, graceSeconds: number): Promise<Ending> {
  if (!send(identity, "SIGTERM")) return "gone";
  if (await waitForEnd(identity, graceSeconds)) return "ended";
  send(identity, "SIGKILL");
  if (await waitForEnd(identity, 10)) return "killed";
  throw new Error(`Process ${identity.pid} does not end, not even with SIGKILL.`);
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

async function waitForEnd(identity: ProcessIdentity, seconds: number): Promise<boolean> {
  const until = Date.now() + seconds * 1000;
  while (isAlive(identity)) {
    if (Date.now() > until) return false;
    await sleep(50);
  }
  return true;
}

let bootId: string | undefined;

/** Ticks from boot to start, with the boot's id: after another boot the ticks could be the same. */
function startOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in parentheses, may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, ticks] = [fields[0], fields[19]];
    bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return state === "Z" || state === "X" ? undefined : `${bootId}/${ticks}`;
  } catch {
    return undefined;
  }
}

function startElsewhere(pid: number): string | undefined {
  try {
    return ps(pid, "stat=").startsWith("Z") ? undefined : ps(pid, "lstart=");
  } catch {
    return undefined;
  }
}

function ps(pid: number, format: string): string {
  return execFileSync("ps", ["-o", format, "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    // Another user's, or gone.
    return [];
  }
}
