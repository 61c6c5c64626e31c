/**
 * Metrics on the way of a log line from its file to the index: of the elasticsearch-exporter, and those that the
 * json-exporter makes of what Logstash, Filebeat and the index itself say.
 */
import { FREE, metric } from "./metric";
import type { MetricDefinition } from "./types";

const CLUSTER = ["cluster"];
const NODE = [
  "cluster",
  "host",
  "name",
  "es_master_node",
  "es_data_node",
  "es_ingest_node",
  "es_client_node",
];
const bounded = (
  definition: MetricDefinition,
  label: string,
  values: readonly string[],
): MetricDefinition => ({
  ...definition,
  labels: { ...definition.labels, [label]: { description: "", values } },
});
const health = (name: string, unit: string, help: string) =>
  metric(`elasticsearch_cluster_health_${name}`, "gauge", unit, help, CLUSTER);

/** Of the elasticsearch-exporter 1.11.0; looked up in its answers and, where OpenSearch has none, in its source. */
export const ELASTICSEARCH_EXPORTER: readonly MetricDefinition[] = [
  bounded(health("status", "boolean", "1 for the colour that the cluster has."), "color", [
    "green",
    "yellow",
    "red",
  ]),
  health("number_of_nodes", "nodes", "Nodes in the cluster."),
  health("number_of_data_nodes", "nodes", "Nodes that hold data."),
  health("active_primary_shards", "shards", "Primary shards in use."),
  health("active_shards", "shards", "Shards in use, primary or not."),
  health("unassigned_shards", "shards", "Shards that no node holds."),
  health("initializing_shards", "shards", "Shards that are being made ready."),
  health("relocating_shards", "shards", "Shards that move to another node."),
  health("number_of_pending_tasks", "tasks", "Changes that wait for the master."),
  health("task_max_waiting_in_queue_millis", "milliseconds", "How long the oldest of them has waited."),
  metric("elasticsearch_scrape_success", "gauge", "boolean", "1 when the collector succeeded.", [
    "collector",
  ]),
  metric(
    "elasticsearch_clustersettings_stats_max_shards_per_node",
    "gauge",
    "shards",
    "Limit for each data node.",
  ),
  metric(
    "elasticsearch_clustersettings_stats_shard_allocation_enabled",
    "gauge",
    "code",
    "0 for all shards, 1 for primaries, 2 for new primaries, 3 for none.",
  ),
  metric(
    "elasticsearch_indices_settings_stats_read_only_indices",
    "gauge",
    "indices",
    "Indices that a full disk made read-only.",
  ),
  metric("elasticsearch_ilm_index_status", "gauge", "boolean", "1 when the index is managed.", [
    "index",
    "phase",
    "action",
    "step",
  ]),
  metric("elasticsearch_ilm_status", "gauge", "boolean", "1 for the mode that index management is in.", {
    operation_mode: ["STOPPED", "RUNNING", "STOPPING"],
  }),
  metric(
    "elasticsearch_snapshot_stats_latest_snapshot_timestamp_seconds",
    "gauge",
    "seconds",
    "When the last useful snapshot began, Unix time; 0 when there is none.",
    ["repository"],
  ),
  metric("elasticsearch_snapshot_stats_snapshot_failed_shards", "gauge", "shards", "Missing in the last.", [
    "repository",
    "state",
    "version",
  ]),
  metric("elasticsearch_filesystem_data_available_bytes", "gauge", "bytes", "Free for Elasticsearch.", [
    ...NODE,
    "mount",
    "path",
  ]),
  metric("elasticsearch_filesystem_data_size_bytes", "gauge", "bytes", "Size.", [...NODE, "mount", "path"]),
  bounded(metric("elasticsearch_jvm_memory_used_bytes", "gauge", "bytes", "Memory in use.", NODE), "area", [
    "heap",
    "non-heap",
  ]),
  bounded(metric("elasticsearch_jvm_memory_max_bytes", "gauge", "bytes", "Limit.", NODE), "area", ["heap"]),
  metric("elasticsearch_jvm_gc_collection_seconds_sum", "counter", "seconds", "Time collecting garbage.", [
    ...NODE,
    "gc",
  ]),
  metric("elasticsearch_breakers_tripped", "counter", "requests", "Refused to protect the memory.", [
    ...NODE,
    "breaker",
  ]),
  metric("elasticsearch_indexing_pressure_current_all_in_bytes", "gauge", "bytes", "Held for indexing.", [
    "cluster",
    "host",
    "name",
    "indexing_pressure",
  ]),
  metric("elasticsearch_indexing_pressure_limit_in_bytes", "gauge", "bytes", "From here on it refuses.", [
    "cluster",
    "host",
    "name",
    "indexing_pressure",
  ]),
  metric("elasticsearch_thread_pool_rejected_count", "counter", "tasks", "Refused for a full queue.", [
    ...NODE,
    "type",
  ]),
  metric("elasticsearch_thread_pool_queue_count", "gauge", "tasks", "Waiting.", [...NODE, "type"]),
  metric("elasticsearch_process_cpu_percent", "gauge", "percent", "Of all processors.", NODE),
  metric("elasticsearch_process_open_files_count", "gauge", "files", "Open files.", NODE),
  metric("elasticsearch_process_max_files_descriptors", "gauge", "files", "Limit of open files.", NODE),
  metric("elasticsearch_indices_docs", "gauge", "documents", "Documents on the node.", NODE),
  metric("elasticsearch_indices_indexing_index_total", "counter", "documents", "Indexed.", NODE),
  metric(
    "elasticsearch_indices_indexing_index_time_seconds_total",
    "counter",
    "seconds",
    "Spent on it.",
    NODE,
  ),
  metric("elasticsearch_indices_search_query_total", "counter", "queries", "Answered.", NODE),
  metric("elasticsearch_indices_search_query_time_seconds", "counter", "seconds", "Spent on them.", NODE),
  metric("elasticsearch_indices_store_size_bytes", "gauge", "bytes", "Size of the indices.", NODE),
];

const PIPELINE = ["pipeline"];
const OUTPUT = ["pipeline", "plugin"];

/** Of Logstash, as the json-exporter's module `logstash` names what `/_node/stats` says. */
export const LOGSTASH: readonly MetricDefinition[] = [
  metric("logstash_jvm_heap_used_bytes", "gauge", "bytes", "Heap in use."),
  metric("logstash_jvm_heap_max_bytes", "gauge", "bytes", "Limit of the heap."),
  metric("logstash_process_open_file_descriptors", "gauge", "files", "Open files."),
  metric("logstash_process_max_file_descriptors", "gauge", "files", "Limit of open files."),
  metric("logstash_pipeline_events_in_total", "counter", "events", "Taken in.", PIPELINE),
  metric("logstash_pipeline_events_out_total", "counter", "events", "Handed on.", PIPELINE),
  metric("logstash_pipeline_events_shed_total", "counter", "events", "Above the limit, lost.", PIPELINE),
  metric("logstash_pipeline_queue_events", "gauge", "events", "In the queue.", PIPELINE),
  metric("logstash_pipeline_queue_size_bytes", "gauge", "bytes", "Size of the queue.", PIPELINE),
  metric("logstash_pipeline_queue_max_size_bytes", "gauge", "bytes", "Limit of the queue.", PIPELINE),
  metric("logstash_pipeline_dead_letter_queue_size_bytes", "gauge", "bytes", "Size of it.", PIPELINE),
  metric("logstash_pipeline_dead_letter_queue_max_size_bytes", "gauge", "bytes", "Its limit.", PIPELINE),
  metric("logstash_pipeline_dead_letter_queue_dropped_events_total", "counter", "events", "Lost.", PIPELINE),
  metric("logstash_output_documents_indexed_total", "counter", "documents", "Taken by the index.", OUTPUT),
  metric("logstash_output_documents_retried_total", "counter", "documents", "Sent once more.", OUTPUT),
  metric("logstash_output_documents_rejected_total", "counter", "documents", "Refused for good.", OUTPUT),
  metric("logstash_output_bulk_requests_failed_total", "counter", "requests", "Not answered well.", OUTPUT),
];

/** Of Filebeat, as the json-exporter's module `filebeat` names what `/stats` says. */
export const FILEBEAT: readonly MetricDefinition[] = [
  metric("filebeat_harvester_open_files", "gauge", "files", "Log files that it reads."),
  metric("filebeat_open_handles", "gauge", "files", "Open files of any kind."),
  metric("filebeat_max_handles", "gauge", "files", "Limit of open files."),
  metric("filebeat_memory_resident_bytes", "gauge", "bytes", "Memory in use."),
  metric("filebeat_events_added_total", "counter", "events", "Lines read."),
  metric("filebeat_pipeline_events_active", "gauge", "events", "Read and not yet acknowledged."),
  metric("filebeat_queue_filled_ratio", "gauge", "ratio", "How full the queue is, 0 to 1."),
  metric("filebeat_output_events_acked_total", "counter", "events", "Acknowledged by Logstash."),
  metric("filebeat_output_events_failed_total", "counter", "events", "Sent once more."),
  metric("filebeat_output_events_dropped_total", "counter", "events", "Lost."),
  metric("filebeat_output_write_errors_total", "counter", "errors", "Failed writes to Logstash."),
  metric("filebeat_output_write_bytes_total", "counter", "bytes", "Written to Logstash."),
];

/** Of the log index, as the json-exporter's module `log-index` counts in it. */
export const LOG_INDEX: readonly MetricDefinition[] = [
  {
    ...metric("log_index_events", "gauge", "events", "Events of the last five minutes in the index."),
    labels: { service: FREE },
  },
];
