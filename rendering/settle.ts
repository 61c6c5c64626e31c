import * as pulumi from "@pulumi/pulumi";
import { setImmediate as nextTurn } from "node:timers/promises";

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
  try {
    const result = await work().catch((error: unknown) => {
      failures.unshift(error);
      return undefined;
    });
    // A registration that ends may let an `apply` start another one: wait until nothing new came for some turns.
    for (let quiet = 0; quiet < 3; quiet++) {
      await pulumi.runtime.disconnect();
      await nextTurn();
    }
    if (failures.length > 0) throw failures[0];
    return result;
  } finally {
    process.off("unhandledRejection", collect);
    for (const listener of others) process.on("unhandledRejection", listener);
  }
}
