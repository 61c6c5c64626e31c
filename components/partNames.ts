/**
 * Names of the parts of a stack, which are the names of their Kubernetes objects and scrape jobs. What runs an image of
 * its own has its key from that image, see versions.ts.
 */
export const partNames = {
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  grafana: "grafana",
  nodeExporter: "node-exporter",
  kubeStateMetrics: "kube-state-metrics",
  blackboxExporter: "blackbox-exporter",
  mailpit: "mailpit",
  elasticsearch: "elasticsearch",
  elasticsearchSetup: "elasticsearch-setup",
  elasticsearchExporter: "elasticsearch-exporter",
  logstash: "logstash",
  filebeat: "filebeat",
  kibana: "kibana",
  kibanaSetup: "kibana-setup",
  jsonExporter: "json-exporter",
  jaeger: "jaeger",
  openTelemetryCollector: "trace-gateway",
} as const;
