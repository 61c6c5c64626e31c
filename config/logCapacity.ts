/**
 * What volume of logs a shape of Elasticsearch and Logstash holds, and what is expected of the services, to tell a
 * retention that the volumes cannot hold. All figures are means over a day.
 */
import type { LogLevel, LogSettings, ServiceLoggingSettings } from "./logSettings";
import { parseDuration, parseQuantity } from "./units";

/**
 * Share of a volume that Elasticsearch fills: above it, the low disk watermark (85 %) keeps it from placing replicas
 * there. What is above is room for merges, which write a segment anew before they delete the old ones.
 */
export const lowWatermark = 0.85;

/** Bytes on each volume for what is not logs: indices of Kibana, security and lifecycle history, and the translog. */
export const systemBytes = 512 * 2 ** 20;

/**
 * Bytes that one line takes in one copy of an index. Measured are 700, with Lucene 9 and its default codec in the mapping
 * of `elasticsearchSetup`: 100 000 different lines of 680 bytes of JSON, 1 470 with the metadata of their pod, one in
 * twelve an error with a stack trace. The rest is for fields of the service's own and for deleted documents.
 */
export const indexedBytesPerLine = 800;

/** Bytes that one line takes in a persistent queue of Logstash: the event above as it is, and what its encoding adds. */
export const queuedBytesPerLine = 2_000;

/** Lines per second of what else runs in a namespace and does not sample: databases, caches, sidecars, jobs. */
export const otherLinesPerNamespace = 2;

/** Share of the lines of level info and above. */
const levelShares = { error: 0.01, warn: 0.04, rest: 0.95 } as const;

/** Lines of info and below that a level lets through, per line at level info: debug multiplies them. */
const restByLevel: Record<LogLevel, number> = { trace: 20, debug: 5, info: 1, warn: 0, error: 0, fatal: 0 };

/** What decides how much a service is expected to write. */
export type ServiceVolume = Pick<ServiceLoggingSettings, "level" | "sampling" | "linesPerSecond">;

/** Lines per second of a service that get into its log, after level and sampling. */
export function writtenLinesPerSecond({ level, sampling, linesPerSecond }: ServiceVolume): number {
  const warnings = level === "error" || level === "fatal" ? 0 : levelShares.warn * sampling.warn;
  const rest = levelShares.rest * restByLevel[level] * sampling.rest;
  return linesPerSecond * (levelShares.error * sampling.error + warnings + rest);
}

/** Lines per second that are expected in Elasticsearch. Services outside the namespaces are not collected. */
export function expectedLinesPerSecond(
  services: { namespace: string; logging: ServiceVolume }[],
  namespaces: string[],
): number {
  return services
    .filter(({ namespace }) => namespaces.includes(namespace))
    .reduce(
      (sum, { logging }) => sum + writtenLinesPerSecond(logging),
      namespaces.length * otherLinesPerNamespace,
    );
}

/** How many times the mean of a day a service may write. LogVolumeHigh tells of five times the usual. */
const peakFactor = 10;

/** Seconds over which Logstash takes the mean before it sheds: shorter bursts than this may be above the limit. */
export const shedPeriod = 30;

/**
 * The lowest limit that a service may have, lines per second: what it is expected to write on average over a day, and no
 * less than `linesPerSecond`, because whether it samples is its own business.
 */
export function leastLimit(volume: ServiceVolume): number {
  return Math.ceil(Math.max(volume.linesPerSecond, writtenLinesPerSecond(volume)));
}

/** The limit of a service, lines per second: its own, else ten times the lowest that it may have. */
export function limitOf({
  maxLinesPerSecond,
  ...volume
}: ServiceVolume & { maxLinesPerSecond?: number }): number {
  return maxLinesPerSecond ?? peakFactor * leastLimit(volume);
}

/** Replicas of each shard: none with one node, which could not hold one, else one. */
export function indexReplicas(nodes: number): number {
  return nodes > 1 ? 1 : 0;
}

/** Bytes of Elasticsearch's heap: half of its memory. The rest is for the file cache and for what Java needs beside. */
export function heapBytes(memory: string): number {
  return Math.floor(parseQuantity(memory) / 2);
}

/** Days of a retention; a part of a day counts as none. */
export function retentionDays(retention: string): number {
  return Math.floor(parseDuration(retention) / 86_400);
}

/** What decides how much a cluster holds. */
export type LogShape = Pick<LogSettings["elasticsearch"], "replicas" | "volumeSize"> &
  Pick<LogSettings, "retention"> & {
    /** Bytes of traces in the same cluster, copies included. @default 0 */
    traceBytes?: number;
  };

export interface LogCapacity {
  /** Copies of each line. */
  copies: number;
  /** Days whose indices there are at once: those of the retention, and one that is about to go. */
  daysHeld: number;
  /** Bytes of logs that all nodes together may hold, copies included. */
  usableBytes: number;
  /** Bytes that one day may take in one copy. */
  bytesPerDay: number;
  linesPerSecond: number;
}

/**
 * What a shape holds. Of three nodes or more one may be lost for good: the others must hold all copies, or its shards
 * would stay unassigned.
 */
export function logCapacity({ replicas, volumeSize, retention, traceBytes = 0 }: LogShape): LogCapacity {
  const perNode = Math.max(0, parseQuantity(volumeSize) * lowWatermark - systemBytes);
  const usableBytes = Math.max(0, perNode * sufficientNodes(replicas) - traceBytes);
  const copies = 1 + indexReplicas(replicas);
  const daysHeld = retentionDays(retention) + 1;
  const bytesPerDay = usableBytes / copies / daysHeld;
  return {
    copies,
    daysHeld,
    usableBytes,
    bytesPerDay,
    linesPerSecond: bytesPerDay / 86_400 / indexedBytesPerLine,
  };
}

/**
 * Bytes that the volume of each node needs for so many lines per second, beside so many bytes of traces; the inverse of
 * `logCapacity`.
 */
export function neededVolumeBytes(
  linesPerSecond: number,
  replicas: number,
  retention: string,
  traceBytes = 0,
): number {
  const perDay = linesPerSecond * 86_400 * indexedBytesPerLine * (1 + indexReplicas(replicas));
  const perNode = (perDay * (retentionDays(retention) + 1) + traceBytes) / sufficientNodes(replicas);
  return (perNode + systemBytes) / lowWatermark;
}

/** Pipelines of a Logstash: one that takes lines in, one for each service, one for all others. */
export function logstashPipelines(services: number): number {
  return services + 2;
}

/** Bytes of a file of a persistent queue, and of a dead letter queue. Logstash sets the latter itself. */
const queueFile = 32 * 2 ** 20;
const deadLetterFile = 10 * 2 ** 20;

/**
 * Bytes that the queues of one Logstash need at least, over all pipelines, which have equal shares: two files for each of
 * what waits and of dead letters. A file goes when all of it is read, so the other one must hold what the highest limit
 * lets through at once. The pipeline that takes lines in has no dead letters.
 * @param maxLinesPerSecond the highest limit
 */
export function leastQueueBytes(
  services: number,
  maxLinesPerSecond: number,
): { queue: number; deadLetters: number } {
  const pipelines = logstashPipelines(services);
  const burst = maxLinesPerSecond * shedPeriod * queuedBytesPerLine;
  return {
    queue: pipelines * (queueFile + Math.max(queueFile, burst)),
    deadLetters: (pipelines - 1) * 2 * deadLetterFile,
  };
}

/**
 * Seconds that the persistent queues of all Logstashes take in lines while Elasticsearch does not. Pipelines have equal
 * shares; when all lines are of one service, they fill its own and that of the pipeline that takes lines in.
 */
export function queueSeconds(
  { replicas, queueSize }: Pick<LogSettings["logstash"], "replicas" | "queueSize">,
  services: number,
  linesPerSecond: number,
): number {
  const bytes = parseQuantity(queueSize) * replicas * (2 / logstashPipelines(services));
  return bytes / (linesPerSecond * queuedBytesPerLine);
}

const sufficientNodes = (replicas: number): number => (replicas >= 3 ? replicas - 1 : replicas);
