/** Peak memory of the process that runs the program under the real engine. */
import { readFileSync } from "node:fs";
import { findMarked } from "../../lab/parts/process";

/** How often it is looked at. The kernel keeps the peak, so that only growth after the last look is missed. */
const lookMilliseconds = 20;
/** How often it is looked for, which takes some milliseconds of what is being measured. */
const searchMilliseconds = 200;

/** The peak of resident memory in bytes as /proc/<pid>/status has it, which is in KiB; undefined without one. */
export function peakOf(status: string): number | undefined {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Whether this is the command line of the Node process in which the SDK runs a program. */
export function isProgramHost(command: readonly string[]): boolean {
  return command.some((word) =>
    /@pulumi[\\/]pulumi[\\/]cmd[\\/]run(-policy-pack)?([\\/]index)?(\.js)?$/.test(word),
  );
}

/**
 * Watches for the program's process while `work` runs.
 * @param stateDirectory which marks the processes of a lab
 * @returns the largest peak in bytes; a text that says why there is none
 */
export async function peakMemoryDuring(
  stateDirectory: string,
  work: () => Promise<unknown>,
): Promise<number | string> {
  if (process.platform !== "linux") {
    await work();
    return "needs Linux' /proc";
  }
  let peak = 0;
  let pid: number | undefined;
  let searched = performance.now();
  const look = () => {
    if (pid === undefined && performance.now() - searched > searchMilliseconds) {
      pid = findMarked(stateDirectory).find((found) => isProgramHost(commandOf(found.pid)))?.pid;
      searched = performance.now();
    }
    if (pid !== undefined) peak = Math.max(peak, peakOf(read(pid, "status")) ?? 0);
  };
  const timer = setInterval(look, lookMilliseconds);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak > 0 ? peak : "the program's process was not seen";
}

function commandOf(pid: number): string[] {
  return read(pid, "cmdline").split("\0");
}

/** A file of a process, empty when it is gone. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
