import type { Links } from "../../alerts";
import {
  jaegerRuleGroups,
  serviceTraceRuleGroups,
  type JaegerRulesArgs,
  type TracedService,
} from "../../alerts/jaeger";
import { traces } from "../../dashboards";
import type { Contribution, Relabeling, ScrapeJob } from "../contribution";
import { httpModule } from "../exporters/blackboxExporter";
import { collectorScrapeJob, withoutScope } from "../openTelemetryCollector";
import { endpointsScrapeJob, literal } from "../scrapeJobs";
import { jaegerAddresses, jaegerWorkloads, type JaegerPlace } from "./addresses";
import { jaegerDataSource } from "./dataSource";
import { indexCleanerName } from "./indexCleaner";
import type { TraceStorage } from "./storage";

export interface JaegerContributionArgs {
  /** Name of the component. */
  name: string;
  namespace: string;
  storage: TraceStorage;
  /** Path of the query API. @default "/" */
  basePath?: string;
  /** `host:port` of the blackbox-exporter, which asks the sampling endpoint. */
  blackboxAddress: string;
  /** Scrape job of the gateway that takes spans in for it. @default there is none */
  gatewayJob?: string;
  /** Services whose spans are expected. */
  services: TracedService[];
  /** Whether traces are judged when they are complete. @default false */
  tailSampling?: boolean;
  /** Uid of the data source of log lines. @default no way from a trace to them */
  logDataSource?: string;
  links: Links;
}

/** The jobs that must always have a target. */
export function jaegerJobs({ name, storage }: Pick<JaegerContributionArgs, "name" | "storage">): string[] {
  return [...jaegerWorkloads(name, storage.kind).map((workload) => workload.name), spanMetricsJob(name)];
}

const spanMetricsJob = (name: string) => `${name}-spans`;
const samplingProbeJob = (name: string) => `${name}-sampling`;

/** What Jaeger contributes: itself, its span metrics and its sampling endpoint as targets, rules, dashboard, data source. */
export function jaegerContribution(args: JaegerContributionArgs): Contribution {
  const { name, namespace, storage, services, links } = args;
  const place: JaegerPlace = { name, namespace, storage: storage.kind };
  const workloads = jaegerWorkloads(name, storage.kind);
  const collector = workloads[0]?.name ?? name;
  return {
    scrapeJobs: [
      ...workloads.map((workload) => collectorScrapeJob({ name: workload.name, namespace })),
      {
        ...endpointsScrapeJob({
          job: spanMetricsJob(name),
          namespace,
          service: collector,
          port: "span-metrics",
        }),
        metric_relabel_configs: [byService, withoutScope],
      },
      samplingProbe(place, args.blackboxAddress),
    ],
    ruleGroups: [
      ...jaegerRuleGroups({
        collectorJob: collector,
        gatewayJob: args.gatewayJob,
        queryJob: workloads.at(-1)?.name ?? name,
        spanMetricsJob: spanMetricsJob(name),
        probeJob: samplingProbeJob(name),
        storage: rulesStorage(args),
        tailSampling: args.tailSampling ?? false,
        links,
      }),
      ...services.flatMap((service) => serviceTraceRuleGroups(service, links)),
    ],
    dashboards: [traces({ collectorJob: collector, gatewayJob: args.gatewayJob })],
    dataSources: [jaegerDataSource({ ...place, basePath: args.basePath, logDataSource: args.logDataSource })],
  };
}

function rulesStorage({ name, namespace, storage }: JaegerContributionArgs): JaegerRulesArgs["storage"] {
  return storage.kind === "badger"
    ? storage
    : { kind: "elasticsearch", namespace, indexCleaner: indexCleanerName(name) };
}

/** The service of a span is the label `service`, as everywhere; Jaeger's own page asks for `service_name`. */
const byService: Relabeling = { source_labels: ["service_name"], target_label: "service" };

function samplingProbe(place: JaegerPlace, blackboxAddress: string): ScrapeJob {
  // Of any service: it answers for one that it does not know, too.
  const url = `${jaegerAddresses(place).sampling}/sampling?service=${place.name}`;
  return {
    job_name: samplingProbeJob(place.name),
    metrics_path: "/probe",
    params: { module: [httpModule] },
    static_configs: [{ targets: [url], labels: { namespace: place.namespace } }],
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__param_target"], target_label: "instance" },
      { target_label: "__address__", replacement: literal(blackboxAddress) },
    ],
  };
}
