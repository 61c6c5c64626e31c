/**
 * What a part of the stack contributes to the others, as plain data: what to scrape, which rules guard it, which
 * dashboards show it, which data sources Grafana has. The stack gathers the contributions of all parts; Prometheus,
 * Alertmanager and Grafana take them as arguments, so a part never reaches into another.
 */

/** One job of prometheus.yml. Field names and shapes are those of Prometheus' configuration file. */
export interface ScrapeJob {
  job_name: string;
  scrape_interval?: string;
  scrape_timeout?: string;
  metrics_path?: string;
  scheme?: "http" | "https";
  honor_labels?: boolean;
  params?: Record<string, string[]>;
  authorization?: { type?: string; credentials_file: string };
  tls_config?: { ca_file?: string; insecure_skip_verify?: boolean; server_name?: string };
  kubernetes_sd_configs?: KubernetesDiscovery[];
  static_configs?: { targets: string[]; labels?: Record<string, string> }[];
  relabel_configs?: Relabeling[];
  metric_relabel_configs?: Relabeling[];
}

export interface KubernetesDiscovery {
  role: "node" | "pod" | "service" | "endpointslice" | "ingress";
  namespaces?: { names: string[] };
  selectors?: { role: string; label?: string; field?: string }[];
}

export interface Relabeling {
  source_labels?: string[];
  separator?: string;
  target_label?: string;
  regex?: string;
  replacement?: string;
  action?:
    | "replace"
    | "keep"
    | "drop"
    | "labelmap"
    | "labeldrop"
    | "labelkeep"
    | "hashmod"
    | "lowercase"
    | "uppercase";
}

export type Severity = "critical" | "warning" | "info" | "none";

export interface RecordingRule {
  /** `level:metric:operations` */
  record: string;
  expr: string;
  labels?: Record<string, string>;
}

export interface AlertingRule {
  alert: string;
  expr: string;
  for?: string;
  keep_firing_for?: string;
  labels: { severity: Severity } & Record<string, string>;
  annotations: {
    summary: string;
    description: string;
    runbook_url: string;
    dashboard_url?: string;
  };
}

export interface RuleGroup {
  name: string;
  interval?: string;
  rules: (RecordingRule | AlertingRule)[];
}

/** A dashboard file: `uid` is stable and is the file's name. */
export interface Dashboard {
  uid: string;
  title: string;
  /** Folder in Grafana. */
  folder: string;
  /** The dashboard's JSON model, as the foundation SDK builds it. */
  model: object;
}

/** A Grafana data source as in its provisioning file. Secret values are not allowed here, only names of their files. */
export interface DataSource {
  name: string;
  /** Stable; dashboards refer to it. */
  uid: string;
  type: string;
  url: string;
  access: "proxy";
  isDefault?: boolean;
  basicAuth?: boolean;
  basicAuthUser?: string;
  jsonData?: Record<string, unknown>;
  /** Members of its secret data, each with the name of the file that holds it: see `GrafanaArgs.dataSourceSecrets`. */
  secretFiles?: Record<string, string>;
}

export interface Contribution {
  scrapeJobs?: ScrapeJob[];
  ruleGroups?: RuleGroup[];
  dashboards?: Dashboard[];
  dataSources?: DataSource[];
}

/** All parts' contributions as one, in the order given. */
export function gather(contributions: Contribution[]): Required<Contribution> {
  return {
    scrapeJobs: contributions.flatMap((part) => part.scrapeJobs ?? []),
    ruleGroups: contributions.flatMap((part) => part.ruleGroups ?? []),
    dashboards: contributions.flatMap((part) => part.dashboards ?? []),
    dataSources: contributions.flatMap((part) => part.dataSources ?? []),
  };
}
