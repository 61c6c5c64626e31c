/**
 * The only way in which this project makes rules: what every alert must carry is demanded by the types here, so an
 * alert without a severity, a runbook or a description does not compile.
 */
import type { AlertingRule, RecordingRule, Severity } from "../components/contribution";
import type { Duration } from "../config/settings";
import type { AlertName } from "./names";

/** Where the links in an alert lead. Neither address ends in a slash. */
export interface Links {
  /** Pages that explain each alert: `<runbookBaseUrl>/<Alert>.md`. */
  runbookBaseUrl: string;
  /** Grafana as people reach it. */
  grafanaUrl: string;
}

/** Uids of the dashboards, which the alerts link to. */
export const DASHBOARD_UIDS = {
  platformOverview: "bilten-platform-overview",
  monitoringHealth: "bilten-monitoring-health",
  logPipeline: "bilten-log-pipeline",
  traces: "bilten-traces",
} as const;

/** How long the condition must hold before the alert fires, or why it fires at once. */
export type Patience = { for: Duration } | { firesAtOnceBecause: string };

export type AlertDefinition = Patience & {
  /** Name of the alert and of its page in docs/runbooks. */
  alert: AlertName;
  expr: string;
  severity: Severity;
  /** One line: what is wrong, where. May use templates on `$labels` and `$value`. */
  summary: string;
  /**
   * A sentence or two with the figures. May use templates on `$labels` and `$value`. It names the time of `for`, if at
   * all, as "for 5 minutes", so that an override can name another.
   */
  description: string;
  /** Go on firing this long after the condition ended, for conditions that flap. */
  keepFiringFor?: Duration;
  /** Further labels. */
  labels?: Record<string, string>;
  /** The dashboard to look at, and the service to show on it. */
  dashboard: { uid: string; service?: string };
};

/** An alerting rule with its labels, annotations and links. */
export function alert(links: Links, definition: AlertDefinition): AlertingRule {
  const { uid, service } = definition.dashboard;
  const query = service === undefined ? "" : `?var-service=${encodeURIComponent(service)}`;
  return {
    alert: definition.alert,
    expr: definition.expr,
    ...("for" in definition ? { for: definition.for } : {}),
    ...(definition.keepFiringFor === undefined ? {} : { keep_firing_for: definition.keepFiringFor }),
    labels: { ...definition.labels, severity: definition.severity },
    annotations: {
      summary: definition.summary,
      description: definition.description,
      runbook_url: `${links.runbookBaseUrl}/${definition.alert}.md`,
      dashboard_url: `${links.grafanaUrl}/d/${uid}${query}`,
    },
  };
}

/**
 * A recording rule. The name is `level:metric:operations`: the labels that are left, the metric without `_total`, and
 * what was done to it, newest operation first.
 */
export function record(name: string, expr: string, labels?: Record<string, string>): RecordingRule {
  return { record: name, expr, ...(labels === undefined ? {} : { labels }) };
}

/** A label matcher with its value quoted for PromQL. */
export function matcher(label: string, value: string): string {
  return `${label}=${JSON.stringify(value)}`;
}

/** A label matcher for any of some names, at least one, in which no character means anything to a regular expression. */
export function matcherOfAny(label: string, [first = "", ...others]: string[]): string {
  return others.length === 0
    ? matcher(label, first)
    : `${label}=~${JSON.stringify([first, ...others].join("|"))}`;
}

/** True while no target of a job answers, also when there is none. */
export function noneUp(job: string): string {
  return `(count(up{${matcher("job", job)}} == 1) or vector(0)) == 0`;
}
