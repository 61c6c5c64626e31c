/** Alerts on the blackbox-exporter's probes of a service, from outside the service. */
import type { AlertingRule } from "../components/contribution";
import type { MonitoredServiceSettings } from "../config/settings";
import { windowOver } from "./durations";
import { alert, DASHBOARD_UIDS, type Links, matcher } from "./rule";

/** Name of the scrape job that probes a service's health path. */
export function probeJob(service: Pick<MonitoredServiceSettings, "name">): string {
  return `probe-${service.name}`;
}

/** Alerts on the probe of one service. */
export function probeRules(service: MonitoredServiceSettings, links: Links): AlertingRule[] {
  const job = matcher("job", probeJob(service));
  const common = {
    labels: { service: service.name },
    dashboard: { uid: DASHBOARD_UIDS.platformOverview, service: service.name },
  };
  return [
    alert(links, {
      ...common,
      alert: "ProbeFailed",
      expr: `probe_success{${job}} == 0`,
      // At least four probes in a row: one lost packet wakes nobody.
      for: windowOver("2m", service.probes.interval),
      severity: "critical",
      summary: `${service.name} fails its health probe`,
      description: `The probe of {{ $labels.instance }} fails: ${service.name}, or something that it depends on, is unhealthy or unreachable.`,
    }),
    alert(links, {
      ...common,
      alert: "ProbeMissing",
      expr: `absent(probe_success{${job}})`,
      for: windowOver("10m", service.probes.interval),
      severity: "warning",
      summary: `${service.name} is not probed`,
      description: `There is no probe result for ${service.name}: the blackbox-exporter is down or the scrape job ${probeJob(service)} has no target.`,
    }),
  ];
}
