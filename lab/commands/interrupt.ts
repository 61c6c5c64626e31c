/** Ctrl-C, as a signal that can be waited for. */

/** Exit code of a command that Ctrl-C has ended: 128 + SIGINT. */
export const interruptedCode = 130;

export class InterruptedError extends Error {
  override name = "InterruptedError";
}

/**
 * Runs `work` with a signal that Ctrl-C, `kill` or a closed terminal aborts. npm passes Ctrl-C on to a process that
 * has already had it, so only one that comes 2 s later ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first: number | undefined;
  const interrupt = () => {
    if (first === undefined) {
      first = Date.now();
      controller.abort(new InterruptedError("Interrupted."));
    } else if (Date.now() - first > 2000) {
      console.error("Ended at once. What is left running: npm run lab -- stop");
      process.exit(interruptedCode);
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}
