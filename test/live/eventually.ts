/** Waiting by condition, and how long it took. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** How often a condition is looked at, seconds. */
const pause = 0.3;

/**
 * Tries until it does not throw, and returns what it returned then.
 * @param what what is waited for, for people
 * @param seconds how long
 * @throws AssertionError with the last failure
 */
export async function eventually<T>(what: string, seconds: number, attempt: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const passed = (performance.now() - begin) / 1000;
      if (passed > seconds) {
        const last = error instanceof Error ? error.message : String(error);
        assert.fail(`${what}: not within ${seconds.toFixed(0)} s; the last time: ${last}`);
      }
    }
    await sleep(pause * 1000);
  }
}

interface Measurement {
  what: string;
  seconds: number;
  limit: number;
}

const measurements: Measurement[] = [];

/**
 * Like `eventually`, for what is to be in the table at the end of the run.
 * @param since when the cause was, milliseconds of `performance.now()`
 * @param limit seconds from then
 * @param attempt may return when the effect was, for effects that are looked for later. @default now
 */
export async function measured(
  what: string,
  { since, limit }: { since: number; limit: number },
  attempt: () => Promise<Date | void>,
): Promise<void> {
  const left = limit - (performance.now() - since) / 1000;
  const at = await eventually(what, Math.max(left, 0), attempt);
  const effect = at ? at.getTime() - performance.timeOrigin : performance.now();
  record(what, (effect - since) / 1000, limit);
}

/** Puts a time into the table, and fails when it is over its limit. */
export function record(what: string, seconds: number, limit: number): void {
  measurements.push({ what, seconds, limit });
  assert.ok(seconds <= limit, `${what}: took ${seconds.toFixed(1)} s, more than ${limit.toFixed(0)} s`);
}

/** The measured times beside their limits, a line each; empty when nothing was measured. */
export function timesTable(): string[] {
  const rows = measurements.map(({ what, seconds, limit }) => [
    what,
    `${seconds.toFixed(1)} s`,
    `${limit.toFixed(0)} s`,
  ]);
  if (rows.length === 0) return [];
  const all = [["from a cause to its effect", "took", "limit"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map(([what, ...times]) =>
    [what!.padEnd(widths[0]!), ...times.map((time, index) => time.padStart(widths[index + 1]!))].join("  "),
  );
}
