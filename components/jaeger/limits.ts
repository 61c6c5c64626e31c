/** How much of its memory what waits in Jaeger may take. */
import type { Quantity } from "../../config/settings";
import { mebibytes } from "../openTelemetryCollector/pieces";

/**
 * Share of the container's memory limit for spans that wait to be written, in the bytes in which they came. Decoded, they
 * take about four times as many.
 */
const queueShare = 0.08;

/**
 * The queue before the storage. It is in memory: neither 2.13 nor 2.20 of Jaeger has an extension that would keep it on
 * a volume. When it is full, spans are refused with an error that makes senders try again.
 */
export function sendingQueue(memory: Quantity): object {
  return {
    enabled: true,
    sizer: "bytes",
    queue_size: mebibytes(memory, queueShare) * 2 ** 20,
    block_on_overflow: false,
    num_consumers: 4,
    batch: { flush_timeout: "500ms", sizer: "items", min_size: 1000, max_size: 2000 },
  };
}
