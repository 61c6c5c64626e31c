/** Names of the parts of a stack, which are the names of their Kubernetes objects and scrape jobs. */
export const partNames = {
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  grafana: "grafana",
  nodeExporter: "node-exporter",
  kubeStateMetrics: "kube-state-metrics",
  blackboxExporter: "blackbox-exporter",
  mailCatcher: "mailpit",
} as const;
