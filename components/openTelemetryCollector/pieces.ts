/** What the configurations of all OpenTelemetry Collectors have in common; Jaeger is one of them. */
import type { Quantity } from "../../config/settings";
import { parseQuantity } from "../../config/units";

export interface Pipeline {
  receivers: string[];
  processors?: string[];
  exporters: string[];
}

/** The part of the OpenTelemetry Collector's configuration that is used: components by name, and what joins them. */
export interface CollectorConfiguration {
  extensions: Record<string, object>;
  receivers: Record<string, object | null>;
  processors: Record<string, object>;
  connectors: Record<string, object | null>;
  exporters: Record<string, object | null>;
  service: {
    extensions: string[];
    pipelines: Record<string, Pipeline>;
    telemetry: object;
  };
}

/** Ports that every collector here has. */
export const collectorPorts = {
  otlpGrpc: 4317,
  otlpHttp: 4318,
  health: 13133,
  /** Its own metrics. */
  metrics: 8888,
} as const;

export const listen = (port: number) => `0.0.0.0:${port}`;

/** Shares of the container's memory limit. */
export const memoryShares = {
  /** Above it, nothing is taken in. */
  hard: 0.75,
  /** Above it, nothing is taken in until garbage was collected. */
  soft: 0.6,
  /** Where Go begins to collect garbage without need: below what the kernel allows. */
  go: 0.85,
} as const;

/** Largest request that is taken in, bytes. It is gRPC's default, so that no sender has to know. */
export const largestRequest = 4 * 2 ** 20;

/** So many whole MiB of an amount. */
export const mebibytes = (amount: Quantity, share: number) =>
  Math.floor((parseQuantity(amount) * share) / 2 ** 20);

/** The processor that refuses spans, with an error that makes senders try again, while memory is short. */
export function memoryLimiter(memory: Quantity): object {
  const limit = mebibytes(memory, memoryShares.hard);
  return {
    check_interval: "200ms",
    limit_mib: limit,
    spike_limit_mib: limit - mebibytes(memory, memoryShares.soft),
  };
}

/** What Go's runtime is told of the memory there is. */
export function goMemoryLimit(memory: Quantity): string {
  return `${mebibytes(memory, memoryShares.go)}MiB`;
}

/**
 * Takes spans in over gRPC and HTTP. Connections end after a while, so that senders spread over the collectors there
 * are. Without origins, no page's browser may send.
 */
export function otlpReceiver(corsOrigins: string[] = []): object {
  return {
    protocols: {
      grpc: {
        endpoint: listen(collectorPorts.otlpGrpc),
        max_recv_msg_size_mib: largestRequest / 2 ** 20,
        keepalive: {
          server_parameters: { max_connection_age: "2m", max_connection_age_grace: "10s" },
          // A client may ask whether the connection still is there.
          enforcement_policy: { min_time: "20s" },
        },
      },
      http: {
        endpoint: listen(collectorPorts.otlpHttp),
        max_request_body_size: largestRequest,
        ...(corsOrigins.length > 0 && {
          cors: { allowed_origins: corsOrigins, allowed_headers: ["*"], max_age: 7200 },
        }),
      },
    },
  };
}

/** Never gives up: what waits fills the queue, and what then comes is refused, so that senders keep it. */
export const endlessRetries = {
  enabled: true,
  initial_interval: "1s",
  max_interval: "30s",
  max_elapsed_time: "0s",
};

/**
 * What a collector tells of itself. Names of its metrics end in unit and kind: before collector 0.155 (Jaeger 2.20) they
 * did so unless told otherwise, since then they do not.
 */
export function telemetry(service: string): object {
  const prometheus = {
    host: "0.0.0.0",
    port: collectorPorts.metrics,
    without_units: false,
    without_type_suffix: false,
  };
  return {
    resource: { "service.name": service },
    metrics: { level: "normal", readers: [{ pull: { exporter: { prometheus } } }] },
    logs: { level: "info", encoding: "json" },
  };
}
