/** What watches Alertmanager. Its own failure to deliver is what the dead man's switch is for. */
import type { AlertingRule, RuleGroup } from "../components/contribution";
import { alert, type AlertDefinition, DASHBOARD_UIDS, type Links, matcher, type Patience } from "./rule";

export interface AlertmanagerRulesArgs {
  /** Scrape job of Alertmanager. */
  job: string;
  replicas: number;
  links: Links;
}

type Definition = Omit<AlertDefinition, "dashboard"> & Patience;

/** Alerts on Alertmanager; those on its cluster only where there is more than one replica. */
export function alertmanagerRuleGroups({ job, replicas, links }: AlertmanagerRulesArgs): RuleGroup[] {
  const of = matcher("job", job);
  const definitions = [...single(of, replicas), ...(replicas > 1 ? cluster(of, replicas) : [])];
  const rules = definitions.map((definition): AlertingRule =>
    alert(links, { ...definition, dashboard: { uid: DASHBOARD_UIDS.monitoringHealth } }),
  );
  return [{ name: "alertmanager", rules }];
}

function single(of: string, replicas: number): Definition[] {
  return [
    {
      alert: "AlertmanagerFailedReload",
      // The maximum bridges a failed scrape, which would otherwise start the waiting time anew.
      expr: `max_over_time(alertmanager_config_last_reload_successful{${of}}[5m]) == 0`,
      for: "10m",
      severity: "critical",
      summary: "Alertmanager {{ $labels.instance }} refuses its configuration",
      description:
        "Alertmanager {{ $labels.instance }} could not load its configuration and goes on with the old one; after a restart it would not come up.",
    },
    {
      alert: "AlertmanagerNotificationsFailing",
      // Over all replicas, because only one of them sends each notification. 15 minutes hold at least two attempts
      // of a failing group (group_interval is 5 minutes), so the ratio does not vanish between them.
      expr:
        `sum by (integration) (rate(alertmanager_notifications_failed_total{${of}}[15m])) / ` +
        `(sum by (integration) (rate(alertmanager_notifications_total{${of}}[15m])) > 0) > 0.01`,
      for: "5m",
      severity: "critical",
      summary: "Alertmanager fails to notify by {{ $labels.integration }}",
      description:
        "{{ $value | humanizePercentage }} of Alertmanager's notifications by {{ $labels.integration }} fail: people are not told of alerts.",
    },
    {
      alert: "AlertmanagerClusterDown",
      expr: `(count(up{${of}} == 1) or vector(0)) <= ${replicas / 2}`,
      for: "5m",
      severity: "critical",
      summary: "Half or more of the Alertmanagers are down",
      description: `{{ $value }} of ${replicas} Alertmanagers can be scraped. When the last one is gone nobody is told of any alert.`,
    },
  ];
}

function cluster(of: string, replicas: number): Definition[] {
  return [
    {
      alert: "AlertmanagerMembersInconsistent",
      expr: `max_over_time(alertmanager_cluster_members{${of}}[5m]) < ${replicas}`,
      for: "15m",
      severity: "critical",
      summary: "Alertmanager {{ $labels.instance }} does not see the whole cluster",
      description: `Alertmanager {{ $labels.instance }} sees {{ $value }} of ${replicas} members. Separated members notify twice and do not share silences.`,
    },
    {
      alert: "AlertmanagerConfigInconsistent",
      expr: `count(count_values("config_hash", alertmanager_config_hash{${of}})) > 1`,
      for: "20m",
      severity: "critical",
      summary: "The Alertmanagers have different configurations",
      description:
        "The Alertmanagers run {{ $value }} different configurations; who is told of an alert depends on which of them sends.",
    },
  ];
}
