/** The folder in which a lab keeps everything: data, certificates, ports, logs, and records of its processes. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, isAlive, type ProcessIdentity } from "./parts/process";

export type Log = (line: string) => void;

/** An error whose message is all that a user needs: it is shown without a stack. */
export class LabError extends Error {
  override name = "LabError";
}

/** Paths within a state folder. */
export interface LabState {
  /** Absolute, without symbolic links. */
  directory: string;
  /** For the administrator: what `npm run lab -- kubectl` uses. */
  kubeconfig: string;
  /** Keys, certificates and the kubeconfigs of the parts. */
  pki: string;
  /** etcd's data. */
  data: string;
  /** Records of the processes. */
  run: string;
  logs: string;
  ports: string;
}

const markerFile = "lab.json";
const marker = { kind: "bilten-monitoring lab state", version: 1 };

/** The checkout's own state folder: `.lab` beside package.json. */
export function defaultStateDirectory(): string {
  return join(dirname(__dirname), ".lab");
}

/** The state in a folder, which is created when it is not there. Only its owner can read it. */
export function openState(directory: string): LabState {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const state = pathsOf(realpathSync(directory));
  for (const path of [state.pki, state.run, state.logs]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const file = join(state.directory, markerFile);
  if (!existsSync(file)) writePrivate(file, `${JSON.stringify(marker)}\n`);
  return state;
}

/** The state in a folder, or undefined when no lab has been there. */
export function findState(directory: string): LabState | undefined {
  return isStateDirectory(directory) ? stateAt(directory) : undefined;
}

/** The state in a folder that need not exist: its processes may have outlived it. */
export function stateAt(directory: string): LabState {
  const absolute = resolve(directory);
  if (existsSync(absolute)) return pathsOf(realpathSync(absolute));
  const parent = dirname(absolute);
  return pathsOf(existsSync(parent) ? join(realpathSync(parent), basename(absolute)) : absolute);
}

/** Whether a lab made this folder. */
export function isStateDirectory(directory: string): boolean {
  try {
    const found = JSON.parse(readFileSync(join(directory, markerFile), "utf8")) as { kind?: unknown };
    return found.kind === marker.kind;
  } catch {
    return false;
  }
}

function pathsOf(directory: string): LabState {
  return {
    directory,
    kubeconfig: join(directory, "kubeconfig"),
    pki: join(directory, "pki"),
    data: join(directory, "etcd"),
    run: join(directory, "run"),
    logs: join(directory, "logs"),
    ports: join(directory, "ports.json"),
  };
}

/** Writes a file that only its owner can read, whole or not at all. */
export function writePrivate(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, path);
}

/** A file's JSON, or undefined when it is not there or not whole. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

interface Holder extends ProcessIdentity {
  what: string;
}

export interface LockOptions {
  /** What the holder does, for whom it keeps waiting: `npm start`. */
  what: string;
  log: Log;
  /** @default 600 */
  waitSeconds?: number;
  signal?: AbortSignal;
}

/** Locks that this process holds, with the number of calls within each other. */
const held = new Map<string, number>();

/**
 * Runs `work` while no other process changes the lab. Calls may be nested. A lock whose process is gone is taken over.
 * @throws LabError that names the holder, when the wait is over
 */
export async function withLabLock<T>(
  state: LabState,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(state.directory, "lock");
  const depth = held.get(path) ?? 0;
  if (depth === 0) await acquire(path, options);
  held.set(path, depth + 1);
  try {
    return await work();
  } finally {
    held.set(path, (held.get(path) ?? 1) - 1);
    if (depth === 0) {
      held.delete(path);
      if (readJson<Holder>(path)?.pid === process.pid) rmSync(path, { force: true });
    }
  }
}

/** Who is changing the lab, or was when it was killed. */
export function lockHolder({ directory }: LabState): ProcessIdentity | undefined {
  return readJson<Holder>(join(directory, "lock"));
}

async function acquire(path: string, { what, log, waitSeconds = 600, signal }: LockOptions): Promise<void> {
  const own: Holder = { ...identify(process.pid)!, what };
  const until = Date.now() + waitSeconds * 1000;
  let told = false;
  while (!tryAcquire(path, own)) {
    const holder = readJson<Holder>(path);
    if (!holder) {
      // Its holder has just released it, or is no lock of ours at all.
      if (Date.now() > until)
        throw new LabError(`${path} is not readable as a lock. Remove it and try again.`);
    } else if (!isAlive(holder)) {
      removeStale(path, holder);
      continue;
    } else if (Date.now() > until) {
      throw new LabError(
        `Process ${holder.pid} (${holder.what}) is changing this lab. Wait for it, or end it with Ctrl-C where it runs.`,
      );
    } else if (!told) {
      log(`Waiting for process ${holder.pid} (${holder.what}), which is changing this lab ...`);
      told = true;
    }
    await sleep(200, undefined, { signal });
  }
}

/** A link to a finished file appears with its content, so that nobody reads half a lock. */
function tryAcquire(path: string, own: Holder): boolean {
  const temporary = `${path}.${own.pid}`;
  writeFileSync(temporary, JSON.stringify(own), { mode: 0o600 });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Of several who find a lock stale, one moves it away; who moves away a fresh one puts it back. */
function removeStale(path: string, stale: Holder): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readJson<Holder>(aside);
  if (moved && (moved.pid !== stale.pid || moved.start !== stale.start)) {
    try {
      linkSync(aside, path);
    } catch {
      // Someone has taken it in the meantime.
    }
  }
  rmSync(aside, { force: true });
}
