import type { Contribution } from "../contribution";
import { endpointsScrapeJob } from "../scrapeJobs";

/** What Grafana contributes: itself as a target. */
export function grafanaContribution(args: { name: string; namespace: string }): Contribution {
  return {
    scrapeJobs: [
      endpointsScrapeJob({ job: args.name, namespace: args.namespace, service: args.name, port: "http" }),
    ],
  };
}
