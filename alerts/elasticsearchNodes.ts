/** Alerts on the nodes of Elasticsearch: disks, memory, work that is refused. */
import type { ElasticsearchDefinition } from "./elasticsearch";

/** Elasticsearch's own watermarks, as shares of the disk in use. */
const WATERMARKS = { low: 0.85, high: 0.9, floodStage: 0.95 };

/**
 * Alerts on single nodes.
 * @param of matcher of the exporter's job
 */
export function nodeAlerts(of: string): ElasticsearchDefinition[] {
  return [...diskAlerts(of), ...memoryAlerts(of), ...workAlerts(of)];
}

function diskAlerts(of: string): ElasticsearchDefinition[] {
  const used =
    `1 - elasticsearch_filesystem_data_available_bytes{${of}} / ` +
    `elasticsearch_filesystem_data_size_bytes{${of}}`;
  const description = "{{ $value | humanizePercentage }} of the disk of node {{ $labels.name }} are in use.";
  return [
    {
      alert: "ElasticsearchDiskLowWatermark",
      expr: `${used} > ${WATERMARKS.low}`,
      for: "10m",
      severity: "warning",
      summary: "The disk of Elasticsearch node {{ $labels.name }} is filling",
      description: `${description} It gets no new shards any more.`,
    },
    {
      alert: "ElasticsearchDiskHighWatermark",
      expr: `${used} > ${WATERMARKS.high}`,
      for: "5m",
      severity: "critical",
      summary: "The disk of Elasticsearch node {{ $labels.name }} is nearly full",
      description: `${description} Shards move away from it, if there is a node with room.`,
    },
    {
      alert: "ElasticsearchDiskFloodStage",
      expr: `${used} > ${WATERMARKS.floodStage}`,
      for: "1m",
      severity: "critical",
      summary: "The disk of Elasticsearch node {{ $labels.name }} is full",
      description: `${description} All indices with a shard on it become read-only.`,
    },
    {
      alert: "ElasticsearchDiskFillsSoon",
      // Six hours see more than a burst; below half full the line's direction says little.
      expr:
        `predict_linear(elasticsearch_filesystem_data_available_bytes{${of}}[6h], 24 * 3600) < 0 and ` +
        `${used} > 0.5`,
      for: "1h",
      severity: "warning",
      summary: "The disk of Elasticsearch node {{ $labels.name }} will be full within a day",
      description: "At the pace of the last 6 hours there will be no room left in 24 hours.",
    },
  ];
}

function memoryAlerts(of: string): ElasticsearchDefinition[] {
  const heap = `${of},area="heap"`;
  return [
    {
      alert: "ElasticsearchHeapHigh",
      // The heap goes up and down with each collection; the mean is what stays in use.
      expr:
        `avg_over_time(elasticsearch_jvm_memory_used_bytes{${heap}}[15m]) / ` +
        `elasticsearch_jvm_memory_max_bytes{${heap}} > 0.85`,
      for: "15m",
      severity: "warning",
      summary: "The heap of Elasticsearch node {{ $labels.name }} is short",
      description: "{{ $value | humanizePercentage }} of the heap are in use on average.",
    },
    {
      alert: "ElasticsearchHeapExhausted",
      expr:
        `min_over_time(elasticsearch_jvm_memory_used_bytes{${heap}}[5m]) / ` +
        `elasticsearch_jvm_memory_max_bytes{${heap}} > 0.95`,
      for: "2m",
      severity: "critical",
      summary: "The heap of Elasticsearch node {{ $labels.name }} is used up",
      description:
        "No collection frees more than {{ $value | humanizePercentage }} of the heap leave: the node refuses requests and may end.",
    },
    {
      alert: "ElasticsearchGarbageCollection",
      expr: `sum by (name) (rate(elasticsearch_jvm_gc_collection_seconds_sum{${of}}[5m])) > 0.2`,
      for: "15m",
      severity: "warning",
      summary: "Elasticsearch node {{ $labels.name }} is busy collecting garbage",
      description: "{{ $value | humanizePercentage }} of the time go into it.",
    },
    {
      alert: "ElasticsearchBreakerTripped",
      expr: `increase(elasticsearch_breakers_tripped{${of}}[15m]) > 0`,
      for: "5m",
      severity: "warning",
      summary: "Elasticsearch node {{ $labels.name }} refuses requests to save its memory",
      description: "The circuit breaker {{ $labels.breaker }} tripped within the last 15 minutes.",
    },
  ];
}

function workAlerts(of: string): ElasticsearchDefinition[] {
  const rejected = (type: string) =>
    `increase(elasticsearch_thread_pool_rejected_count{${of},type="${type}"}[15m]) > 0`;
  return [
    {
      alert: "ElasticsearchIndexingPressure",
      expr:
        `elasticsearch_indexing_pressure_current_all_in_bytes{${of}} / ` +
        `elasticsearch_indexing_pressure_limit_in_bytes{${of}} > 0.8`,
      for: "10m",
      severity: "warning",
      summary: "Elasticsearch node {{ $labels.name }} has too much to index",
      description:
        "Logs on their way into the index take {{ $value | humanizePercentage }} of the memory for it; at 100 % it refuses more.",
    },
    {
      alert: "ElasticsearchWritesRejected",
      expr: rejected("write"),
      for: "5m",
      severity: "warning",
      summary: "Elasticsearch node {{ $labels.name }} refuses writes",
      description: "Its queue for writes was full within the last 15 minutes; Logstash sends the logs again.",
    },
    {
      alert: "ElasticsearchSearchesRejected",
      expr: rejected("search"),
      for: "5m",
      severity: "warning",
      summary: "Elasticsearch node {{ $labels.name }} refuses searches",
      description: "Its queue for searches was full within the last 15 minutes; people see errors.",
    },
    {
      alert: "ElasticsearchFileDescriptors",
      expr:
        `elasticsearch_process_open_files_count{${of}} / ` +
        `elasticsearch_process_max_files_descriptors{${of}} > 0.9`,
      for: "15m",
      severity: "warning",
      summary: "Elasticsearch node {{ $labels.name }} runs out of file descriptors",
      description: "{{ $value | humanizePercentage }} are in use; without one left it loses data.",
    },
  ];
}
