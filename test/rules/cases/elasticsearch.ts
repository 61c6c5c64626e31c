import type { CaseFile } from "../alertCase";
import { pairsOn, seriesOf } from "./pairs";

const pair = pairsOn("elasticsearch_");

const target = {
  job: "elasticsearch-exporter",
  namespace: "bilten-monitoring",
  pod: "elasticsearch-exporter-0",
  instance: "10.0.0.9:9114",
};
const cluster = { ...target, cluster: "bilten-cluster" };

const red = { ...cluster, color: "red" };
const yellow = { ...cluster, color: "yellow" };
const collector = { ...target, collector: "ilm" };
const index = {
  ...target,
  index: "bilten-logs-2026.10.01",
  phase: "delete",
  action: "delete",
  step: "ERROR",
};
export const repository = { ...target, repository: "backups" };
const snapshot = { ...repository, state: "PARTIAL", version: "9.5.0" };

const shards = (active: number) => ({
  [seriesOf("elasticsearch_cluster_health_active_shards", cluster)]: `${active}x40`,
  [seriesOf("elasticsearch_cluster_health_number_of_data_nodes", cluster)]: "3x40",
  [seriesOf("elasticsearch_clustersettings_stats_max_shards_per_node", target)]: "1000x40",
});

export const elasticsearch: CaseFile = {
  subject: "elasticsearch",
  cases: [
    {
      alert: "ElasticsearchDown",
      when: "the exporter goes on answering and knows nothing of the cluster",
      series: {
        [seriesOf("elasticsearch_cluster_health_number_of_nodes", cluster)]: "3x3 _x20",
        [seriesOf("elasticsearch_scrape_success", collector)]: "1x3 0x20",
      },
      at: "20m",
      firing: [{ labels: { job: "elasticsearch-exporter" } }],
    },
    {
      alert: "ElasticsearchDown",
      when: "one of three nodes is left and answers",
      series: { [seriesOf("elasticsearch_cluster_health_number_of_nodes", cluster)]: "3x3 1x20" },
      at: "20m",
      firing: [],
    },
    ...pair(
      "ElasticsearchClusterRed",
      red,
      "6m",
      { when: "a primary shard is missing", series: { cluster_health_status: "0x2 1x10" } },
      { when: "it was missing for a minute", series: { cluster_health_status: "0x2 1 0x10" } },
    ),
    ...pair(
      "ElasticsearchClusterYellow",
      yellow,
      "24m",
      {
        when: "a copy has been missing for half an hour",
        series: { cluster_health_status: "1x30" },
      },
      {
        when: "each of three nodes restarts and is back after five minutes",
        series: { cluster_health_status: "1x5 0x3 1x5 0x3 1x5 0x10" },
      },
    ),
    ...pair(
      "ElasticsearchNodeMissing",
      cluster,
      "20m",
      {
        when: "two of three nodes are there",
        series: { cluster_health_number_of_nodes: "3x3 2x30" },
        description: "The cluster has 2 of 3 nodes; without the greater half of them it stops.",
      },
      {
        when: "the third is back after five minutes",
        series: { cluster_health_number_of_nodes: "3x3 2x5 3x30" },
      },
    ),
    ...pair(
      "ElasticsearchPendingTasks",
      cluster,
      "20m",
      {
        when: "a change waits for two minutes and more come",
        series: { cluster_health_task_max_waiting_in_queue_millis: "120000x30" },
        description:
          "A change of the cluster's state has waited 2m 0s for the master. New indices and mappings wait with it.",
      },
      {
        when: "changes wait for a second at midnight, when the new index is made",
        series: { cluster_health_task_max_waiting_in_queue_millis: "0x5 1000x10 0x20" },
      },
    ),
    ...pair(
      "ElasticsearchCollectorFailing",
      collector,
      "20m",
      { when: "the user lacks a right", series: { scrape_success: "0x30" } },
      {
        when: "one answer in three was too slow",
        series: { scrape_success: "1 0 1 1 0 1 1 0 1x30" },
      },
    ),
    ...pair(
      "ElasticsearchShardsUnassigned",
      cluster,
      "60m",
      {
        when: "five shards have no node for an hour",
        series: { cluster_health_unassigned_shards: "5x60" },
        description: "5 shards have no node, longer than a restart takes.",
      },
      {
        when: "a node restarts within five minutes",
        series: { cluster_health_unassigned_shards: "0x10 30 20 10 5 1 0x50" },
      },
    ),
    ...pair(
      "ElasticsearchShardsInitializing",
      cluster,
      "80m",
      {
        when: "a recovery hangs",
        series: { cluster_health_initializing_shards: "2x90" },
        description: "2 shards are still being made ready; a recovery hangs or begins anew each time.",
      },
      {
        when: "all are ready after half an hour",
        series: { cluster_health_initializing_shards: "2x30 0x60" },
      },
    ),
    {
      alert: "ElasticsearchTooManyShards",
      when: "2850 of 3000 shards are in use",
      series: shards(2850),
      at: "30m",
      firing: [
        {
          labels: { instance: target.instance },
          description:
            "95% of the shards that the nodes may hold are in use; beyond, no new index can be made.",
        },
      ],
    },
    {
      alert: "ElasticsearchTooManyShards",
      when: "60 of 3000 shards are in use",
      series: shards(60),
      at: "30m",
      firing: [],
    },
    ...pair(
      "ElasticsearchAllocationDisabled",
      target,
      "80m",
      {
        when: "only primaries have been placed since somebody restarted a node by hand",
        series: { clustersettings_stats_shard_allocation_enabled: "1x90" },
      },
      {
        when: "it was restricted for twenty minutes",
        series: { clustersettings_stats_shard_allocation_enabled: "0x5 1x20 0x60" },
      },
    ),
    ...pair(
      "ElasticsearchIndicesReadOnly",
      target,
      "15m",
      {
        when: "the flood stage has made three indices read-only",
        series: { indices_settings_stats_read_only_indices: "0x3 3x20" },
        description: "3 indices are read-only since a disk was full.",
      },
      {
        when: "they were released within minutes",
        series: { indices_settings_stats_read_only_indices: "0x3 3x3 0x20" },
      },
    ),
    ...pair(
      "ElasticsearchLifecycleError",
      index,
      "20m",
      { when: "an index cannot be deleted", series: { ilm_index_status: "1x30" } },
      { when: "the second attempt succeeded", series: { ilm_index_status: "1x10 _x30" } },
    ),
    ...pair(
      "ElasticsearchLifecycleStopped",
      { ...target, operation_mode: "RUNNING" },
      "80m",
      { when: "somebody stopped it", series: { ilm_status: "0x90" } },
      { when: "it was stopped for half an hour", series: { ilm_status: "1x5 0x30 1x60" } },
    ),
    ...pair(
      "ElasticsearchSnapshotIncomplete",
      snapshot,
      "20m",
      {
        when: "two shards are missing in the last",
        series: { snapshot_stats_snapshot_failed_shards: "2x30" },
        description: "2 shards are missing in the last snapshot; its state is PARTIAL.",
      },
      {
        when: "none is missing",
        series: { snapshot_stats_snapshot_failed_shards: "0x30" },
      },
    ),
  ],
};
