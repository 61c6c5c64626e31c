import { alertmanagerRuleGroups, type Links } from "../../alerts";
import type { Contribution } from "../contribution";
import { endpointsScrapeJob } from "../scrapeJobs";

export interface AlertmanagerContributionArgs {
  name: string;
  namespace: string;
  replicas: number;
  links: Links;
}

/** What Alertmanager contributes: itself as a target, the rules that guard it, and its alerts in Grafana. */
export function alertmanagerContribution(args: AlertmanagerContributionArgs): Contribution {
  return {
    scrapeJobs: [
      endpointsScrapeJob({ job: args.name, namespace: args.namespace, service: args.name, port: "http" }),
    ],
    ruleGroups: alertmanagerRuleGroups({ job: args.name, ...args }),
    dataSources: [
      {
        name: "Alertmanager",
        uid: "alertmanager",
        type: "alertmanager",
        url: `http://${args.name}.${args.namespace}.svc:9093`,
        access: "proxy",
        jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
      },
    ],
  };
}
