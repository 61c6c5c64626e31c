import { type Links, probeJob, serviceRuleGroups } from "../alerts";
import type { MonitoredServiceSettings } from "../config/settings";
import type { Contribution, ScrapeJob } from "./contribution";
import { httpModule } from "./exporters/blackboxExporter";
import { endpointsScrapeJob, literal } from "./scrapeJobs";

export interface MonitoredServiceContext {
  /** `host:port` of the blackbox-exporter. */
  blackboxAddress: string;
  /** Where the links in its alerts lead. */
  links: Links;
}

/**
 * All that follows from the declaration of a service: the job that scrapes its pods, the job that probes its health
 * path, and its rules. The label `service` on every sample of both jobs is the service's name. The Service and its
 * pods are expected to listen on the same port number.
 */
export function monitoredServiceContribution(
  service: MonitoredServiceSettings,
  context: MonitoredServiceContext,
): Contribution {
  return {
    scrapeJobs: [
      endpointsScrapeJob({
        job: service.name,
        namespace: service.namespace,
        service: service.name,
        port: service.port,
        path: service.metricsPath,
        interval: service.scrapeInterval,
        labels: { service: service.name },
      }),
      probeScrapeJob(service, context.blackboxAddress),
    ],
    ruleGroups: serviceRuleGroups(service, context.links),
  };
}

/** Address inside the cluster that answers whether the service is healthy. */
export function healthUrl(service: MonitoredServiceSettings): string {
  return `http://${service.name}.${service.namespace}.svc:${service.port}${service.probes.health}`;
}

/** Has the blackbox-exporter ask for the health path; `instance` is the address that is asked. */
function probeScrapeJob(service: MonitoredServiceSettings, blackboxAddress: string): ScrapeJob {
  return {
    job_name: probeJob(service),
    scrape_interval: service.probes.interval,
    metrics_path: "/probe",
    params: { module: [httpModule] },
    static_configs: [
      { targets: [healthUrl(service)], labels: { service: service.name, namespace: service.namespace } },
    ],
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__param_target"], target_label: "instance" },
      { target_label: "__address__", replacement: literal(blackboxAddress) },
    ],
  };
}
