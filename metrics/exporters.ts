/**
 * The metrics of others that rules and dashboards may select: those of the exporters and of the monitoring itself, at
 * the versions in components/versions.ts. Only what is selected somewhere, or is about to be, is listed; add a metric
 * here after looking it up in its exporter.
 */
import { SERVICE_METRICS } from "./catalogue";
import { ELASTICSEARCH_EXPORTER, FILEBEAT, LOG_INDEX, LOGSTASH } from "./logExporters";
import { JAEGER } from "./jaeger";
import { FREE, metric } from "./metric";
import type { Catalogue, LabelDefinition, MetricDefinition } from "./types";

/** What Prometheus makes for every target, and for its own alerts. */
const SYNTHETIC = [
  metric("up", "gauge", "boolean", "1 when the last scrape of the target succeeded."),
  metric("scrape_duration_seconds", "gauge", "seconds", "Duration of the scrape."),
  metric("scrape_samples_scraped", "gauge", "samples", "Samples that the target exposed."),
  metric("scrape_samples_post_metric_relabeling", "gauge", "samples", "Samples left after relabelling."),
  metric("scrape_series_added", "gauge", "series", "New series in this scrape, approximately."),
  {
    ...metric("ALERTS", "gauge", "boolean", "Active alerts; further labels are the alert's own.", [
      "alertname",
      "slo",
      "long_window",
      "short_window",
    ]),
    labels: {
      alertname: FREE,
      alertstate: { description: "", values: ["pending", "firing"] },
      severity: { description: "", values: ["critical", "warning", "info", "none"] },
      slo: FREE,
      long_window: FREE,
      short_window: FREE,
    },
  },
];

const CPU_MODES = ["idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"];

const NODE_EXPORTER = [
  {
    ...metric("node_cpu_seconds_total", "counter", "seconds", "Seconds that each CPU spent in each mode."),
    labels: { cpu: FREE, mode: { description: "", values: CPU_MODES } },
  },
  metric("node_time_seconds", "gauge", "seconds", "Clock of the machine, Unix time."),
  metric("node_memory_MemTotal_bytes", "gauge", "bytes", "Memory of the machine."),
  metric(
    "node_memory_MemAvailable_bytes",
    "gauge",
    "bytes",
    "Memory that new work can have without swapping.",
  ),
  metric("node_filesystem_size_bytes", "gauge", "bytes", "Size.", [
    "device",
    "device_error",
    "fstype",
    "mountpoint",
  ]),
  metric("node_filesystem_avail_bytes", "gauge", "bytes", "Free for users.", [
    "device",
    "device_error",
    "fstype",
    "mountpoint",
  ]),
  metric("node_filesystem_readonly", "gauge", "boolean", "Mounted read-only.", [
    "device",
    "device_error",
    "fstype",
    "mountpoint",
  ]),
  metric("node_disk_io_time_seconds_total", "counter", "seconds", "Time with input or output under way.", [
    "device",
  ]),
  metric("node_disk_read_bytes_total", "counter", "bytes", "Bytes read.", ["device"]),
  metric("node_disk_written_bytes_total", "counter", "bytes", "Bytes written.", ["device"]),
  metric("node_network_receive_bytes_total", "counter", "bytes", "Bytes received.", ["device"]),
  metric("node_network_transmit_bytes_total", "counter", "bytes", "Bytes sent.", ["device"]),
  metric("node_load1", "gauge", "processes", "Load average of one minute."),
];

const KUBE_STATE_METRICS = [
  metric("kube_pod_container_status_restarts_total", "counter", "restarts", "Restarts.", [
    "container",
    "uid",
  ]),
  {
    ...metric("kube_pod_status_phase", "gauge", "boolean", "Phase of the pod."),
    labels: {
      uid: FREE,
      phase: { description: "", values: ["Pending", "Running", "Succeeded", "Failed", "Unknown"] },
    },
  },
  metric("kube_deployment_spec_replicas", "gauge", "pods", "Replicas wanted.", ["deployment"]),
  metric("kube_deployment_status_replicas_available", "gauge", "pods", "Replicas available.", ["deployment"]),
  metric("kube_daemonset_status_desired_number_scheduled", "gauge", "pods", "Pods wanted.", ["daemonset"]),
  metric("kube_daemonset_status_number_ready", "gauge", "pods", "Pods ready.", ["daemonset"]),
  metric("kube_statefulset_replicas", "gauge", "pods", "Replicas wanted.", ["statefulset"]),
  metric("kube_cronjob_created", "gauge", "seconds", "When it was made, Unix time.", ["cronjob"]),
  metric("kube_cronjob_status_last_successful_time", "gauge", "seconds", "Unix time.", ["cronjob"]),
  metric("kube_statefulset_status_replicas_ready", "gauge", "pods", "Replicas ready.", ["statefulset"]),
];

const CONTAINER_LABELS = ["container", "id", "image", "name"];

const CADVISOR = [
  metric("container_cpu_usage_seconds_total", "counter", "seconds", "Used.", [...CONTAINER_LABELS, "cpu"]),
  metric("container_memory_working_set_bytes", "gauge", "bytes", "Memory in use.", CONTAINER_LABELS),
];

const BLACKBOX_EXPORTER = [
  metric("probe_success", "gauge", "boolean", "1 when the probe succeeded."),
  metric("probe_duration_seconds", "gauge", "seconds", "Duration of the probe."),
  metric("probe_http_status_code", "gauge", "code", "Status code of the answer, 0 without one."),
  metric("probe_ssl_earliest_cert_expiry", "gauge", "seconds", "When the first certificate ends, Unix time."),
];

/** What the client library of every program in Go reports. */
const PROCESS = [
  metric("process_start_time_seconds", "gauge", "seconds", "When the process started, Unix time."),
  metric("process_cpu_seconds_total", "counter", "seconds", "Processor time used."),
  metric("process_resident_memory_bytes", "gauge", "bytes", "Memory in use."),
];

const PROMETHEUS = [
  metric(
    "prometheus_config_last_reload_successful",
    "gauge",
    "boolean",
    "Whether the last reload succeeded.",
  ),
  metric("prometheus_rule_evaluation_failures_total", "counter", "evaluations", "Failed.", ["rule_group"]),
  metric("prometheus_rule_group_iterations_missed_total", "counter", "evaluations", "Skipped.", [
    "rule_group",
  ]),
  metric("prometheus_rule_group_last_duration_seconds", "gauge", "seconds", "Duration of the last.", [
    "rule_group",
  ]),
  metric("prometheus_rule_group_rules", "gauge", "rules", "Rules in a group.", ["rule_group"]),
  metric("prometheus_target_sync_failed_total", "counter", "targets", "Failed to sync.", ["scrape_job"]),
  metric("prometheus_target_metadata_cache_entries", "gauge", "entries", "Cached metadata.", ["scrape_job"]),
  metric("prometheus_target_scrapes_sample_duplicate_timestamp_total", "counter", "samples", "Dropped."),
  metric("prometheus_target_scrapes_sample_out_of_order_total", "counter", "samples", "Dropped."),
  metric("prometheus_sd_kubernetes_failures_total", "counter", "requests", "Failed lists and watches."),
  metric("prometheus_tsdb_head_samples_appended_total", "counter", "samples", "Stored.", {
    type: ["float", "histogram"],
  }),
  metric("prometheus_tsdb_head_series", "gauge", "series", "Series in memory."),
  metric("prometheus_tsdb_reloads_failures_total", "counter", "reloads", "Failed loads of blocks."),
  metric("prometheus_tsdb_compactions_failed_total", "counter", "compactions", "Failed compactions."),
  metric("prometheus_tsdb_wal_corruptions_total", "counter", "corruptions", "Corruptions of the log."),
  metric("prometheus_tsdb_storage_blocks_bytes", "gauge", "bytes", "Size of the blocks."),
  metric("prometheus_tsdb_wal_storage_size_bytes", "gauge", "bytes", "Size of the write-ahead log."),
  metric("prometheus_notifications_queue_length", "gauge", "alerts", "Alerts waiting.", ["alertmanager"]),
  metric("prometheus_notifications_queue_capacity", "gauge", "alerts", "Alerts that can wait."),
  metric("prometheus_notifications_errors_total", "counter", "alerts", "Not sent.", ["alertmanager"]),
  metric("prometheus_notifications_sent_total", "counter", "alerts", "Sent.", ["alertmanager"]),
  metric("prometheus_notifications_alertmanagers_discovered", "gauge", "Alertmanagers", "Known."),
  metric("prometheus_remote_storage_samples_total", "counter", "samples", "Sent.", ["remote_name", "url"]),
  metric("prometheus_remote_storage_samples_failed_total", "counter", "samples", "Lost.", [
    "remote_name",
    "url",
  ]),
  metric("prometheus_remote_storage_queue_highest_timestamp_seconds", "gauge", "seconds", "Newest queued.", [
    "remote_name",
    "url",
  ]),
  metric(
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
    "gauge",
    "seconds",
    "Newest sent.",
    ["remote_name", "url"],
  ),
  metric("prometheus_remote_storage_shards_desired", "gauge", "shards", "Wanted.", ["remote_name", "url"]),
  metric("prometheus_remote_storage_shards_max", "gauge", "shards", "Allowed.", ["remote_name", "url"]),
];

const ALERTMANAGER = [
  metric(
    "alertmanager_config_last_reload_successful",
    "gauge",
    "boolean",
    "Whether the last reload succeeded.",
  ),
  metric("alertmanager_config_hash", "gauge", "hash", "Hash of the configuration."),
  metric("alertmanager_cluster_members", "gauge", "members", "Members that it sees."),
  metric("alertmanager_notifications_total", "counter", "notifications", "Attempted.", ["integration"]),
  metric("alertmanager_notifications_failed_total", "counter", "notifications", "Failed.", [
    "integration",
    "reason",
  ]),
];

const GRAFANA = [
  metric("grafana_build_info", "gauge", "boolean", "Version.", ["version", "edition", "branch", "revision"]),
  metric("grafana_alerting_rule_evaluation_failures_total", "counter", "evaluations", "Failed.", ["org"]),
];

/** All metrics of others. */
export const EXPORTER_METRICS: readonly MetricDefinition[] = [
  ...SYNTHETIC,
  ...NODE_EXPORTER,
  ...KUBE_STATE_METRICS,
  ...CADVISOR,
  ...BLACKBOX_EXPORTER,
  ...PROCESS,
  ...PROMETHEUS,
  ...ALERTMANAGER,
  ...GRAFANA,
  ...ELASTICSEARCH_EXPORTER,
  ...LOGSTASH,
  ...FILEBEAT,
  ...LOG_INDEX,
  ...JAEGER,
];

/** Labels that relabelling gives a target. A Prometheus does not store its own external labels. */
export const TARGET_LABELS: Readonly<Record<string, LabelDefinition>> = {
  job: { description: "Scrape job" },
  instance: { description: "Address of the target, or what is probed" },
  namespace: { description: "Kubernetes namespace" },
  pod: { description: "Kubernetes pod" },
  node: { description: "Kubernetes node; only where there is one target per node" },
  service: { description: "Monitored service; only on its targets and probes" },
};

/** Everything that rules and dashboards may select. */
export const CATALOGUE: Catalogue = {
  metrics: [...SERVICE_METRICS, ...EXPORTER_METRICS],
  targetLabels: TARGET_LABELS,
};
