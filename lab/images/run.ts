import { spawn } from "node:child_process";
import { statSync } from "node:fs";

export interface RunOptions {
  /** It is killed after this time. */
  seconds: number;
  /** It is killed when this file does not grow for that long. */
  growing?: { file: string; seconds: number };
  signal?: AbortSignal;
}

export interface RunResult {
  /** 0 when it has done its work. */
  code: number | null;
  stdout: string;
  /** Its end. */
  stderr: string;
  /** The limit that ended it, for people. */
  limit?: string;
}

/**
 * Runs a program to its end, or to one of its limits.
 * @throws the signal's reason when it is aborted, and when the program cannot be started
 */
export async function runLimited(program: string, args: string[], options: RunOptions): Promise<RunResult> {
  const { seconds, growing, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let limit: string | undefined;
  const end = () => {
    child.kill("SIGKILL");
    // What it has started may hold them open.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const endFor = (reason: string) => {
    limit ??= reason;
    end();
  };
  const timers = [setTimeout(() => endFor(`no end after ${seconds} s`), seconds * 1000)];
  if (growing) timers.push(setInterval(watchGrowth(growing, endFor), 1000));
  process.once("exit", end);
  signal?.addEventListener("abort", end);
  try {
    const [stdout, stderr, code] = await new Promise<[string, string, number | null]>((resolve, reject) => {
      let [out, err] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (err = (err + chunk.toString()).slice(-4000)));
      child.on("error", reject);
      child.on("close", (exitCode) => resolve([out, err, exitCode]));
    });
    signal?.throwIfAborted();
    return { code, stdout, stderr, ...(limit && { limit }) };
  } finally {
    timers.forEach(clearTimeout);
    process.off("exit", end);
    signal?.removeEventListener("abort", end);
  }
}

function watchGrowth(
  { file, seconds }: { file: string; seconds: number },
  stalled: (reason: string) => void,
) {
  let [size, since] = [-1, Date.now()];
  return () => {
    const now = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (now !== size) [size, since] = [now, Date.now()];
    else if (Date.now() - since > seconds * 1000) stalled(`nothing came for ${seconds} s`);
  };
}
