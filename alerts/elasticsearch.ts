/** Alerts on Elasticsearch as a whole: health, shards, indices, snapshots. Those on its nodes are in a file of their own. */
import type { AlertingRule, RuleGroup } from "../components/contribution";
import { nodeAlerts } from "./elasticsearchNodes";
import { alert, type AlertDefinition, DASHBOARD_UIDS, type Links, matcher, type Patience } from "./rule";

export interface ElasticsearchRulesArgs {
  /** Scrape job of the elasticsearch-exporter. */
  job: string;
  /** Nodes that the cluster should have. */
  nodes: number;
  /** How old the last snapshot may be, hours. Without, there are no alerts on snapshots. */
  snapshotMaxAgeHours?: number;
  links: Links;
}

export type ElasticsearchDefinition = Omit<AlertDefinition, "dashboard"> & Patience;

/** Alerts on a cluster, and on each of its nodes. */
export function elasticsearchRuleGroups(args: ElasticsearchRulesArgs): RuleGroup[] {
  const of = matcher("job", args.job);
  const { snapshotMaxAgeHours } = args;
  const complete = (definition: ElasticsearchDefinition): AlertingRule =>
    alert(args.links, { ...definition, dashboard: { uid: DASHBOARD_UIDS.logPipeline } });
  return [
    {
      name: "elasticsearch",
      rules: [
        ...clusterAlerts(of, args.nodes),
        ...shardAlerts(of),
        ...indexAlerts(of),
        ...(snapshotMaxAgeHours === undefined ? [] : snapshotAlerts(of, snapshotMaxAgeHours)),
      ].map(complete),
    },
    { name: "elasticsearch.nodes", rules: nodeAlerts(of).map(complete) },
  ];
}

function clusterAlerts(of: string, nodes: number): ElasticsearchDefinition[] {
  return [
    {
      alert: "ElasticsearchDown",
      // The exporter goes on answering when the cluster does not; then this is what is missing.
      expr: `absent(elasticsearch_cluster_health_number_of_nodes{${of}})`,
      for: "5m",
      severity: "critical",
      summary: "Elasticsearch does not answer",
      description:
        "The health of the cluster has been unknown for 5 minutes: Elasticsearch is down or has no master, or its exporter is down.",
    },
    {
      alert: "ElasticsearchClusterRed",
      expr: `elasticsearch_cluster_health_status{${of},color="red"} == 1`,
      for: "2m",
      severity: "critical",
      summary: "Elasticsearch cluster {{ $labels.cluster }} is red",
      description: "At least one primary shard is missing: some logs can be neither written nor searched.",
    },
    {
      alert: "ElasticsearchClusterYellow",
      expr: `elasticsearch_cluster_health_status{${of},color="yellow"} == 1`,
      // A node that restarts makes the cluster yellow; its copies are back within minutes.
      for: "20m",
      severity: "warning",
      summary: "Elasticsearch cluster {{ $labels.cluster }} is yellow",
      description: "At least one copy of a shard is missing: the loss of another node may lose logs.",
    },
    {
      alert: "ElasticsearchNodeMissing",
      expr: `elasticsearch_cluster_health_number_of_nodes{${of}} < ${nodes}`,
      for: "10m",
      severity: "critical",
      summary: "Elasticsearch cluster {{ $labels.cluster }} is short of nodes",
      description: `The cluster has {{ $value }} of ${nodes} nodes; without the greater half of them it stops.`,
    },
    {
      alert: "ElasticsearchPendingTasks",
      expr: `elasticsearch_cluster_health_task_max_waiting_in_queue_millis{${of}} / 1000 > 60`,
      for: "10m",
      severity: "warning",
      summary: "The master of Elasticsearch cluster {{ $labels.cluster }} is behind",
      description:
        "A change of the cluster's state has waited {{ $value | humanizeDuration }} for the master. New indices and mappings wait with it.",
    },
    {
      alert: "ElasticsearchCollectorFailing",
      expr: `elasticsearch_scrape_success{${of}} == 0`,
      for: "15m",
      severity: "warning",
      summary: "Elasticsearch does not tell its exporter about {{ $labels.collector }}",
      description:
        "The exporter's collector {{ $labels.collector }} fails: the alerts on what it reports are silent.",
    },
  ];
}

function shardAlerts(of: string): ElasticsearchDefinition[] {
  return [
    {
      alert: "ElasticsearchShardsUnassigned",
      expr: `elasticsearch_cluster_health_unassigned_shards{${of}} > 0`,
      for: "30m",
      severity: "warning",
      summary: "Elasticsearch cluster {{ $labels.cluster }} has shards on no node",
      description: "{{ $value }} shards have no node, longer than a restart takes.",
    },
    {
      alert: "ElasticsearchShardsInitializing",
      expr: `elasticsearch_cluster_health_initializing_shards{${of}} > 0`,
      for: "1h",
      severity: "warning",
      summary: "Shards of Elasticsearch cluster {{ $labels.cluster }} do not get ready",
      description:
        "{{ $value }} shards are still being made ready; a recovery hangs or begins anew each time.",
    },
    {
      alert: "ElasticsearchTooManyShards",
      expr:
        `elasticsearch_cluster_health_active_shards{${of}} / on (instance) ` +
        `(elasticsearch_clustersettings_stats_max_shards_per_node{${of}} * on (instance) ` +
        `elasticsearch_cluster_health_number_of_data_nodes{${of}}) > 0.9`,
      for: "15m",
      severity: "warning",
      summary: "Elasticsearch is close to its limit of shards",
      description:
        "{{ $value | humanizePercentage }} of the shards that the nodes may hold are in use; beyond, no new index can be made.",
    },
    {
      alert: "ElasticsearchAllocationDisabled",
      expr: `elasticsearch_clustersettings_stats_shard_allocation_enabled{${of}} > 0`,
      for: "1h",
      severity: "warning",
      summary: "Elasticsearch does not place shards on its nodes",
      description: "The allocation of shards has been restricted for 1 hour, as it is for maintenance.",
    },
  ];
}

function indexAlerts(of: string): ElasticsearchDefinition[] {
  return [
    {
      alert: "ElasticsearchIndicesReadOnly",
      expr: `elasticsearch_indices_settings_stats_read_only_indices{${of}} > 0`,
      for: "5m",
      severity: "critical",
      summary: "Elasticsearch takes no logs into some indices",
      description: "{{ $value }} indices are read-only since a disk was full.",
    },
    {
      alert: "ElasticsearchLifecycleError",
      expr: `elasticsearch_ilm_index_status{${of},step="ERROR"} == 1`,
      for: "15m",
      severity: "warning",
      summary: "The lifecycle of index {{ $labels.index }} has failed",
      description:
        "{{ $labels.index }} is stuck in phase {{ $labels.phase }} at {{ $labels.action }}: it is not deleted when its time is over.",
    },
    {
      alert: "ElasticsearchLifecycleStopped",
      expr: `elasticsearch_ilm_status{${of},operation_mode="RUNNING"} == 0`,
      for: "1h",
      severity: "warning",
      summary: "Elasticsearch does not manage the lifecycle of indices",
      description: "Index lifecycle management has been stopped for 1 hour: old logs are not deleted.",
    },
  ];
}

function snapshotAlerts(of: string, maxAgeHours: number): ElasticsearchDefinition[] {
  return [
    {
      alert: "ElasticsearchSnapshotOld",
      // The timestamp of none is 0, and so very old.
      expr: `time() - elasticsearch_snapshot_stats_latest_snapshot_timestamp_seconds{${of}} > ${maxAgeHours * 3600}`,
      for: "15m",
      severity: "warning",
      summary: "No recent snapshot in repository {{ $labels.repository }}",
      description: `The last useful snapshot is older than ${maxAgeHours} hours, or there is none: what is lost now cannot be restored.`,
    },
    {
      alert: "ElasticsearchSnapshotIncomplete",
      expr: `elasticsearch_snapshot_stats_snapshot_failed_shards{${of}} > 0`,
      for: "15m",
      severity: "warning",
      summary: "The last snapshot in repository {{ $labels.repository }} is incomplete",
      description: "{{ $value }} shards are missing in the last snapshot; its state is {{ $labels.state }}.",
    },
  ];
}
