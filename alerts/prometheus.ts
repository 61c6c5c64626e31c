/** What watches Prometheus itself. With several replicas each watches itself and the others. */
import type { AlertingRule, RuleGroup } from "../components/contribution";
import { alert, type AlertDefinition, DASHBOARD_UIDS, type Links, matcher, type Patience } from "./rule";

export interface PrometheusRulesArgs {
  /** Scrape job of Prometheus. */
  job: string;
  links: Links;
  replicas: number;
  /** Whether samples are written to a remote storage; without, the alerts on it could never fire. */
  remoteWrite: boolean;
}

/** Alerts on configuration, rules, storage, notifications and remote write of Prometheus. */
export function prometheusRuleGroups({
  job,
  links,
  replicas,
  remoteWrite,
}: PrometheusRulesArgs): RuleGroup[] {
  const of = matcher("job", job);
  const definitions = [
    ...operation(of),
    ...storage(of),
    ...notifications(of),
    ...(replicas > 1 ? [missingReplica(of, replicas)] : []),
  ];
  const complete = (definition: Definition): AlertingRule =>
    alert(links, { ...definition, dashboard: { uid: DASHBOARD_UIDS.monitoringHealth } });
  return [
    { name: "prometheus", rules: definitions.map(complete) },
    ...(remoteWrite ? [{ name: "prometheus.remote-write", rules: remoteWriteAlerts(of).map(complete) }] : []),
  ];
}

type Definition = Omit<AlertDefinition, "dashboard"> & Patience;

function operation(of: string): Definition[] {
  return [
    {
      alert: "PrometheusConfigReloadFailed",
      // The maximum bridges a failed scrape, which would otherwise start the waiting time anew.
      expr: `max_over_time(prometheus_config_last_reload_successful{${of}}[5m]) == 0`,
      for: "10m",
      severity: "critical",
      summary: "Prometheus {{ $labels.instance }} refuses its configuration",
      description:
        "Prometheus {{ $labels.instance }} could not load its configuration or rules and goes on with the old ones; after a restart it would not come up.",
    },
    {
      alert: "PrometheusRuleFailures",
      expr: `sum without (rule_group) (increase(prometheus_rule_evaluation_failures_total{${of}}[5m])) > 0`,
      for: "15m",
      severity: "critical",
      summary: "Prometheus {{ $labels.instance }} fails to evaluate rules",
      description:
        "{{ $value | humanize }} rule evaluations failed on {{ $labels.instance }} in 5 minutes. Alerts of these rules cannot fire.",
    },
    {
      alert: "PrometheusMissingRuleEvaluations",
      expr: `sum without (rule_group) (increase(prometheus_rule_group_iterations_missed_total{${of}}[5m])) > 0`,
      for: "15m",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} skips rule evaluations",
      description:
        "{{ $value | humanize }} evaluations of rule groups were skipped on {{ $labels.instance }} in 5 minutes, because the one before took too long.",
    },
    {
      alert: "PrometheusTargetSyncFailure",
      expr: `sum without (scrape_job) (increase(prometheus_target_sync_failed_total{${of}}[30m])) > 0`,
      for: "5m",
      severity: "critical",
      summary: "Prometheus {{ $labels.instance }} cannot set up targets",
      description:
        "{{ $value | humanize }} targets failed to sync on {{ $labels.instance }} in 30 minutes, because relabelling gave them invalid labels or addresses.",
    },
    {
      alert: "PrometheusKubernetesDiscoveryFailures",
      expr: `increase(prometheus_sd_kubernetes_failures_total{${of}}[5m]) > 0`,
      for: "15m",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} fails to discover targets",
      description:
        "{{ $value | humanize }} list or watch requests of {{ $labels.instance }} to the Kubernetes API failed in 5 minutes; new pods are not found.",
    },
  ];
}

function storage(of: string): Definition[] {
  return [
    {
      alert: "PrometheusNotIngestingSamples",
      // Only when it has something to do: a Prometheus without targets and rules is rightly idle.
      expr:
        `sum without (type) (rate(prometheus_tsdb_head_samples_appended_total{${of}}[5m])) <= 0 and ` +
        `(sum without (scrape_job) (prometheus_target_metadata_cache_entries{${of}}) > 0 or ` +
        `sum without (rule_group) (prometheus_rule_group_rules{${of}}) > 0)`,
      for: "10m",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} stores no samples",
      description:
        "Prometheus {{ $labels.instance }} has targets or rules and yet has stored nothing for 10 minutes.",
    },
    {
      alert: "PrometheusDuplicateTimestamps",
      expr: `rate(prometheus_target_scrapes_sample_duplicate_timestamp_total{${of}}[5m]) > 0`,
      for: "10m",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} drops samples with duplicate timestamps",
      description:
        "Prometheus {{ $labels.instance }} drops {{ $value | humanize }} samples per second, because two of one series came with the same timestamp and different values.",
    },
    {
      alert: "PrometheusOutOfOrderTimestamps",
      expr: `rate(prometheus_target_scrapes_sample_out_of_order_total{${of}}[5m]) > 0`,
      for: "10m",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} drops samples that are out of order",
      description:
        "Prometheus {{ $labels.instance }} drops {{ $value | humanize }} samples per second, because they are older than what it has of the series.",
    },
    {
      alert: "PrometheusTSDBReloadsFailing",
      expr: `increase(prometheus_tsdb_reloads_failures_total{${of}}[3h]) > 0`,
      for: "4h",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} cannot load blocks from disk",
      description:
        "{{ $value | humanize }} attempts of {{ $labels.instance }} to load blocks failed in 3 hours.",
    },
    {
      alert: "PrometheusTSDBCompactionsFailing",
      expr: `increase(prometheus_tsdb_compactions_failed_total{${of}}[3h]) > 0`,
      for: "4h",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} cannot compact its storage",
      description:
        "{{ $value | humanize }} compactions of {{ $labels.instance }} failed in 3 hours. Memory and the write-ahead log grow until one succeeds.",
    },
    {
      alert: "PrometheusWALCorruption",
      // Most are found while Prometheus starts, before anything is scraped: the counter is born at 1 and does not
      // increase. A young process with a count is therefore news too.
      expr:
        `increase(prometheus_tsdb_wal_corruptions_total{${of}}[3h]) > 0 or ` +
        `(prometheus_tsdb_wal_corruptions_total{${of}} > 0 and ` +
        `time() - process_start_time_seconds{${of}} < 3 * 3600)`,
      firesAtOnceBecause: "it is counted once, when the log is read; waiting would only delay the message",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} found its write-ahead log corrupt",
      description:
        "Prometheus {{ $labels.instance }} found its write-ahead log corrupt within the last 3 hours and dropped what came after; up to three hours of samples may be missing.",
    },
  ];
}

function notifications(of: string): Definition[] {
  // An alert counts as sent only when it arrived, so the share of errors is of both; with `sent` alone as the
  // divisor a complete failure would divide by zero and stay silent.
  const errors = `rate(prometheus_notifications_errors_total{${of}}[5m])`;
  const sent = `rate(prometheus_notifications_sent_total{${of}}[5m])`;
  const failing = `${errors} / (${errors} + ${sent} > 0)`;
  return [
    {
      alert: "PrometheusNotificationQueueRunningFull",
      // By the trend of the last minutes the queue is full within half an hour. There is a queue per Alertmanager,
      // and one capacity for each of them.
      expr:
        `predict_linear(prometheus_notifications_queue_length{${of}}[5m], 60 * 30) > ` +
        `ignoring (alertmanager) group_left () min_over_time(prometheus_notifications_queue_capacity{${of}}[5m])`,
      for: "15m",
      severity: "warning",
      summary: "The notification queue of Prometheus {{ $labels.instance }} is filling up",
      description:
        "Prometheus {{ $labels.instance }} raises alerts faster than {{ $labels.alertmanager }} takes them; in 30 minutes the queue is full and alerts are lost.",
    },
    {
      alert: "PrometheusErrorSendingAlerts",
      expr: `${failing} > 0.01`,
      for: "15m",
      severity: "warning",
      summary: "Prometheus {{ $labels.instance }} fails to send alerts to an Alertmanager",
      description:
        "{{ $value | humanizePercentage }} of the alerts from {{ $labels.instance }} to {{ $labels.alertmanager }} failed.",
    },
    {
      alert: "PrometheusErrorSendingAlertsToAnyAlertmanager",
      // The best connection decides: an alert that one Alertmanager has, the whole cluster has.
      expr: `min without (alertmanager) (${failing}) > 0.03`,
      for: "15m",
      severity: "critical",
      summary: "Prometheus {{ $labels.instance }} fails to send alerts to every Alertmanager",
      description:
        "At least {{ $value | humanizePercentage }} of the alerts from {{ $labels.instance }} fail, whichever Alertmanager they go to.",
    },
    {
      alert: "PrometheusNotConnectedToAlertmanagers",
      expr: `max_over_time(prometheus_notifications_alertmanagers_discovered{${of}}[5m]) < 1`,
      for: "10m",
      severity: "critical",
      summary: "Prometheus {{ $labels.instance }} knows no Alertmanager",
      description:
        "Prometheus {{ $labels.instance }} has discovered no Alertmanager: nobody is told of its alerts.",
    },
  ];
}

function missingReplica(of: string, replicas: number): Definition {
  return {
    alert: "PrometheusReplicaMissing",
    expr: `(count(up{${of}} == 1) or vector(0)) < ${replicas}`,
    for: "15m",
    severity: "warning",
    summary: "A replica of Prometheus is missing",
    description: `{{ $value }} of ${replicas} replicas of Prometheus can be scraped; another loss may end alerting.`,
  };
}

function remoteWriteAlerts(of: string): Definition[] {
  const failed = `rate(prometheus_remote_storage_samples_failed_total{${of}}[5m])`;
  const sent = `rate(prometheus_remote_storage_samples_total{${of}}[5m])`;
  return [
    {
      alert: "PrometheusRemoteWriteFailures",
      expr: `${failed} / (${failed} + ${sent} > 0) > 0.01`,
      for: "15m",
      severity: "critical",
      summary: "Prometheus {{ $labels.instance }} fails to write to the remote storage",
      description:
        "The remote storage {{ $labels.remote_name }} refuses {{ $value | humanizePercentage }} of the samples from {{ $labels.instance }} for good; they are lost there.",
    },
    {
      alert: "PrometheusRemoteWriteBehind",
      expr:
        `max_over_time(prometheus_remote_storage_queue_highest_timestamp_seconds{${of}}[5m]) - ` +
        `max_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${of}}[5m]) > 120`,
      for: "15m",
      severity: "critical",
      summary: "Remote write of Prometheus {{ $labels.instance }} is behind",
      description:
        "The remote storage {{ $labels.remote_name }} is {{ $value | humanizeDuration }} behind {{ $labels.instance }}; after about two hours samples are lost there.",
    },
    {
      alert: "PrometheusRemoteWriteDesiredShards",
      expr:
        `max_over_time(prometheus_remote_storage_shards_desired{${of}}[5m]) > ` +
        `max_over_time(prometheus_remote_storage_shards_max{${of}}[5m])`,
      for: "15m",
      severity: "warning",
      summary: "Remote write of Prometheus {{ $labels.instance }} needs more shards than it may use",
      description:
        "Remote write from {{ $labels.instance }} to {{ $labels.remote_name }} wants {{ $value }} shards, more than `maxShards` of its queue allows; it will fall behind.",
    },
  ];
}
