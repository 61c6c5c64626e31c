/** What a volume of the trace gateway's queue holds. */
import type { Quantity } from "./settings";
import { parseQuantity } from "./units";

/** Share of the volume that the queue's file may fill; the rest is for the file system and for a copy of what is left of it. */
const fileShare = 0.9;

/**
 * Share of the file that spans may fill, in the bytes in which they came. Measured with collector 0.165, requests of one
 * span and 0.6 or 2 KB take 2.4 and 2.2 times their bytes in the file, those of 4 or 8 KB 1.2 times.
 */
const queueShare = 0.4;

export interface QueueLimits {
  /** Bytes to which the file may grow. */
  fileBytes: number;
  /** Bytes of spans that may wait. */
  queueBytes: number;
}

/** The limits of the queue on a volume of so many bytes, whole MiB. */
export function queueLimits(volumeSize: Quantity): QueueLimits {
  const mebibyte = 2 ** 20;
  const fileBytes = Math.floor((parseQuantity(volumeSize) * fileShare) / mebibyte) * mebibyte;
  return { fileBytes, queueBytes: Math.floor((fileBytes * queueShare) / mebibyte) * mebibyte };
}
