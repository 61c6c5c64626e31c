import type { Relabeling, ScrapeJob } from "../contribution";
import { endpointsScrapeJob } from "../scrapeJobs";

/**
 * Which part of a collector's code a series comes from, where it sends to (its exporter says that), and what the target
 * says anyway.
 */
export const withoutScope: Relabeling = {
  action: "labeldrop",
  regex: "otel_scope_.*|exported_job|exported_instance|collector_instance_id|server_address|server_port",
};

/** The job that scrapes a collector's own metrics; it has the name of the component. */
export function collectorScrapeJob({ name, namespace }: { name: string; namespace: string }): ScrapeJob {
  return {
    ...endpointsScrapeJob({ job: name, namespace, service: name, port: "metrics" }),
    metric_relabel_configs: [withoutScope],
  };
}
