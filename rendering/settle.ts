import * as pulumi from "@pulumi/pulumi";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** How long a program may go on after it has returned and nothing is being registered, milliseconds. */
const patience = 10_000;

/**
 * Runs the work, waits until the SDK has no call under way and no promise is left that could start one, and throws
 * the first failure: of the work, of those collected, or of a promise that nobody awaited.
 */
export async function settle<T>(failures: unknown[], work: () => Promise<T>): Promise<T | undefined> {
  const collect = (reason: unknown) => void failures.push(reason);
  // Others' listeners, a test runner's among them, would end the process before the failure is told.
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", collect);
  const before = running();
  try {
    const result = await work().catch((error: unknown) => {
      failures.unshift(error);
      return undefined;
    });
    // A registration that ends may let an `apply` start another one: wait until nothing new came for some turns.
    const deadline = performance.now() + patience;
    for (let quiet = 0; quiet < 3; quiet++) {
      await pulumi.runtime.disconnect();
      await nextTurn();
      const now = running();
      if (kinds.every((kind) => now[kind] <= before[kind]) || failures.length > 0) continue;
      if (performance.now() > deadline)
        throw new Error(`The program still waits for something ${patience / 1000} s after its end.`);
      await sleep(5);
      quiet = -1;
    }
    if (failures.length > 0) throw failures[0];
    return result;
  } finally {
    process.off("unhandledRejection", collect);
    for (const listener of others) process.on("unhandledRejection", listener);
  }
}

/** What else than a call of the SDK a promise may wait for that is not settled yet. */
const kinds = ["Timeout", "FSReqCallback", "FSReqPromise"] as const;

/**
 * How many of each kind are under way. Apart, because what the process did before may end meanwhile: a file that is read
 * then must not hide a timer of the program.
 */
function running(): Record<(typeof kinds)[number], number> {
  const counts = { Timeout: 0, FSReqCallback: 0, FSReqPromise: 0 };
  for (const kind of process.getActiveResourcesInfo())
    if (kind in counts) counts[kind as keyof typeof counts]++;
  return counts;
}
