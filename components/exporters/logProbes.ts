/** Scrape jobs that go through the json-exporter or the blackbox-exporter, and the rules on what they bring. */
import { logRuleGroups, serviceLogRuleGroups, CERTIFICATE_JOB, LOG_INDEX_JOB } from "../../alerts/logs";
import { slower } from "../../alerts/durations";
import { filebeatRuleGroups } from "../../alerts/filebeat";
import { logstashRuleGroups } from "../../alerts/logstash";
import type { Links } from "../../alerts/rule";
import type { Duration, MonitoredServiceSettings } from "../../config/settings";
import { logPipeline } from "../../dashboards";
import type { Contribution, ScrapeJob } from "../contribution";
import { endpointsScrapeJob, literal } from "../scrapeJobs";
import { tlsModule } from "./blackboxExporter";
import { moduleNames } from "./jsonExporterModules";

/** Ports on which the programs tell their statistics. */
export const statisticsPorts = { logstash: 9600, filebeat: 5066 } as const;

export interface JsonProbeJobArgs {
  /** Name of the job, and of the Service whose pods are asked, ready or not. */
  service: string;
  /** Namespace of that Service; Prometheus must be allowed to read its endpoints. */
  namespace: string;
  /** The port on which the pods answer, by number. */
  port: number;
  /** The path that they are asked for. */
  path: string;
  /** Name of the module. */
  module: string;
  /** What `instance` holds; by node for what there is one of on each. @default "address" */
  instance?: "address" | "node";
  /** `host:port` of the json-exporter. */
  exporter: string;
}

/** A scrape job that asks every pod behind a Service through the json-exporter; `up` says whether the pod answered. */
export function jsonProbeJob(args: JsonProbeJobArgs): ScrapeJob {
  const job = endpointsScrapeJob({ ...args, job: args.service, path: "/probe" });
  const address = { source_labels: ["__address__"] };
  return {
    ...job,
    params: { module: [args.module] },
    relabel_configs: [
      ...(job.relabel_configs ?? []),
      { ...address, target_label: "__param_target", replacement: `http://$1${literal(args.path)}` },
      ...(args.instance === "node" ? [] : [{ ...address, target_label: "instance" }]),
      { target_label: "__address__", replacement: literal(args.exporter) },
    ],
  };
}

/** A scrape job that counts the events in the log index by service, every fourth time that others are scraped. */
export function logIndexScrapeJob(args: {
  /** `https://host:port` of Elasticsearch. */
  url: string;
  /** The indices to search. @default "bilten-logs-*" */
  indices?: string;
  /** `host:port` of the json-exporter. */
  exporter: string;
  /** Prometheus' own. */
  scrapeInterval: Duration;
}): ScrapeJob {
  return {
    job_name: LOG_INDEX_JOB,
    scrape_interval: slower(args.scrapeInterval, 4),
    metrics_path: "/probe",
    params: {
      module: [moduleNames.logIndex],
      target: [`${args.url}/${args.indices ?? "bilten-logs-*"}/_search`],
    },
    static_configs: [{ targets: [args.exporter] }],
    relabel_configs: [{ target_label: "instance", replacement: literal(args.url) }],
  };
}

/**
 * A scrape job that connects to TLS servers and reads their certificates, every eighth time that others are scraped: what
 * they present, which may be older than what they were given.
 */
export function certificatesScrapeJob(args: {
  /** `host:port` each. A server that wants a client's certificate shows its own before. */
  servers: string[];
  /** `host:port` of the blackbox-exporter, which needs `tlsServers`. */
  blackboxAddress: string;
  /** Prometheus' own. */
  scrapeInterval: Duration;
}): ScrapeJob {
  return {
    job_name: CERTIFICATE_JOB,
    scrape_interval: slower(args.scrapeInterval, 8),
    metrics_path: "/probe",
    params: { module: [tlsModule] },
    static_configs: [{ targets: args.servers }],
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__address__"], target_label: "instance" },
      { target_label: "__address__", replacement: literal(args.blackboxAddress) },
    ],
  };
}

export interface ProgramContributionArgs {
  /** Name of the program's component, which is that of its Service. */
  name: string;
  namespace: string;
  /** `host:port` of the json-exporter. */
  exporter: string;
  links: Links;
}

/** What Logstash contributes: its pods as targets of the json-exporter, and the rules that guard it. */
export function logstashContribution(args: ProgramContributionArgs): Contribution {
  const { name, namespace, exporter, links } = args;
  return {
    scrapeJobs: [
      jsonProbeJob({
        service: name,
        namespace,
        port: statisticsPorts.logstash,
        path: "/_node/stats",
        module: moduleNames.logstash,
        exporter,
      }),
    ],
    ruleGroups: logstashRuleGroups({ job: name, links }),
  };
}

/** What Filebeat contributes: its pods as targets of the json-exporter, by node, and the rules that guard it. */
export function filebeatContribution(args: ProgramContributionArgs): Contribution {
  const { name, namespace, exporter, links } = args;
  return {
    scrapeJobs: [
      jsonProbeJob({
        service: name,
        namespace,
        port: statisticsPorts.filebeat,
        path: "/stats",
        module: moduleNames.filebeat,
        instance: "node",
        exporter,
      }),
    ],
    ruleGroups: filebeatRuleGroups({ job: name, namespace, links }),
  };
}

export interface LogsContributionArgs {
  /** `https://host:port` of Elasticsearch. */
  elasticsearchUrl: string;
  /** TLS servers on the way of the logs, `host:port` each. */
  tlsServers: string[];
  /** `host:port` of the json-exporter. */
  exporter: string;
  /** `host:port` of the blackbox-exporter, which needs `tlsServers`. */
  blackboxAddress: string;
  /** Prometheus' own. */
  scrapeInterval: Duration;
  /** Services whose logs are expected. */
  services: MonitoredServiceSettings[];
  links: Links;
}

/** What the logs as such contribute: the count of the index, the certificates, rules on both, and the dashboard. */
export function logsContribution(args: LogsContributionArgs): Contribution {
  const { scrapeInterval, blackboxAddress, exporter } = args;
  return {
    scrapeJobs: [
      logIndexScrapeJob({ url: args.elasticsearchUrl, exporter, scrapeInterval }),
      certificatesScrapeJob({ servers: args.tlsServers, blackboxAddress, scrapeInterval }),
    ],
    ruleGroups: [
      ...logRuleGroups(args.links),
      ...args.services.flatMap((service) => serviceLogRuleGroups(service, args.links)),
    ],
    dashboards: [logPipeline()],
  };
}
