import { stringify } from "yaml";
import type { Quantity } from "../../config/settings";
import { queueLimits } from "../../config/traceQueue";
import { paths, ports } from "./addresses";
import {
  endlessRetries,
  largestRequest,
  listen,
  memoryLimiter,
  otlpReceiver,
  telemetry,
  type CollectorConfiguration,
} from "./pieces";

export interface GatewayConfigurationArgs {
  /** Its name, by which it speaks of itself. */
  name: string;
  /**
   * Who gets the traces, in gRPC: `dns:///host:port`. Where the name has several addresses, each gets its share of the
   * requests.
   */
  endpoint: string;
  /** Size of the volume with the queue. */
  volumeSize: Quantity;
  /** Memory limit of the container, from which those of the process follow. */
  memory: Quantity;
  /** Origins of pages whose browsers may send spans over HTTP, e.g. `https://bilten.com`. @default none */
  corsOrigins?: string[];
}

/** The configuration as a file. */
export function gatewayFile(args: GatewayConfigurationArgs): string {
  return stringify(gatewayConfiguration(args), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The extension that keeps the queue on the volume. */
const storage = "file_storage/queue";

/**
 * A collector that takes spans in, keeps them on its volume, and hands them on:
 * https://opentelemetry.io/docs/collector/deploy/gateway/
 * What it has taken in, it sends until it is taken, also after it was killed. Understood by 0.165.
 */
export function gatewayConfiguration(args: GatewayConfigurationArgs): CollectorConfiguration {
  const exporter = "otlp_grpc/traces";
  return {
    extensions: {
      health_check: { endpoint: listen(ports.health) },
      [storage]: fileStorage(args.volumeSize),
    },
    receivers: { otlp: otlpReceiver(args.corsOrigins) },
    processors: { memory_limiter: memoryLimiter(args.memory) },
    connectors: {},
    exporters: {
      [exporter]: {
        endpoint: args.endpoint,
        balancer_name: "round_robin",
        tls: { insecure: true },
        // Within the cluster, the network is cheaper than the processors.
        compression: "none",
        timeout: "10s",
        // A collector whose node is gone does not close its connections.
        keepalive: { time: "30s", timeout: "10s" },
        sending_queue: sendingQueue(args.volumeSize),
        retry_on_failure: endlessRetries,
      },
    },
    service: {
      extensions: ["health_check", storage],
      pipelines: { traces: { receivers: ["otlp"], processors: ["memory_limiter"], exporters: [exporter] } },
      telemetry: telemetry(args.name),
    },
  };
}

/**
 * The file of the queue. It never grows beyond its limit, so that the volume cannot be full; it is made smaller, which
 * takes a copy, only when little is left in it. A file that cannot be read is not put aside for an empty one: spans were
 * promised to be kept, so a person decides.
 */
function fileStorage(volumeSize: Quantity): object {
  const { fileBytes } = queueLimits(volumeSize);
  return {
    directory: `${paths.queue}/queue`,
    create_directory: true,
    timeout: "10s",
    // Each change is on the disk before the sender is told so: a node that loses its power loses nothing.
    fsync: true,
    max_size: fileBytes,
    compaction: {
      on_rebound: true,
      directory: `${paths.queue}/compaction`,
      cleanup_on_start: true,
      rebound_needed_threshold_mib: Math.floor(fileBytes / 4 / 2 ** 20),
      rebound_trigger_threshold_mib: 10,
      check_interval: "5s",
    },
  };
}

/**
 * What waits is taken from the file in batches, and stays in it until it was taken. A batch is at most half of what a
 * collector takes in at once: one that is too large would be refused for good, and lost.
 */
function sendingQueue(volumeSize: Quantity): object {
  return {
    enabled: true,
    storage,
    sizer: "bytes",
    queue_size: queueLimits(volumeSize).queueBytes,
    block_on_overflow: false,
    num_consumers: 4,
    batch: {
      flush_timeout: "200ms",
      sizer: "bytes",
      min_size: largestRequest / 16,
      max_size: largestRequest / 2,
    },
  };
}
