import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import { blackboxAddress } from "./exporters/blackboxExporter";
import { Jaeger, jaegerAddresses, jaegerContribution, jaegerJobs, type TraceStorage } from "./jaeger";
import { elasticsearchUrl } from "./logPipeline";
import { partNames } from "./partNames";
import { ServiceTracing } from "./serviceTracing";
import type { Contribution } from "./contribution";
import type { Links } from "../alerts";

export interface TracingArgs {
  settings: Settings;
  /** Of the log pipeline, with Elasticsearch as the storage. */
  elasticsearch?: { password: pulumi.Input<string>; caPem: pulumi.Input<string> };
}

/** Jaeger as the settings have it, and for each service the ConfigMap that says how it traces. */
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
    const jaeger = new Jaeger(
      partNames.jaeger,
      {
        ...traces,
        namespace,
        storage,
        elasticsearch,
        services,
        storageClass: settings.storageClass,
        senderNamespaces: [...new Set(services.map((service) => service.namespace))],
        clients: [{ app: "grafana" }],
        probers: [{ app: "blackbox-exporter" }],
        grafanaUrl: settings.grafana.externalUrl,
        kibanaUrl: logs.enabled ? logs.kibana.externalUrl : undefined,
        resources: resources[storage.kind === "badger" ? "jaeger" : "jaeger-collector"],
        queryResources: resources["jaeger-query"],
      },
      child,
    );
    const addresses = jaegerAddresses({ name: partNames.jaeger, namespace, storage: storage.kind });
    for (const service of services) {
      new ServiceTracing(
        `${service.name}-tracing`,
        {
          service: service.name,
          namespace: service.namespace,
          addresses,
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

/** Scrape jobs of tracing that must always have a target. */
export function tracingJobs(settings: Settings): string[] {
  return jaegerJobs({ name: partNames.jaeger, storage: traceStorage(settings) });
}

/** What tracing contributes: targets, rules, the dashboard and the data source. */
export function tracingContribution(settings: Settings, links: Links): Contribution {
  const { namespace, traces, services, logs } = settings;
  return jaegerContribution({
    name: partNames.jaeger,
    namespace,
    storage: traceStorage(settings),
    basePath: new URL(traces.externalUrl).pathname,
    blackboxAddress: blackboxAddress({ name: partNames.blackboxExporter, namespace }),
    services: services.map(({ name, tracing }) => ({
      name,
      sampling: tracing.sampling ?? traces.sampling.default,
    })),
    tailSampling: traces.tailSampling !== undefined,
    logDataSource: logs.enabled ? "logs" : undefined,
    links,
  });
}
