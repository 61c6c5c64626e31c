/** Alerts on the machines, from the node-exporter. */
import type { RuleGroup } from "../components/contribution";
import { alert, DASHBOARD_UIDS, type Links, record } from "./rule";
import { NODE_SERIES } from "./series";

/** Limits of the source document, as ratios. */
const HIGH_CPU = 0.8;
const HIGH_MEMORY = 0.85;

/** Recording rules and alerts on machines. `without` keeps the labels that say which machine it is. */
export function infrastructureRuleGroups(links: Links): RuleGroup[] {
  const dashboard = { uid: DASHBOARD_UIDS.platformOverview };
  return [
    {
      name: "infrastructure",
      rules: [
        record(
          NODE_SERIES.cpuUtilisation,
          // A share of all modes, not of the time: of a machine that was seen for one minute only, the rate over five is
          // a fifth of what it is, and "not idle" would read as busy.
          `1 - sum without (cpu, mode) (rate(node_cpu_seconds_total{job="node-exporter",mode="idle"}[5m])) / ` +
            `sum without (cpu, mode) (rate(node_cpu_seconds_total{job="node-exporter"}[5m]))`,
        ),
        record(
          NODE_SERIES.memoryUtilisation,
          `1 - node_memory_MemAvailable_bytes{job="node-exporter"} / node_memory_MemTotal_bytes{job="node-exporter"}`,
        ),
        alert(links, {
          alert: "HighCPUUsage",
          expr: `${NODE_SERIES.cpuUtilisation} > ${HIGH_CPU}`,
          for: "5m",
          severity: "warning",
          summary: "High CPU usage on {{ $labels.instance }}",
          description: `CPU usage is {{ $value | humanizePercentage }}; the limit is ${HIGH_CPU * 100} %.`,
          dashboard,
        }),
        alert(links, {
          alert: "HighMemoryUsage",
          expr: `${NODE_SERIES.memoryUtilisation} > ${HIGH_MEMORY}`,
          for: "5m",
          severity: "warning",
          summary: "High memory usage on {{ $labels.instance }}",
          description: `Memory usage is {{ $value | humanizePercentage }}; the limit is ${HIGH_MEMORY * 100} %.`,
          dashboard,
        }),
      ],
    },
  ];
}
