import type { CaseFile } from "../alertCase";

const pod = (number: number): string =>
  `job="prometheus",namespace="bilten-monitoring",instance="prometheus-${number}:9090",pod="prometheus-${number}"`;
const labels = {
  job: "prometheus",
  namespace: "bilten-monitoring",
  instance: "prometheus-0:9090",
  pod: "prometheus-0",
};
const of = (metric: string, further = ""): string => `${metric}{${pod(0)}${further}}`;

export const prometheus: CaseFile = {
  subject: "prometheus",
  cases: [
    {
      alert: "PrometheusConfigReloadFailed",
      when: "the last reload failed a quarter of an hour ago, with a scrape missing since",
      series: { [of("prometheus_config_last_reload_successful")]: "1x5 0x5 _ 0x20" },
      at: "25m",
      firing: [{ labels }],
    },
    {
      alert: "PrometheusConfigReloadFailed",
      when: "the reload after a failed one succeeded",
      series: { [of("prometheus_config_last_reload_successful")]: "1x5 0x5 1x20" },
      at: "25m",
      firing: [],
    },
    {
      alert: "PrometheusRuleFailures",
      when: "a rule fails at each evaluation",
      series: {
        [of("prometheus_rule_evaluation_failures_total", ',rule_group="/etc/rules.yml;one"')]: "0+2x30",
        [of("prometheus_rule_evaluation_failures_total", ',rule_group="/etc/rules.yml;two"')]: "0x30",
      },
      at: "25m",
      firing: [
        {
          labels,
          description:
            "10 rule evaluations failed on prometheus-0:9090 in 5 minutes. Alerts of these rules cannot fire.",
        },
      ],
    },
    {
      alert: "PrometheusRuleFailures",
      when: "rules failed before, and do not now",
      series: {
        [of("prometheus_rule_evaluation_failures_total", ',rule_group="/etc/rules.yml;one"')]: "7x30",
      },
      at: "25m",
      firing: [],
    },
    {
      alert: "PrometheusMissingRuleEvaluations",
      when: "evaluations are skipped each minute",
      series: {
        [of("prometheus_rule_group_iterations_missed_total", ',rule_group="/etc/rules.yml;one"')]: "0+1x30",
      },
      at: "25m",
      firing: [
        {
          labels,
          description:
            "5 evaluations of rule groups were skipped on prometheus-0:9090 in 5 minutes, because the one before took too long.",
        },
      ],
    },
    {
      alert: "PrometheusMissingRuleEvaluations",
      when: "one evaluation was skipped",
      series: {
        [of("prometheus_rule_group_iterations_missed_total", ',rule_group="/etc/rules.yml;one"')]: "0x3 1x30",
      },
      at: "25m",
      firing: [],
    },
    {
      alert: "PrometheusTargetSyncFailure",
      when: "targets fail to sync again and again",
      series: { [of("prometheus_target_sync_failed_total", ',scrape_job="bilten-api"')]: "0+1x40" },
      at: "30m",
      firing: [
        {
          labels,
          description:
            "30 targets failed to sync on prometheus-0:9090 in 30 minutes, because relabelling gave them invalid labels or addresses.",
        },
      ],
    },
    {
      alert: "PrometheusTargetSyncFailure",
      when: "no target fails to sync",
      series: { [of("prometheus_target_sync_failed_total", ',scrape_job="bilten-api"')]: "3x40" },
      at: "30m",
      firing: [],
    },
    {
      alert: "PrometheusKubernetesDiscoveryFailures",
      when: "the Kubernetes API refuses lists and watches",
      series: { [of("prometheus_sd_kubernetes_failures_total")]: "0+1x40" },
      at: "30m",
      firing: [
        {
          labels,
          description:
            "5 list or watch requests of prometheus-0:9090 to the Kubernetes API failed in 5 minutes; new pods are not found.",
        },
      ],
    },
    {
      alert: "PrometheusKubernetesDiscoveryFailures",
      when: "one watch failed",
      series: { [of("prometheus_sd_kubernetes_failures_total")]: "0x3 1x40" },
      at: "30m",
      firing: [],
    },
    {
      alert: "PrometheusNotIngestingSamples",
      when: "there are targets and nothing is stored",
      series: {
        [of("prometheus_tsdb_head_samples_appended_total", ',type="float"')]: "1000x30",
        [of("prometheus_tsdb_head_samples_appended_total", ',type="histogram"')]: "0x30",
        [of("prometheus_target_metadata_cache_entries", ',scrape_job="bilten-api"')]: "40x30",
      },
      at: "25m",
      firing: [{ labels }],
    },
    {
      alert: "PrometheusNotIngestingSamples",
      when: "samples are stored",
      series: {
        [of("prometheus_tsdb_head_samples_appended_total", ',type="float"')]: "0+1000x30",
        [of("prometheus_tsdb_head_samples_appended_total", ',type="histogram"')]: "0x30",
        [of("prometheus_target_metadata_cache_entries", ',scrape_job="bilten-api"')]: "40x30",
      },
      at: "25m",
      firing: [],
    },
    {
      alert: "PrometheusNotIngestingSamples",
      when: "there is nothing to store",
      series: {
        [of("prometheus_tsdb_head_samples_appended_total", ',type="float"')]: "0x30",
        [of("prometheus_target_metadata_cache_entries", ',scrape_job="bilten-api"')]: "0x30",
      },
      at: "25m",
      firing: [],
    },
    {
      alert: "PrometheusDuplicateTimestamps",
      when: "samples with duplicate timestamps are dropped",
      series: { [of("prometheus_target_scrapes_sample_duplicate_timestamp_total")]: "0+60x30" },
      at: "20m",
      firing: [
        {
          labels,
          description:
            "Prometheus prometheus-0:9090 drops 1 samples per second, because two of one series came with the same timestamp and different values.",
        },
      ],
    },
    {
      alert: "PrometheusDuplicateTimestamps",
      when: "none is dropped",
      series: { [of("prometheus_target_scrapes_sample_duplicate_timestamp_total")]: "60x30" },
      at: "20m",
      firing: [],
    },
    {
      alert: "PrometheusOutOfOrderTimestamps",
      when: "samples that are out of order are dropped",
      series: { [of("prometheus_target_scrapes_sample_out_of_order_total")]: "0+60x30" },
      at: "20m",
      firing: [
        {
          labels,
          description:
            "Prometheus prometheus-0:9090 drops 1 samples per second, because they are older than what it has of the series.",
        },
      ],
    },
    {
      alert: "PrometheusOutOfOrderTimestamps",
      when: "none is dropped",
      series: { [of("prometheus_target_scrapes_sample_out_of_order_total")]: "60x30" },
      at: "20m",
      firing: [],
    },
    {
      alert: "PrometheusNotificationQueueRunningFull",
      when: "the queue of one Alertmanager grows by 250 alerts a minute",
      series: {
        [of(
          "prometheus_notifications_queue_length",
          ',alertmanager="http://alertmanager-0:9093/api/v2/alerts"',
        )]: "0+250x60",
        [of(
          "prometheus_notifications_queue_length",
          ',alertmanager="http://alertmanager-1:9093/api/v2/alerts"',
        )]: "0x60",
        [of("prometheus_notifications_queue_capacity")]: "10000x60",
      },
      at: "35m",
      firing: [{ labels: { ...labels, alertmanager: "http://alertmanager-0:9093/api/v2/alerts" } }],
    },
    {
      alert: "PrometheusNotificationQueueRunningFull",
      when: "the queue grows by 10 alerts a minute",
      series: {
        [of(
          "prometheus_notifications_queue_length",
          ',alertmanager="http://alertmanager-0:9093/api/v2/alerts"',
        )]: "0+10x60",
        [of("prometheus_notifications_queue_capacity")]: "10000x60",
      },
      at: "35m",
      firing: [],
    },
    {
      alert: "PrometheusErrorSendingAlerts",
      when: "one of two Alertmanagers takes nothing",
      series: {
        [of("prometheus_notifications_errors_total", ',alertmanager="http://alertmanager-0"')]: "0+6x40",
        [of("prometheus_notifications_sent_total", ',alertmanager="http://alertmanager-0"')]: "0x40",
        [of("prometheus_notifications_errors_total", ',alertmanager="http://alertmanager-1"')]: "0x40",
        [of("prometheus_notifications_sent_total", ',alertmanager="http://alertmanager-1"')]: "0+6x40",
      },
      at: "30m",
      firing: [
        {
          labels: { ...labels, alertmanager: "http://alertmanager-0" },
          description: "100% of the alerts from prometheus-0:9090 to http://alertmanager-0 failed.",
        },
      ],
    },
    {
      alert: "PrometheusErrorSendingAlerts",
      when: "every alert arrives",
      series: {
        [of("prometheus_notifications_errors_total", ',alertmanager="http://alertmanager-0"')]: "5x40",
        [of("prometheus_notifications_sent_total", ',alertmanager="http://alertmanager-0"')]: "0+6x40",
      },
      at: "30m",
      firing: [],
    },
    {
      alert: "PrometheusErrorSendingAlertsToAnyAlertmanager",
      when: "both Alertmanagers refuse alerts",
      series: {
        [of("prometheus_notifications_errors_total", ',alertmanager="http://alertmanager-0"')]: "0+6x40",
        [of("prometheus_notifications_sent_total", ',alertmanager="http://alertmanager-0"')]: "0x40",
        [of("prometheus_notifications_errors_total", ',alertmanager="http://alertmanager-1"')]: "0+6x40",
        [of("prometheus_notifications_sent_total", ',alertmanager="http://alertmanager-1"')]: "0+6x40",
      },
      at: "30m",
      firing: [
        {
          labels,
          description:
            "At least 50% of the alerts from prometheus-0:9090 fail, whichever Alertmanager they go to.",
        },
      ],
    },
    {
      alert: "PrometheusErrorSendingAlertsToAnyAlertmanager",
      when: "one of two Alertmanagers takes every alert",
      series: {
        [of("prometheus_notifications_errors_total", ',alertmanager="http://alertmanager-0"')]: "0+6x40",
        [of("prometheus_notifications_sent_total", ',alertmanager="http://alertmanager-0"')]: "0x40",
        [of("prometheus_notifications_errors_total", ',alertmanager="http://alertmanager-1"')]: "0x40",
        [of("prometheus_notifications_sent_total", ',alertmanager="http://alertmanager-1"')]: "0+6x40",
      },
      at: "30m",
      firing: [],
    },
    {
      alert: "PrometheusNotConnectedToAlertmanagers",
      when: "no Alertmanager is discovered",
      series: { [of("prometheus_notifications_alertmanagers_discovered")]: "1x3 0x30" },
      at: "25m",
      firing: [{ labels }],
    },
    {
      alert: "PrometheusNotConnectedToAlertmanagers",
      when: "one Alertmanager is discovered",
      series: { [of("prometheus_notifications_alertmanagers_discovered")]: "1x30" },
      at: "25m",
      firing: [],
    },
    {
      alert: "PrometheusReplicaMissing",
      when: "the second replica is not even discovered",
      series: { [`up{${pod(0)}}`]: "1x30" },
      at: "25m",
      firing: [
        {
          description: "1 of 2 replicas of Prometheus can be scraped; another loss may end alerting.",
        },
      ],
    },
    {
      alert: "PrometheusReplicaMissing",
      when: "both replicas are there",
      series: { [`up{${pod(0)}}`]: "1x30", [`up{${pod(1)}}`]: "1x30" },
      at: "25m",
      firing: [],
    },
  ],
};
