import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import { blackboxAddress } from "./exporters/blackboxExporter";
import { Jaeger, jaegerAddresses, jaegerContribution, jaegerJobs, type TraceStorage } from "./jaeger";
import { elasticsearchUrl } from "./logPipeline";
import { collectorAddresses, collectorScrapeJob, OpenTelemetryCollector } from "./openTelemetryCollector";
import { partNames } from "./partNames";
import { ServiceTracing } from "./serviceTracing";
import type { Contribution } from "./contribution";
import type { Links } from "../alerts";

export interface TracingArgs {
  settings: Settings;
  /** Of the log pipeline, with Elasticsearch as the storage. */
  elasticsearch?: { password: pulumi.Input<string>; caPem: pulumi.Input<string> };
}

/**
 * Jaeger as the settings have it, with Elasticsearch behind a gateway that keeps spans while it is away; and for each
 * service the ConfigMap that says how it traces.
 */
export class Tracing extends pulumi.ComponentResource {
  /** Address of Jaeger's interface inside the cluster. */
  readonly url: string;

  constructor(
    name: string,
    { settings, elasticsearch }: TracingArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("bilten:monitoring:Tracing", name, {}, opts);
    const child = { parent: this };
    const { namespace, traces, services, resources, logs } = settings;
    const storage = traceStorage(settings);
    const senderNamespaces = [...new Set(services.map((service) => service.namespace))];
    const addresses = jaegerAddresses({ name: partNames.jaeger, namespace, storage: storage.kind });
    const jaeger = new Jaeger(
      partNames.jaeger,
      {
        ...traces,
        namespace,
        storage,
        elasticsearch,
        services,
        storageClass: settings.storageClass,
        senderNamespaces,
        gateway: hasGateway(settings) ? { app: "opentelemetry-collector" } : undefined,
        clients: [{ app: "grafana" }],
        probers: [{ app: "blackbox-exporter" }],
        grafanaUrl: settings.grafana.externalUrl,
        kibanaUrl: logs.enabled ? logs.kibana.externalUrl : undefined,
        resources: resources[storage.kind === "badger" ? "jaeger" : "jaeger-collector"],
        queryResources: resources["jaeger-query"],
      },
      child,
    );
    if (hasGateway(settings)) {
      new OpenTelemetryCollector(
        partNames.openTelemetryCollector,
        {
          namespace,
          replicas: traces.gateway.replicas,
          volumeSize: traces.gateway.volumeSize,
          storageClass: settings.storageClass,
          traces: { endpoint: addresses.otlpGrpcEach, peer: { app: "jaeger" } },
          senderNamespaces,
          browsers: traces.browsers,
          resources: resources["trace-gateway"],
        },
        child,
      );
    }
    const { otlpGrpc } = hasGateway(settings)
      ? collectorAddresses({ name: partNames.openTelemetryCollector, namespace })
      : addresses;
    for (const service of services) {
      new ServiceTracing(
        `${service.name}-tracing`,
        {
          service: service.name,
          namespace: service.namespace,
          addresses: { otlpGrpc, sampling: addresses.sampling },
          initialSampling: service.tracing.sampling ?? traces.sampling.default,
          tracing: service.tracing,
          baggage: traces.baggage,
        },
        child,
      );
    }
    this.url = jaeger.url;
    this.registerOutputs({ url: this.url });
  }
}

/** Where a stack keeps its traces. */
function traceStorage({ namespace, traces, logs }: Settings): TraceStorage {
  return traces.storage === "badger"
    ? { kind: "badger", volumeSize: traces.volumeSize }
    : { kind: "elasticsearch", url: elasticsearchUrl(namespace), nodes: logs.elasticsearch.replicas };
}

/**
 * Whether a gateway takes spans in. Jaeger has no queue on a volume, so where it is apart from its storage, something
 * before it has to have one; Badger is the volume.
 */
const hasGateway = ({ traces }: Pick<Settings, "traces">): boolean => traces.storage === "elasticsearch";

/** Scrape jobs of tracing that must always have a target. */
export function tracingJobs(settings: Settings): string[] {
  return [
    ...(hasGateway(settings) ? [partNames.openTelemetryCollector] : []),
    ...jaegerJobs({ name: partNames.jaeger, storage: traceStorage(settings) }),
  ];
}

/** What tracing contributes: targets, rules, the dashboard and the data source. */
export function tracingContribution(settings: Settings, links: Links): Contribution {
  const { namespace, traces, services, logs } = settings;
  const gatewayJob = hasGateway(settings) ? partNames.openTelemetryCollector : undefined;
  const jaeger = jaegerContribution({
    name: partNames.jaeger,
    namespace,
    storage: traceStorage(settings),
    basePath: new URL(traces.externalUrl).pathname,
    gatewayJob,
    blackboxAddress: blackboxAddress({ name: partNames.blackboxExporter, namespace }),
    services: services.map(({ name, tracing }) => ({
      name,
      sampling: tracing.sampling ?? traces.sampling.default,
    })),
    tailSampling: traces.tailSampling !== undefined,
    logDataSource: logs.enabled ? "logs" : undefined,
    links,
  });
  if (gatewayJob === undefined) return jaeger;
  return {
    ...jaeger,
    scrapeJobs: [collectorScrapeJob({ name: gatewayJob, namespace }), ...(jaeger.scrapeJobs ?? [])],
  };
}
