import type { Links } from "../alerts";
import type { Settings } from "../config/settings";
import { parseDuration } from "../config/units";
import type { Contribution } from "./contribution";
import { logDataSource } from "./elasticsearch";
import { logIndexPattern } from "./elasticsearchSetup";
import { blackboxAddress } from "./exporters/blackboxExporter";
import { elasticsearchContribution } from "./exporters/elasticsearchExporter";
import { jsonExporterAddress, jsonExporterContribution } from "./exporters/jsonExporter";
import { filebeatContribution, logsContribution, logstashContribution } from "./exporters/logProbes";
import { traceDataSource } from "./jaeger";
import { elasticsearchUrl } from "./logPipeline";
import { logstashHosts } from "./logstash";
import { ports as logstashPorts } from "./logstash/configuration";
import { partNames } from "./partNames";

/** Scrape jobs of the log pipeline that must always have a target. */
export const logPipelineJobs: string[] = [
  partNames.elasticsearchExporter,
  partNames.jsonExporter,
  partNames.logstash,
  partNames.filebeat,
];

/** What the parts of the log pipeline contribute: targets, rules, the dashboard and the data source. */
export function logPipelineContributions(
  { namespace, hostNamespace, logs, services, prometheus, traces }: Settings,
  links: Links,
): Contribution[] {
  const exporter = jsonExporterAddress({ name: partNames.jsonExporter, namespace });
  const url = elasticsearchUrl(namespace);
  const collected = services.filter((service) => logs.namespaces.includes(service.namespace));
  return [
    elasticsearchContribution({
      name: partNames.elasticsearchExporter,
      namespace,
      nodes: logs.elasticsearch.replicas,
      snapshotMaxAgeHours: logs.snapshots && parseDuration(logs.snapshots.maxAge) / 3600,
      links,
    }),
    jsonExporterContribution({ name: partNames.jsonExporter, namespace }),
    logstashContribution({ name: partNames.logstash, namespace, exporter, links }),
    filebeatContribution({ name: partNames.filebeat, namespace: hostNamespace, exporter, links }),
    logsContribution({
      elasticsearchUrl: url,
      tlsServers: [
        new URL(url).host,
        ...logstashHosts({ name: partNames.logstash, namespace, replicas: logs.logstash.replicas }).map(
          (host) => `${host}:${logstashPorts.beats}`,
        ),
      ],
      exporter,
      scrapeInterval: prometheus.scrapeInterval,
      blackboxAddress: blackboxAddress({ name: partNames.blackboxExporter, namespace }),
      services: collected,
      links,
    }),
    {
      dataSources: [
        logDataSource({
          url,
          username: "bilten_grafana",
          indexPattern: logIndexPattern,
          tracesUid: traces.enabled ? traceDataSource : undefined,
        }),
      ],
    },
  ];
}
