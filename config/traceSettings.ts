/** The settings of tracing after validation: Jaeger, its storage, and what services record and pass on. */
import type { Duration, Quantity } from "./settings";

export interface TraceSettings {
  /** Whether the stack has Jaeger at all. The rest is complete either way. */
  enabled: boolean;
  /**
   * `badger`: files on a volume of Jaeger's own, one process. `elasticsearch`: that of the log pipeline, collectors and
   * queries apart.
   */
  storage: "badger" | "elasticsearch";
  /** How long traces are kept. Whole days with Elasticsearch. */
  retention: Duration;
  /** Volume of Badger. */
  volumeSize: Quantity;
  /** One with Badger, and with tail sampling. */
  collectorReplicas: number;
  /** One with Badger. */
  queryReplicas: number;
  /** Before the collectors with Elasticsearch; not there with Badger. */
  gateway: TraceGatewaySettings;
  /** Where people reach it; its path is the base path. No trailing slash. */
  externalUrl: string;
  /** Take spans in Thrift over UDP port 6832, of clients from before OpenTelemetry. */
  thriftUdp: boolean;
  sampling: TraceSamplingSettings;
  /** Undefined: all that is recorded is kept. */
  tailSampling?: TailSamplingSettings;
  /** What requests carry along from service to service. */
  baggage: BaggageKey[];
  /** Undefined: no page's browser may send spans. */
  browsers?: TraceBrowserSettings;
}

/** What takes spans in and keeps them until Jaeger has taken them. */
export interface TraceGatewaySettings {
  replicas: number;
  /** Volume of each, for what waits. */
  volumeSize: Quantity;
}

/** Which traces services record, decided where they begin. */
export interface TraceSamplingSettings {
  /** Ratio, 0 to 1, of a service and operation that has no other. */
  default: number;
  /** Operations of any service that have a ratio of their own. */
  operations: OperationSampling[];
}

export interface OperationSampling {
  /** Name of the span, or the path of the route, with or without a method. */
  operation: string;
  /** Ratio, 0 to 1. */
  sampling: number;
}

/** Which recorded traces Jaeger keeps, decided when they are complete. */
export interface TailSamplingSettings {
  /** How long after its first span a trace counts as complete. */
  decisionWait: Duration;
  /** Traces that wait for their decision at once, at most. */
  maxTraces: number;
  /** Seconds from which a trace counts as slow. */
  slowerThan: number;
  /** Ratio, 0 to 1, of the traces that are neither failed nor slow. */
  keep: number;
}

/** A key of W3C baggage that services may set, pass on and write to their spans. */
export interface BaggageKey {
  name: string;
  /** The value is replaced by a hash of it before it leaves the service. */
  hashed: boolean;
}

export interface TraceBrowserSettings {
  /** E.g. `https://bilten.com`; `*` stands for any part. */
  origins: string[];
  /** Namespace of the ingress controller that hands the browsers' requests on. */
  ingressNamespace: string;
}

/** How one service is traced. */
export interface ServiceTracingSettings {
  /** Ratio of its traces, 0 to 1; undefined is that of all services. */
  sampling?: number;
  /**
   * Spans per second that all its requests would make, before sampling, on average over a day. Volumes are checked with
   * it; nothing enforces it.
   */
  spansPerSecond: number;
  /** Its operations that have a ratio of their own, over those of all services. */
  operations: OperationSampling[];
  /** Understands and sends the header `uber-trace-id` beside `traceparent`, for clients from before it. */
  jaegerHeader: boolean;
}
