const elasticVersion = "9.5.0";

/**
 * The images of the stack. The only place where an image reference stands: everything else asks here, so that an
 * upgrade is one line and its diff in the golden listing.
 */
export const images = {
  prometheus: { repository: "quay.io/prometheus/prometheus", version: "v3.14.0" },
  alertmanager: { repository: "quay.io/prometheus/alertmanager", version: "v0.34.2" },
  grafana: { repository: "docker.io/grafana/grafana", version: "13.2.0" },
  nodeExporter: { repository: "quay.io/prometheus/node-exporter", version: "v1.12.1" },
  kubeStateMetrics: {
    repository: "registry.k8s.io/kube-state-metrics/kube-state-metrics",
    version: "v2.20.0",
  },
  blackboxExporter: { repository: "quay.io/prometheus/blackbox-exporter", version: "v0.28.0" },
  // The four of Elastic go by one number.
  elasticsearch: { repository: "docker.elastic.co/elasticsearch/elasticsearch", version: elasticVersion },
  logstash: { repository: "docker.elastic.co/logstash/logstash", version: elasticVersion },
  kibana: { repository: "docker.elastic.co/kibana/kibana", version: elasticVersion },
  filebeat: { repository: "docker.elastic.co/beats/filebeat", version: elasticVersion },
  elasticsearchExporter: {
    repository: "quay.io/prometheuscommunity/elasticsearch-exporter",
    version: "v1.11.0",
  },
  jsonExporter: { repository: "quay.io/prometheuscommunity/json-exporter", version: "v0.7.0" },
  // 2.21 has not the search `/api/traces` any more, which Grafana's data source asks for.
  jaeger: { repository: "docker.io/jaegertracing/jaeger", version: "2.20.0" },
  // Released with Jaeger, under its number.
  jaegerIndexCleaner: { repository: "docker.io/jaegertracing/jaeger-es-index-cleaner", version: "2.20.0" },
  openTelemetryCollector: {
    repository: "docker.io/otel/opentelemetry-collector-contrib",
    version: "0.165.0",
  },
  mailpit: { repository: "docker.io/axllent/mailpit", version: "v1.29.5" },
} as const;

export type ImageName = keyof typeof images;

/** `repository:version` of an image of the stack. */
export function imageReference(name: ImageName): string {
  return `${images[name].repository}:${images[name].version}`;
}

/** The version as the label `app.kubernetes.io/version` carries it, without a leading `v`. */
export function imageVersion(name: ImageName): string {
  return images[name].version.replace(/^v/, "");
}
