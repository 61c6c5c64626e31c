/** "Monitoring Health": whether Prometheus and Alertmanager measure, evaluate and notify. */
import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { DASHBOARD_UIDS } from "../alerts/rule";
import type { Dashboard } from "../components/contribution";
import { dashboard, FOLDER, numbered, stat, timeseries, UNITS } from "./panels";

/** The dashboard on the monitoring itself. */
export function monitoringHealth(): Dashboard {
  const model = numbered(
    dashboard(
      DASHBOARD_UIDS.monitoringHealth,
      "Monitoring Health",
      "Whether the monitoring itself works: targets, rules, notifications and storage.",
    )
      .withRow(new RowBuilder("Now"))
      .withPanel(
        stat({
          title: "Targets down",
          description: "Targets that Prometheus knows and cannot scrape. TargetDown warns after 5 minutes.",
          unit: UNITS.count,
          width: 8,
          thresholds: [
            { value: null, color: "green" },
            { value: 1, color: "red" },
          ],
          queries: [{ expr: "count(up == 0) or vector(0)", legend: "down" }],
        }),
      )
      .withPanel(
        stat({
          title: "Alerts firing",
          description: "Alerts that fire now, by severity. Watchdog, which always fires, is not counted.",
          unit: UNITS.count,
          width: 8,
          queries: [
            {
              expr: 'count by (severity) (ALERTS{alertstate="firing",severity!="none"}) or vector(0)',
              legend: "{{severity}}",
            },
          ],
        }),
      )
      .withPanel(
        stat({
          title: "Configuration loaded",
          description:
            "1 when the last reload of the configuration succeeded, 0 when the old one is still in use.",
          unit: UNITS.count,
          width: 8,
          thresholds: [
            { value: null, color: "red" },
            { value: 1, color: "green" },
          ],
          queries: [
            { expr: "min by (job) (prometheus_config_last_reload_successful)", legend: "{{job}}" },
            { expr: "min by (job) (alertmanager_config_last_reload_successful)", legend: "{{job}}" },
          ],
        }),
      )
      .withRow(new RowBuilder("Prometheus"))
      .withPanel(
        timeseries({
          title: "Targets up",
          description: "Targets that answer their scrape, by job.",
          unit: UNITS.count,
          width: 12,
          queries: [{ expr: "sum by (job) (up)", legend: "{{job}}" }],
        }),
      )
      .withPanel(
        timeseries({
          title: "Samples stored",
          description: "Samples that each Prometheus stores per second.",
          unit: UNITS.perSecond,
          width: 12,
          queries: [
            {
              expr: "sum by (instance) (rate(prometheus_tsdb_head_samples_appended_total[$__rate_interval]))",
              legend: "{{instance}}",
            },
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Rule evaluation time",
          description:
            "How long the last evaluation of each rule group took; it must stay below the interval.",
          unit: UNITS.seconds,
          width: 12,
          queries: [
            {
              expr: "max by (rule_group) (prometheus_rule_group_last_duration_seconds)",
              legend: "{{rule_group}}",
            },
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Rule evaluations failed",
          description: "Evaluations of rules that failed per second. PrometheusRuleFailures watches them.",
          unit: UNITS.perSecond,
          width: 12,
          queries: [
            {
              expr: "sum by (instance) (rate(prometheus_rule_evaluation_failures_total[$__rate_interval]))",
              legend: "{{instance}}",
            },
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Storage size",
          description: "Bytes of the blocks and of the write-ahead log of each Prometheus.",
          unit: UNITS.bytes,
          width: 12,
          queries: [
            { expr: "prometheus_tsdb_storage_blocks_bytes", legend: "blocks {{instance}}" },
            { expr: "prometheus_tsdb_wal_storage_size_bytes", legend: "write-ahead log {{instance}}" },
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Series in memory",
          description: "Active series of each Prometheus: the greatest part of its memory.",
          unit: UNITS.count,
          width: 12,
          queries: [{ expr: "prometheus_tsdb_head_series", legend: "{{instance}}" }],
        }),
      )
      .withRow(new RowBuilder("Notifications"))
      .withPanel(
        timeseries({
          title: "Notifications sent",
          description: "Notifications that Alertmanager sends per second, by integration.",
          unit: UNITS.perSecond,
          width: 12,
          queries: [
            {
              expr: "sum by (integration) (rate(alertmanager_notifications_total[$__rate_interval]))",
              legend: "{{integration}}",
            },
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Notifications failed",
          description:
            "Notifications that fail per second, by integration. AlertmanagerNotificationsFailing watches them.",
          unit: UNITS.perSecond,
          width: 12,
          queries: [
            {
              expr: "sum by (integration) (rate(alertmanager_notifications_failed_total[$__rate_interval]))",
              legend: "{{integration}}",
            },
          ],
        }),
      ),
  );
  return { uid: DASHBOARD_UIDS.monitoringHealth, title: "Monitoring Health", folder: FOLDER, model };
}
