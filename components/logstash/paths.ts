/** Where the containers find what the component mounts. */
export const paths = {
  /** Configuration as it comes from the ConfigMap. */
  configuration: "/etc/logstash-configuration",
  /** The pipelines, in the same ConfigMap. */
  pipelines: "/etc/logstash-configuration",
  /** Certificate for Filebeat: tls.crt, tls.key, ca.crt. */
  certificates: "/etc/logstash-secrets/beats",
  /** For Elasticsearch: ca.crt, password. */
  elasticsearch: "/etc/logstash-secrets/elasticsearch",
  /** Logstash's settings and its keystore, in memory; made by prepare.sh. */
  settings: "/usr/share/logstash/settings",
  /** The volume: queues and dead letter queues. */
  data: "/usr/share/logstash/data",
} as const;
