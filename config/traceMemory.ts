/** Memory that traces take while they wait for the decision whether they are kept. */
import type { Quantity } from "./settings";
import { parseQuantity } from "./units";

/** Bytes that one waiting trace takes: 12 spans of 2.7 KB, decoded. */
export const bytesOfTrace = 32 * 1024;

/** Share of a collector's memory that is for waiting traces. The rest is for what comes in and what is being written. */
const share = 1 / 3;

/** Bytes of so many waiting traces. */
export function heldTraceBytes(traces: number): number {
  return traces * bytesOfTrace;
}

/** Traces that may wait in a collector with so much memory. */
export function tracesThatFit(memory: Quantity): number {
  return Math.floor((parseQuantity(memory) * share) / bytesOfTrace);
}
