import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BaggageKey, ServiceTracingSettings } from "../config/traceSettings";

export interface ServiceTracingArgs extends TracingEnvironmentArgs {
  /** Namespace of the service; must exist. */
  namespace: pulumi.Input<string>;
}

export interface TracingEnvironmentArgs {
  /** Name of the service; the ConfigMap is `<service>-tracing`. */
  service: string;
  /** Where spans go in gRPC, and where it asks how many to record: those of `jaegerAddresses`. */
  addresses: { otlpGrpc: string; sampling: string };
  /** Ratio of its traces that it records until it has been told otherwise. */
  initialSampling: number;
  tracing: Pick<ServiceTracingSettings, "jaegerHeader">;
  baggage: BaggageKey[];
}

/**
 * How one service traces, where its own deployment finds it: a ConfigMap in its namespace, to be named in `envFrom`.
 * Sampling is not decided here: the service asks Jaeger for it, so that a changed ratio needs no restart. The name is
 * fixed and the ConfigMap is not immutable, because who reads it is deployed elsewhere.
 */
export class ServiceTracing extends pulumi.ComponentResource {
  readonly configMapName: pulumi.Output<string>;

  constructor(name: string, args: ServiceTracingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:ServiceTracing", name, {}, opts);
    const configMap = new k8s.core.v1.ConfigMap(
      `${name}-environment`,
      {
        metadata: {
          name: tracingConfigMapName(args.service),
          namespace: args.namespace,
          labels: {
            "app.kubernetes.io/name": args.service,
            "app.kubernetes.io/instance": args.service,
            "app.kubernetes.io/component": "tracing",
            "app.kubernetes.io/part-of": "bilten-monitoring",
            "app.kubernetes.io/managed-by": "pulumi",
          },
        },
        data: tracingEnvironment(args),
      },
      { parent: this },
    );
    this.configMapName = configMap.metadata.name;
    this.registerOutputs({ configMapName: this.configMapName });
  }
}

/** Name of the ConfigMap with the tracing of a service. */
export function tracingConfigMapName(service: string): string {
  return `${service}-tracing`;
}

/** How often a service asks for its sampling, seconds. */
const samplingPollSeconds = 30;

/**
 * The environment variables that say how a service traces. Those that begin with OTEL_ are OpenTelemetry's own, which
 * its SDKs read: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * The TRACE_ ones are lists of baggage keys, separated by commas: those that may be passed on and written to spans as
 * `baggage.<key>`, and those of them whose value is hashed first. Any other key is dropped.
 */
export function tracingEnvironment(args: TracingEnvironmentArgs): Record<string, string> {
  const { service, addresses, initialSampling, tracing, baggage } = args;
  return {
    OTEL_SERVICE_NAME: service,
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_ENDPOINT: addresses.otlpGrpc,
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_TRACES_SAMPLER: "parentbased_jaeger_remote",
    OTEL_TRACES_SAMPLER_ARG: [
      `endpoint=${addresses.sampling}`,
      `pollingIntervalMs=${samplingPollSeconds * 1000}`,
      `initialSamplingRate=${initialSampling}`,
    ].join(","),
    // Both headers are understood; of a service that knows both, `traceparent` comes first.
    OTEL_PROPAGATORS: ["tracecontext", "baggage", ...(tracing.jaegerHeader ? ["jaeger"] : [])].join(","),
    TRACE_BAGGAGE_KEYS: baggage.map(({ name }) => name).join(","),
    TRACE_BAGGAGE_HASHED_KEYS: baggage
      .filter(({ hashed }) => hashed)
      .map(({ name }) => name)
      .join(","),
  };
}
