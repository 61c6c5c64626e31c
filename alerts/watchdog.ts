/** Alerts on monitoring as such: that alerts arrive at all, and that there is something to measure. */
import type { RuleGroup } from "../components/contribution";
import { alert, DASHBOARD_UIDS, type Links, matcher } from "./rule";

export interface WatchdogArgs {
  /** Scrape jobs that must always have a target. A service's own job is guarded by its ServiceDown. */
  jobs: string[];
  links: Links;
}

/** Watchdog, TargetDown for every target, and TargetMissing for each job that must have one. */
export function watchdogRuleGroups({ jobs, links }: WatchdogArgs): RuleGroup[] {
  const dashboard = { uid: DASHBOARD_UIDS.monitoringHealth };
  return [
    {
      name: "watchdog",
      rules: [
        alert(links, {
          alert: "Watchdog",
          expr: "vector(1)",
          firesAtOnceBecause: "it always fires: its absence is the message",
          severity: "none",
          summary: "Alerts are evaluated and delivered",
          description:
            "This alert always fires. It is sent to the dead man's switch, which raises the alarm when it stops arriving.",
          dashboard,
        }),
        alert(links, {
          alert: "TargetDown",
          expr: "up == 0",
          for: "5m",
          severity: "warning",
          summary: "{{ $labels.job }}: {{ $labels.instance }} cannot be scraped",
          description:
            "Prometheus has not been able to scrape {{ $labels.instance }} (job {{ $labels.job }}) for 5 minutes.",
          dashboard,
        }),
        ...jobs.map((job) =>
          alert(links, {
            alert: "TargetMissing",
            expr: `absent(up{${matcher("job", job)}})`,
            for: "10m",
            severity: "warning",
            summary: `${job} has no targets`,
            description: `Prometheus discovers no target for the job ${job}: nothing of it is measured, and no other alert on it can fire.`,
            dashboard,
          }),
        ),
      ],
    },
  ];
}
