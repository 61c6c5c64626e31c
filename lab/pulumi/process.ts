import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Written to standard input, which is then closed: the way of secrets, which must not be arguments. */
  input?: string;
  onLine?: (line: string) => void;
  /** Interrupts the run: it ends what it is doing, and then itself. */
  signal?: AbortSignal;
  /** After these, the run is ended by force. @default no limit */
  seconds?: number;
}

export interface RunResult {
  /** Exit code; undefined when a signal ended it. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** How long an interrupted engine may take to finish what it has begun, before it is told to give it up. */
const graceSeconds = 60;

/**
 * Runs a program to its end, whatever its exit code.
 *
 * It gets a process group of its own: Ctrl-C in a terminal reaches every process of the terminal's group, npm sends it
 * once more, and the engine takes a second one as "end at once", which leaves objects that the state does not know. So
 * it is passed on exactly once.
 */
export function run(program: string, args: string[], options: RunOptions): Promise<RunResult> {
  const { cwd, env, input, onLine, signal, seconds } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(program, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
    const timers: NodeJS.Timeout[] = [];
    const after = (delay: number, action: () => void) => timers.push(setTimeout(action, delay * 1000));
    const endGroup = () => {
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // Already gone.
      }
    };
    const interrupt = () => {
      child.kill("SIGINT");
      after(graceSeconds, () => child.kill("SIGINT"));
      after(graceSeconds + 10, endGroup);
    };
    signal?.addEventListener("abort", interrupt, { once: true });
    if (seconds !== undefined) after(seconds, endGroup);

    const collected = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8");
      createInterface({ input: child[name] }).on("line", (line) => {
        collected[name] += `${line}\n`;
        onLine?.(line);
      });
    }
    const finish = () => {
      timers.forEach(clearTimeout);
      signal?.removeEventListener("abort", interrupt);
    };
    child.on("error", (error) => {
      finish();
      reject(error);
    });
    child.on("close", (code) => {
      finish();
      resolve({ code: code ?? undefined, ...collected });
    });
    // A program that ends without reading it is no error of ours.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? "");
  });
}
