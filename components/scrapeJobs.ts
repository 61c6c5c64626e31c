import type { Duration } from "../config/settings";
import type { Relabeling, ScrapeJob } from "./contribution";

export interface EndpointsScrapeJobArgs {
  /** Name of the job, and the value of the label `job` on its samples. */
  job: string;
  /** Namespace of the Kubernetes Service; Prometheus must be allowed to read its endpoints. */
  namespace: string;
  /** Name of the Kubernetes Service whose pods are scraped, ready or not. */
  service: string;
  /** The port by its name in the Service, or the number on which the pods listen. */
  port: string | number;
  /** @default "/metrics" */
  path?: string;
  /** @default Prometheus' own scrape interval */
  interval?: Duration;
  /** Labels that all samples of the job get. @default {} */
  labels?: Record<string, string>;
  /**
   * What the label `instance` holds: the pod's address and port, or the name of its node, for what there is one of
   * on each node. @default "address"
   */
  instance?: "address" | "node";
  /**
   * The samples speak of other objects than the pod that is scraped: their own labels `namespace`, `pod`, `node` and
   * so on are kept, and the scraped pod's are not added. @default false
   */
  aboutOthers?: boolean;
}

/**
 * A scrape job for every pod behind a Service. All jobs of a namespace have the same discovery, which Prometheus runs
 * once for all of them; what is not wanted is dropped by relabeling, not by selectors.
 */
export function endpointsScrapeJob(args: EndpointsScrapeJobArgs): ScrapeJob {
  return {
    job_name: args.job,
    ...(args.interval && { scrape_interval: args.interval }),
    ...(args.path && { metrics_path: args.path }),
    ...(args.aboutOthers && { honor_labels: true }),
    kubernetes_sd_configs: [{ role: "endpointslice", namespaces: { names: [args.namespace] } }],
    relabel_configs: [
      keep("__meta_kubernetes_service_name", args.service),
      typeof args.port === "string"
        ? keep("__meta_kubernetes_endpointslice_port_name", args.port)
        : keep("__meta_kubernetes_endpointslice_port", String(args.port)),
      ...(args.aboutOthers ? [] : podLabels),
      ...(args.instance === "node" ? nodeLabels : []),
      ...Object.entries(args.labels ?? {}).map(([label, value]) => ({
        target_label: label,
        replacement: literal(value),
      })),
    ],
  };
}

const podLabels: Relabeling[] = [
  { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
  { source_labels: ["__meta_kubernetes_pod_name"], target_label: "pod" },
];

const nodeLabels: Relabeling[] = [
  { source_labels: ["__meta_kubernetes_pod_node_name"], target_label: "node" },
  { source_labels: ["__meta_kubernetes_pod_node_name"], target_label: "instance" },
];

/** Relabeling's regular expressions are anchored at both ends, so a plain value matches itself alone. */
function keep(label: string, value: string): Relabeling {
  return { action: "keep", source_labels: [label], regex: value.replace(/[^A-Za-z0-9_-]/g, "\\$&") };
}

/** A value as a replacement, in which `$` would start a reference to a group. */
export function literal(value: string): string {
  return value.replaceAll("$", "$$$$");
}
