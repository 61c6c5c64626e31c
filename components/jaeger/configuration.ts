import { stringify } from "yaml";
import type { Duration, Quantity } from "../../config/settings";
import type { TailSamplingSettings } from "../../config/traceSettings";
import {
  endlessRetries,
  listen,
  memoryLimiter,
  otlpReceiver,
  telemetry,
  type CollectorConfiguration,
  type Pipeline,
} from "../openTelemetryCollector/pieces";
import { files, paths, ports, type JaegerRole } from "./addresses";
import { sendingQueue } from "./limits";
import { spanMetricsConnector, spanMetricsExporter, spanMetricsPrefix } from "./spanMetrics";
import { storageBackend, storageName, type TraceStorage } from "./storage";
import { tailSampling } from "./tailSampling";

export interface JaegerConfigurationArgs {
  role: JaegerRole;
  storage: TraceStorage;
  /** Age beyond which traces are not found any more. */
  retention: Duration;
  /** Memory limit of the container, from which those of the process follow. */
  memory: Quantity;
  /** Origins of pages whose browsers may send spans over HTTP, e.g. `https://bilten.com`. @default none */
  corsOrigins?: string[];
  /** Take spans in Thrift over UDP as well. @default false */
  thriftUdp?: boolean;
  /** Which traces are kept, decided when they are complete. @default all */
  tailSampling?: TailSamplingSettings;
  /** Path of the interface and the query API. @default "/" */
  basePath?: string;
  /** Prometheus that has the span metrics, for the page "Monitor". @default none, and no such page */
  prometheusUrl?: string;
}

/** The configuration as a file. */
export function jaegerFile(args: JaegerConfigurationArgs): string {
  return stringify(jaegerConfiguration(args), { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * The configuration of one role: https://www.jaegertracing.io/docs/latest/deployment/configuration/
 * Understood by Jaeger from 2.13 to 2.20.
 */
export function jaegerConfiguration(args: JaegerConfigurationArgs): CollectorConfiguration {
  const collects = args.role !== "query";
  const queries = args.role !== "collector";
  const extensions = {
    healthcheckv2: { use_v2: true, http: { endpoint: listen(ports.health) } },
    jaeger_storage: {
      backends: { [storageName]: storageBackend(args.storage, args.retention) },
      ...(queries && args.prometheusUrl !== undefined && metricBackends(args.prometheusUrl)),
    },
    ...(queries && { jaeger_query: query(args) }),
    ...(collects && { remote_sampling: remoteSampling }),
  };
  return {
    extensions,
    ...(collects ? collecting(args) : nothingReceived),
    service: {
      extensions: Object.keys(extensions),
      pipelines: collects ? pipelines(args) : { traces: { receivers: ["nop"], exporters: ["nop"] } },
      telemetry: telemetry(args.role === "all" ? "jaeger" : `jaeger-${args.role}`),
    },
  };
}

/** A collector must have a pipeline, even where nothing comes in. */
const nothingReceived = {
  receivers: { nop: null },
  processors: {},
  connectors: {},
  exporters: { nop: null },
};

const metricBackends = (endpoint: string) => ({
  metric_backends: {
    spans: {
      prometheus: {
        endpoint,
        metric_namespace: spanMetricsPrefix,
        latency_unit: "s",
        normalize_calls: true,
        normalize_duration: true,
      },
    },
  },
});

function query({ basePath, prometheusUrl }: JaegerConfigurationArgs): object {
  return {
    storage: { traces: storageName, ...(prometheusUrl !== undefined && { metrics: "spans" }) },
    base_path: basePath ?? "/",
    ui: { config_file: `${paths.ui}/${files.ui}` },
    // Spans of a child outside of its parent's are moved by at most this: what is further off is shown as it came.
    max_clock_skew_adjust: "1s",
    // Its own requests are no traces of the platform.
    enable_tracing: false,
    http: { endpoint: listen(ports.query) },
    grpc: { endpoint: listen(ports.queryGrpc) },
  };
}

/** The strategies' file is read again when it has changed: no rate needs a restart. */
const remoteSampling = {
  file: {
    path: `${paths.sampling}/${files.strategies}`,
    reload_interval: "10s",
    // Of a service of which the file says nothing, if it had no default.
    default_sampling_probability: 0.1,
  },
  http: { endpoint: listen(ports.sampling) },
  grpc: { endpoint: listen(ports.samplingGrpc) },
};

function collecting(args: JaegerConfigurationArgs): Omit<CollectorConfiguration, "extensions" | "service"> {
  const { tailSampling: tail, memory } = args;
  return {
    receivers: {
      otlp: otlpReceiver(args.corsOrigins),
      ...(args.thriftUdp && {
        jaeger: { protocols: { thrift_binary: { endpoint: listen(ports.thriftBinary) } } },
      }),
    },
    processors: {
      memory_limiter: memoryLimiter(memory),
      ...(tail && { tail_sampling: tailSampling(tail) }),
    },
    connectors: {
      spanmetrics: spanMetricsConnector(),
      ...(tail && { "forward/complete": null }),
    },
    exporters: {
      jaeger_storage_exporter: {
        trace_storage: storageName,
        queue: sendingQueue(memory),
        retry_on_failure: endlessRetries,
      },
      prometheus: spanMetricsExporter(listen(ports.spanMetrics)),
    },
  };
}

/**
 * Spans become metrics as they come in, kept or not. Batches are made by the exporter's queue and not by a processor:
 * that one would take spans in before it knows whether there is room for them, and lose what the queue refuses.
 */
function pipelines({ thriftUdp, tailSampling: tail }: JaegerConfigurationArgs): Record<string, Pipeline> {
  const receivers = ["otlp", ...(thriftUdp ? ["jaeger"] : [])];
  const metrics = { receivers: ["spanmetrics"], exporters: ["prometheus"] };
  if (!tail) {
    return {
      traces: {
        receivers,
        processors: ["memory_limiter"],
        exporters: ["jaeger_storage_exporter", "spanmetrics"],
      },
      "metrics/spans": metrics,
    };
  }
  return {
    "traces/received": {
      receivers,
      processors: ["memory_limiter"],
      exporters: ["forward/complete", "spanmetrics"],
    },
    "traces/complete": {
      receivers: ["forward/complete"],
      processors: ["tail_sampling"],
      exporters: ["jaeger_storage_exporter"],
    },
    "metrics/spans": metrics,
  };
}
