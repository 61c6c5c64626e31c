/** How much of its memory each part of Jaeger may take. */
import type { Quantity } from "../../config/settings";
import { parseQuantity } from "../../config/units";

/** Shares of the container's memory limit. */
export const memoryShares = {
  /** Above it, nothing is taken in. */
  hard: 0.75,
  /** Above it, nothing is taken in until garbage was collected. */
  soft: 0.6,
  /** Where Go begins to collect garbage without need: below what the kernel allows. */
  go: 0.85,
  /**
   * Spans that wait to be written, in the bytes in which they came. Decoded, they take about four times as many.
   */
  queue: 0.08,
  /** Largest request, MiB. */
  requestMib: 4,
} as const;

const mebibytes = (memory: Quantity, share: number) => Math.floor((parseQuantity(memory) * share) / 2 ** 20);

/** The processor that refuses spans, with an error that makes senders try again, while memory is short. */
export function memoryLimiter(memory: Quantity): object {
  const limit = mebibytes(memory, memoryShares.hard);
  return {
    check_interval: "200ms",
    limit_mib: limit,
    spike_limit_mib: limit - mebibytes(memory, memoryShares.soft),
  };
}

/**
 * The queue before the storage. It is in memory: neither 2.13 nor 2.20 of Jaeger has an extension that would keep it on
 * a volume. When it is full, spans are refused with an error that makes senders try again.
 */
export function sendingQueue(memory: Quantity): object {
  return {
    enabled: true,
    sizer: "bytes",
    queue_size: mebibytes(memory, memoryShares.queue) * 2 ** 20,
    block_on_overflow: false,
    num_consumers: 4,
    batch: { flush_timeout: "500ms", sizer: "items", min_size: 1000, max_size: 2000 },
  };
}

/** What Go's runtime is told of the memory there is. */
export function goMemoryLimit(memory: Quantity): string {
  return `${mebibytes(memory, memoryShares.go)}MiB`;
}
