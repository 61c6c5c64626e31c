/** Panels on Elasticsearch as the end of the log pipeline. */
import { type PanelDefinition, UNITS } from "./panels";

/** In the order in which they are shown. */
export const ELASTICSEARCH_PANELS: readonly PanelDefinition[] = [
  {
    title: "Indexing",
    description: "Documents taken into the index per second, by node.",
    unit: UNITS.perSecond,
    width: 8,
    queries: [
      {
        expr: "sum by (name) (rate(elasticsearch_indices_indexing_index_total[$__rate_interval]))",
        legend: "{{name}}",
      },
    ],
  },
  {
    title: "Time to Index",
    description: "Mean time that a document takes, by node.",
    unit: UNITS.seconds,
    width: 8,
    queries: [
      {
        expr:
          "sum by (name) (rate(elasticsearch_indices_indexing_index_time_seconds_total[$__rate_interval])) / " +
          "sum by (name) (rate(elasticsearch_indices_indexing_index_total[$__rate_interval]))",
        legend: "{{name}}",
      },
    ],
  },
  {
    title: "Refused Work",
    description: "Tasks refused for a full queue per second. ElasticsearchWritesRejected warns of writes.",
    unit: UNITS.perSecond,
    width: 8,
    queries: [
      {
        expr:
          "sum by (type) (rate(elasticsearch_thread_pool_rejected_count" +
          '{type=~"write|search"}[$__rate_interval]))',
        legend: "{{type}}",
      },
    ],
  },
  {
    title: "Disks",
    description: "Share of each node's disk that is in use. ElasticsearchDiskLowWatermark warns above 85 %.",
    unit: UNITS.ratio,
    width: 8,
    queries: [
      {
        expr: "1 - elasticsearch_filesystem_data_available_bytes / elasticsearch_filesystem_data_size_bytes",
        legend: "{{name}}",
      },
    ],
  },
  {
    title: "Heap",
    description: "Share of each node's heap that is in use. ElasticsearchHeapHigh warns above 85 %.",
    unit: UNITS.ratio,
    width: 8,
    queries: [
      {
        expr:
          'elasticsearch_jvm_memory_used_bytes{area="heap"} / ' +
          'elasticsearch_jvm_memory_max_bytes{area="heap"}',
        legend: "{{name}}",
      },
    ],
  },
  {
    title: "Shards",
    description: "Shards that are not where they should be. ElasticsearchShardsUnassigned warns.",
    unit: UNITS.count,
    width: 8,
    queries: [
      { expr: "sum(elasticsearch_cluster_health_unassigned_shards)", legend: "on no node" },
      { expr: "sum(elasticsearch_cluster_health_initializing_shards)", legend: "getting ready" },
      { expr: "sum(elasticsearch_cluster_health_relocating_shards)", legend: "moving" },
    ],
  },
];
