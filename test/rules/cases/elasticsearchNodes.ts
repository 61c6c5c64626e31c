import type { CaseFile } from "../alertCase";
import { pairsOn, seriesOf } from "./pairs";

const pair = pairsOn("elasticsearch_");

const node = {
  job: "elasticsearch-exporter",
  namespace: "bilten-monitoring",
  pod: "elasticsearch-exporter-0",
  instance: "10.0.0.9:9114",
  cluster: "bilten-cluster",
  host: "10.0.0.21",
  name: "elasticsearch-1",
  es_master_node: "true",
  es_data_node: "true",
  es_ingest_node: "true",
  es_client_node: "true",
};
export const disk = { ...node, mount: "/data", path: "/usr/share/elasticsearch/data" };
const heap = { ...node, area: "heap" };
const pressure = {
  job: node.job,
  namespace: node.namespace,
  pod: node.pod,
  instance: node.instance,
  cluster: node.cluster,
  host: node.host,
  name: node.name,
  indexing_pressure: "memory",
};

type Values = Record<string, string>;

/** A disk of 100 GB with so many of them free. */
export const free = (values: string): Values => ({
  filesystem_data_size_bytes: "100x600",
  filesystem_data_available_bytes: values,
});
const used = (percent: string, then: string) =>
  `${percent}% of the disk of node elasticsearch-1 are in use. ${then}`;

/** A heap of 100 bytes. */
const inUse = (values: string): Values => ({
  jvm_memory_max_bytes: "100x60",
  jvm_memory_used_bytes: values,
});

export const elasticsearchNodes: CaseFile = {
  subject: "elasticsearch",
  cases: [
    ...pair(
      "ElasticsearchDiskLowWatermark",
      disk,
      "20m",
      {
        when: "86 % are in use",
        series: free("14x60"),
        description: used("86", "It gets no new shards any more."),
      },
      { when: "84 % are in use", series: free("16x60") },
    ),
    ...pair(
      "ElasticsearchDiskHighWatermark",
      disk,
      "20m",
      {
        when: "92 % are in use",
        series: free("8x60"),
        description: used("92", "Shards move away from it, if there is a node with room."),
      },
      { when: "a merge needs room for two minutes", series: free("14x5 8x2 14x60") },
    ),
    ...pair(
      "ElasticsearchDiskFloodStage",
      disk,
      "20m",
      {
        when: "96 % are in use",
        series: free("4x60"),
        description: used("96", "All indices with a shard on it become read-only."),
      },
      { when: "94 % are in use", series: free("6x60") },
    ),
    ...pair(
      "ElasticsearchHeapHigh",
      heap,
      "40m",
      {
        when: "it is 90 % full after each collection",
        series: inUse("90x60"),
        description: "90% of the heap are in use on average.",
      },
      {
        when: "it fills to 95 % and is collected",
        series: inUse("40 60 80 95 40 60 80 95x1 40 60 80 95 40x50"),
      },
    ),
    ...pair(
      "ElasticsearchHeapExhausted",
      heap,
      "20m",
      {
        when: "nothing can be freed",
        series: inUse("97x60"),
        description:
          "No collection frees more than 97% of the heap leave: the node refuses requests and may end.",
      },
      {
        when: "it is nearly full before each collection",
        series: inUse("97 97 60 97 97 60 97 97 60 97 97 60 97 97 60 97 97 60 97 97 60"),
      },
    ),
    ...pair(
      "ElasticsearchGarbageCollection",
      { ...node, gc: "old" },
      "30m",
      {
        when: "a third of the time goes into it",
        series: { jvm_gc_collection_seconds_sum: "0+20x60" },
        labels: { name: node.name },
        description: "33.33% of the time go into it.",
      },
      { when: "a second of each minute goes into it", series: { jvm_gc_collection_seconds_sum: "0+1x60" } },
    ),
    ...pair(
      "ElasticsearchBreakerTripped",
      { ...node, breaker: "parent" },
      "20m",
      { when: "it tripped ten minutes ago", series: { breakers_tripped: "0x10 3x20" } },
      { when: "it tripped an hour ago and not since", series: { breakers_tripped: "3x60" } },
    ),
    ...pair(
      "ElasticsearchIndexingPressure",
      pressure,
      "20m",
      {
        when: "90 % of the memory for it are in use",
        series: {
          indexing_pressure_current_all_in_bytes: "90x60",
          indexing_pressure_limit_in_bytes: "100x60",
        },
        description:
          "Logs on their way into the index take 90% of the memory for it; at 100 % it refuses more.",
      },
      {
        when: "they are for a minute, as a full batch comes in",
        series: {
          indexing_pressure_current_all_in_bytes: "10x5 90 10x60",
          indexing_pressure_limit_in_bytes: "100x60",
        },
      },
    ),
    ...pair(
      "ElasticsearchWritesRejected",
      { ...node, type: "write" },
      "20m",
      { when: "each minute some are", series: { thread_pool_rejected_count: "0+7x30" } },
      { when: "some were long ago", series: { thread_pool_rejected_count: "700x30" } },
    ),
    ...pair(
      "ElasticsearchSearchesRejected",
      { ...node, type: "search" },
      "20m",
      { when: "each minute some are", series: { thread_pool_rejected_count: "0+7x30" } },
      { when: "some were long ago", series: { thread_pool_rejected_count: "700x30" } },
    ),
    {
      alert: "ElasticsearchSearchesRejected",
      when: "writes are rejected, not searches",
      series: {
        [seriesOf("elasticsearch_thread_pool_rejected_count", { ...node, type: "write" })]: "0+7x30",
      },
      at: "20m",
      firing: [],
    },
    ...pair(
      "ElasticsearchFileDescriptors",
      node,
      "20m",
      {
        when: "95 % are in use",
        series: { process_open_files_count: "950x30", process_max_files_descriptors: "1000x30" },
        description: "95% are in use; without one left it loses data.",
      },
      {
        when: "half of them are in use",
        series: { process_open_files_count: "500x30", process_max_files_descriptors: "1000x30" },
      },
    ),
  ],
};
