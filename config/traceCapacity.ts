/**
 * What volume of traces is expected of the services, and what it takes where traces are kept or wait, to tell a retention
 * or a queue that the volumes cannot hold. All figures are means over a day.
 *
 * Bytes are measured with Jaeger 2.13 and collector 0.165, on traces of twelve spans with seven to twelve attributes each
 * and ten of their service, as OpenTelemetry's instrumentation of HTTP and databases sets them.
 */
import { indexReplicas, retentionDays } from "./logCapacity";
import type { Duration } from "./settings";
import type {
  ServiceTracingSettings,
  TailSamplingSettings,
  TraceSamplingSettings,
  TraceSettings,
} from "./traceSettings";
import { queueLimits } from "./traceQueue";
import { parseDuration } from "./units";

/** Bytes that one span takes in one copy of an index. Measured are 415; the rest is for attributes of the service's own. */
export const indexedBytesPerSpan = 500;

/** Bytes that one span takes in Badger's files. Measured are 870. */
export const badgerBytesPerSpan = 1_000;

/** Bytes that one span takes in the gateway's queue, as it came. Measured are 340. */
export const queuedBytesPerSpan = 450;

/** Share of Badger's volume that is for spans: where it is left, JaegerVolumeFilling fires. */
export const badgerShare = 0.8;

/** Spans per second that are recorded. Operations with a share of their own are not told apart. */
export function expectedSpansPerSecond(
  services: { tracing: Pick<ServiceTracingSettings, "sampling" | "spansPerSecond"> }[],
  sampling: Pick<TraceSamplingSettings, "default">,
): number {
  return services.reduce(
    (sum, { tracing }) => sum + tracing.spansPerSecond * (tracing.sampling ?? sampling.default),
    0,
  );
}

/** Share of the traces that tail sampling keeps because they failed or were slow. */
const worthKeeping = 0.05;

/** Spans per second that are kept: of those that are recorded, what tail sampling leaves of them. */
export function keptSpansPerSecond(
  recorded: number,
  tailSampling: Pick<TailSamplingSettings, "keep"> | undefined,
): number {
  return tailSampling === undefined
    ? recorded
    : recorded * (worthKeeping + (1 - worthKeeping) * tailSampling.keep);
}

/** Bytes of traces in an Elasticsearch of so many nodes, copies and the index that is about to go included. */
export function indexedTraceBytes(spansPerSecond: number, retention: Duration, nodes: number): number {
  const perDay = spansPerSecond * 86_400 * indexedBytesPerSpan;
  return perDay * (1 + indexReplicas(nodes)) * (retentionDays(retention) + 1);
}

/** Bytes that Badger's volume needs for so many spans per second. */
export function badgerVolumeBytes(spansPerSecond: number, retention: Duration): number {
  return (spansPerSecond * parseDuration(retention) * badgerBytesPerSpan) / badgerShare;
}

/** Seconds that the gateways take in spans while Jaeger does not. */
export function gatewaySeconds(
  { replicas, volumeSize }: TraceSettings["gateway"],
  spansPerSecond: number,
): number {
  return (queueLimits(volumeSize).queueBytes * replicas) / (spansPerSecond * queuedBytesPerSpan);
}

/** Size of a volume in GiB, rounded up. */
export function volumeFor(bytes: number): string {
  return `${Math.max(1, Math.ceil(bytes / 2 ** 30))}Gi`;
}

/** Bytes of traces that share the log pipeline's Elasticsearch; 0 where they are elsewhere. */
export function traceBytesBesideLogs(
  {
    enabled,
    storage,
    retention,
    tailSampling,
  }: Pick<TraceSettings, "enabled" | "storage" | "retention" | "tailSampling">,
  recordedSpansPerSecond: number,
  nodes: number,
): number {
  if (!enabled || storage !== "elasticsearch") return 0;
  return indexedTraceBytes(keptSpansPerSecond(recordedSpansPerSecond, tailSampling), retention, nodes);
}
