import { adjustAlerts, infrastructureRuleGroups, watchdogRuleGroups, type Links } from "../alerts";
import type { Settings } from "../config/settings";
import { monitoringHealth, platformOverview } from "../dashboards";
import { alertmanagerContribution } from "./alertmanager/contribution";
import { gather, type Contribution } from "./contribution";
import { blackboxAddress, blackboxExporterContribution } from "./exporters/blackboxExporter";
import { kubeStateMetricsContribution } from "./exporters/kubeStateMetrics";
import { nodeExporterContribution } from "./exporters/nodeExporter";
import { grafanaContribution } from "./grafana/contribution";
import { traceDataSource } from "./jaeger";
import { logPipelineContributions, logPipelineJobs } from "./logPipelineContributions";
import { monitoredServiceContribution } from "./monitoredService";
import { partNames } from "./partNames";
import { prometheusContribution } from "./prometheus/contribution";
import { tracingContribution, tracingJobs } from "./tracing";

/** Scrape jobs of the stack itself, which must always have a target. */
const ownJobs: string[] = [
  partNames.prometheus,
  partNames.alertmanager,
  partNames.grafana,
  partNames.nodeExporter,
  partNames.kubeStateMetrics,
  partNames.blackboxExporter,
];

/**
 * Everything that the parts of a stack contribute: all scrape jobs, rules, dashboards and data sources, with what the
 * settings change about single alerts. Pure, so that tests and checks see what the cluster will see without Pulumi.
 */
export function stackContributions(settings: Settings): Required<Contribution> {
  const { namespace, hostNamespace } = settings;
  const links: Links = { runbookBaseUrl: settings.runbookBaseUrl, grafanaUrl: settings.grafana.externalUrl };
  const jobs = [
    ...ownJobs,
    ...(settings.logs.enabled ? logPipelineJobs : []),
    ...(settings.traces.enabled ? tracingJobs(settings) : []),
  ];
  const gathered = gather([
    prometheusContribution({
      name: partNames.prometheus,
      namespace,
      replicas: settings.prometheus.replicas,
      remoteWrite: settings.prometheus.remoteWrite !== undefined,
      tracesUid: settings.traces.enabled ? traceDataSource : undefined,
      links,
    }),
    alertmanagerContribution({
      name: partNames.alertmanager,
      namespace,
      replicas: settings.alertmanager.replicas,
      links,
    }),
    grafanaContribution({ name: partNames.grafana, namespace }),
    nodeExporterContribution({ name: partNames.nodeExporter, namespace: hostNamespace }),
    kubeStateMetricsContribution({ name: partNames.kubeStateMetrics, namespace }),
    blackboxExporterContribution({ name: partNames.blackboxExporter, namespace }),
    ...settings.services.map((service) =>
      monitoredServiceContribution(service, {
        blackboxAddress: blackboxAddress({ name: partNames.blackboxExporter, namespace }),
        links,
      }),
    ),
    ...(settings.logs.enabled ? logPipelineContributions(settings, links) : []),
    ...(settings.traces.enabled ? [tracingContribution(settings, links)] : []),
    {
      ruleGroups: [...watchdogRuleGroups({ jobs, links }), ...infrastructureRuleGroups(links)],
      dashboards: [platformOverview(settings.services), monitoringHealth()],
    },
  ]);
  return { ...gathered, ruleGroups: adjustAlerts(gathered.ruleGroups, settings.alertOverrides) };
}
