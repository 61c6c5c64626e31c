/** Where Jaeger listens, what it reads where, and how others find it. */
import { headlessService } from "../kubernetes/labels";
import { collectorPorts } from "../openTelemetryCollector/pieces";
import type { TraceStorage } from "./storage";

export const ports = {
  ...collectorPorts,
  /** UDP, of clients from before OpenTelemetry. */
  thriftBinary: 6832,
  /** Interface and query API. */
  query: 16686,
  queryGrpc: 16685,
  sampling: 5778,
  samplingGrpc: 5779,
  /** The metrics that it makes of spans. */
  spanMetrics: 8889,
} as const;

/** Where the container finds what the component mounts. */
export const paths = {
  configuration: "/etc/jaeger/config",
  sampling: "/etc/jaeger/sampling",
  ui: "/etc/jaeger/ui",
  elasticsearch: "/etc/jaeger/elasticsearch",
  data: "/var/lib/jaeger",
} as const;

/** Names of the files in the ConfigMaps and the Secret. */
export const files = {
  configuration: "jaeger.yaml",
  ui: "ui.json",
  strategies: "strategies.json",
  authority: "ca.crt",
  password: "password",
} as const;

/** Its parts: one process that does everything, or collectors and queries apart. */
export type JaegerRole = "all" | "collector" | "query";

/**
 * Name of the workload and Service of each role. Badger's files belong to one process, which then does everything;
 * what stands in Elasticsearch, any number can write and read.
 */
export function jaegerWorkloads(
  name: string,
  storage: TraceStorage["kind"],
): { name: string; role: JaegerRole }[] {
  return storage === "badger"
    ? [{ name, role: "all" }]
    : [
        { name: `${name}-collector`, role: "collector" },
        { name: `${name}-query`, role: "query" },
      ];
}

export interface JaegerPlace {
  /** Name of the component. */
  name: string;
  namespace: string;
  storage: TraceStorage["kind"];
}

/** Where services send spans, ask for their sampling, and where people and Grafana ask for traces. */
export interface JaegerAddresses {
  otlpGrpc: string;
  /** The same for a client that spreads its requests over the collectors itself, in the words of gRPC; not with Badger. */
  otlpGrpcEach: string;
  otlpHttp: string;
  /** Without a path; asked as `/sampling?service=...`. */
  sampling: string;
  samplingGrpc: string;
  /** Without the base path. */
  query: string;
}

/** Addresses inside the cluster, known before anything is deployed. */
export function jaegerAddresses({ name, namespace, storage }: JaegerPlace): JaegerAddresses {
  const workloads = jaegerWorkloads(name, storage);
  const url = (workload: { name: string } | undefined, port: number) =>
    `http://${workload?.name ?? name}.${namespace}.svc:${port}`;
  const collector = workloads[0];
  return {
    otlpGrpc: url(collector, ports.otlpGrpc),
    otlpGrpcEach: `dns:///${headlessService(collector?.name ?? name)}.${namespace}.svc:${ports.otlpGrpc}`,
    otlpHttp: url(collector, ports.otlpHttp),
    sampling: url(collector, ports.sampling),
    samplingGrpc: url(collector, ports.samplingGrpc),
    query: url(workloads.at(-1), ports.query),
  };
}
