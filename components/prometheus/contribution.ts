import { prometheusRuleGroups, type Links } from "../../alerts";
import type { Contribution, ScrapeJob } from "../contribution";
import { endpointsScrapeJob } from "../scrapeJobs";

export interface PrometheusContributionArgs {
  name: string;
  namespace: string;
  replicas: number;
  remoteWrite: boolean;
  /** Uid of the data source that has the traces of exemplars. @default no links to them */
  tracesUid?: string;
  links: Links;
}

/** What Prometheus contributes: itself as a target, the kubelets, the rules that guard it, the data source. */
export function prometheusContribution(args: PrometheusContributionArgs): Contribution {
  return {
    scrapeJobs: [
      endpointsScrapeJob({ job: args.name, namespace: args.namespace, service: args.name, port: "http" }),
      kubeletScrapeJob("kubelet", "/metrics"),
      kubeletScrapeJob("cadvisor", "/metrics/cadvisor"),
    ],
    ruleGroups: prometheusRuleGroups({ job: args.name, ...args }),
    dataSources: [
      {
        name: "Prometheus",
        uid: "prometheus",
        type: "prometheus",
        url: `http://${args.name}.${args.namespace}.svc:9090`,
        access: "proxy",
        isDefault: true,
        jsonData: {
          httpMethod: "POST",
          prometheusType: "Prometheus",
          ...(args.tracesUid !== undefined && {
            exemplarTraceIdDestinations: [{ name: "trace_id", datasourceUid: args.tracesUid }],
          }),
        },
      },
    ],
  };
}

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

function kubeletScrapeJob(job: string, path: string): ScrapeJob {
  return {
    job_name: job,
    scheme: "https",
    metrics_path: path,
    honor_labels: true,
    authorization: { credentials_file: `${serviceAccount}/token` },
    // Kubelets serve a certificate of their own making unless the cluster signs them, which most do not.
    tls_config: { ca_file: `${serviceAccount}/ca.crt`, insecure_skip_verify: true },
    kubernetes_sd_configs: [{ role: "node" }],
    relabel_configs: [{ source_labels: ["__meta_kubernetes_node_name"], target_label: "node" }],
  };
}
