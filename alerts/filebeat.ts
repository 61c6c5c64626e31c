/** Alerts on Filebeat: that it reads on every node, and that what it reads gets on. */
import type { AlertingRule, RuleGroup } from "../components/contribution";
import { alert, type AlertDefinition, DASHBOARD_UIDS, type Links, matcher, type Patience } from "./rule";

export interface FilebeatRulesArgs {
  /** Scrape job of Filebeat, and name of its DaemonSet. */
  job: string;
  /** Namespace of the DaemonSet. */
  namespace: string;
  links: Links;
}

type Definition = Omit<AlertDefinition, "dashboard"> & Patience;

/** Alerts on Filebeat. */
export function filebeatRuleGroups({ job, namespace, links }: FilebeatRulesArgs): RuleGroup[] {
  const of = matcher("job", job);
  const daemonSet = `${matcher("namespace", namespace)},${matcher("daemonset", job)}`;
  const definitions: Definition[] = [
    {
      alert: "FilebeatMissingOnNodes",
      expr:
        `kube_daemonset_status_desired_number_scheduled{${daemonSet}} - ` +
        `kube_daemonset_status_number_ready{${daemonSet}} > 0`,
      for: "15m",
      severity: "warning",
      summary: "Filebeat is missing on nodes",
      description: "On {{ $value }} nodes no Filebeat is ready: the logs of their pods are not collected.",
    },
    {
      alert: "FilebeatOutputBlocked",
      expr: `filebeat_pipeline_events_active{${of}} > 0 and rate(filebeat_output_events_acked_total{${of}}[5m]) == 0`,
      for: "10m",
      severity: "critical",
      summary: "Filebeat on {{ $labels.node }} gets no log out",
      description: "{{ $value }} events wait and Logstash has acknowledged none for 10 minutes.",
    },
    {
      alert: "FilebeatOutputErrors",
      expr: `rate(filebeat_output_write_errors_total{${of}}[5m]) > 0`,
      for: "15m",
      severity: "warning",
      summary: "Filebeat on {{ $labels.node }} fails to write to Logstash",
      description: "Its connections to Logstash break; what was not acknowledged is sent again.",
    },
    {
      alert: "FilebeatEventsDropped",
      expr: `increase(filebeat_output_events_dropped_total{${of}}[15m]) > 0`,
      for: "1m",
      severity: "critical",
      summary: "Filebeat on {{ $labels.node }} loses events",
      description: "It dropped events within the last 15 minutes: they cannot be sent at all.",
    },
    {
      alert: "FilebeatQueueFull",
      expr: `min_over_time(filebeat_queue_filled_ratio{${of}}[5m]) > 0.95`,
      for: "15m",
      severity: "warning",
      summary: "The queue of Filebeat on {{ $labels.node }} is full",
      description:
        "Logstash takes less than the pods of the node write; lines are lost when the node removes a file that is not read to its end.",
    },
    {
      alert: "FilebeatFileHandles",
      expr: `filebeat_open_handles{${of}} / filebeat_max_handles{${of}} > 0.8`,
      for: "15m",
      severity: "warning",
      summary: "Filebeat on {{ $labels.node }} runs out of file handles",
      description: "{{ $value | humanizePercentage }} are in use; without one left it reads no new file.",
    },
  ];
  const rules = definitions.map((definition): AlertingRule =>
    alert(links, { ...definition, dashboard: { uid: DASHBOARD_UIDS.logPipeline } }),
  );
  return [{ name: "filebeat", rules }];
}
