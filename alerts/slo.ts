/**
 * Error budgets. Each objective of a service becomes one error ratio over several windows, and four burn-rate alerts:
 * an alert fires when the budget was used too fast over a long window and still is over a short one, which makes it
 * both precise and quick to end.
 */
import type { AlertingRule, RecordingRule, RuleGroup, Severity } from "../components/contribution";
import type { Duration, MonitoredServiceSettings } from "../config/settings";
import { duration, seconds, windowOver } from "./durations";
import type { AlertName } from "./names";
import { probeJob } from "./probes";
import { alert, DASHBOARD_UIDS, type Links, matcher, record } from "./rule";
import { httpSeries, probeFailureRatio, rateWindow } from "./series";

export interface BurnRateWindow {
  severity: Severity;
  long: Duration;
  short: Duration;
  /** How many times faster than the budget of the period allows. */
  factor: number;
  /** Share of the 30 days' budget gone when the alert fires; follows from `factor` and `long`. */
  budgetUsed: string;
}

/**
 * The windows of the multi-window, multi-burn-rate method (The Site Reliability Workbook, "Alerting on SLOs") for a
 * period of 30 days.
 */
export const BURN_RATE_WINDOWS: readonly BurnRateWindow[] = [
  { severity: "critical", long: "1h", short: "5m", factor: 14.4, budgetUsed: "2 %" },
  { severity: "critical", long: "6h", short: "30m", factor: 6, budgetUsed: "5 %" },
  { severity: "warning", long: "1d", short: "2h", factor: 3, budgetUsed: "10 %" },
  { severity: "warning", long: "3d", short: "6h", factor: 1, budgetUsed: "10 %" },
];

/** A service level indicator: how its error ratio over any window is computed, and the budget of its objective. */
interface Objective {
  /** Value of the label `slo`. */
  slo: string;
  alert: AlertName;
  /** Errors allowed, as a ratio. */
  budget: number;
  /** The shortest window over which the ratio means something. */
  shortest: Duration;
  /** Name of the recorded error ratio over a window. */
  name: (window: Duration) => string;
  expr: (window: Duration) => string;
  /** What is counted, for people. */
  subject: string;
}

function objectives(service: MonitoredServiceSettings): Objective[] {
  const names = httpSeries(rateWindow(service));
  const own = matcher("service", service.name);
  return [
    {
      slo: "errors",
      alert: "ErrorBudgetBurn",
      budget: service.objectives.errorRate,
      shortest: rateWindow(service),
      name: (window) => httpSeries(window).errorRatio,
      // Averages of the recorded rates, not of the recorded ratios: the ratio of a busy hour weighs more than that of
      // a quiet one, and three days of one series per service are cheap where three days of raw counters are not.
      expr: (window) =>
        `avg_over_time(${names.errorRate}{${own}}[${window}]) / (avg_over_time(${names.requestRate}{${own}}[${window}]) > 0)`,
      subject: `requests to ${service.name} failed`,
    },
    {
      slo: "availability",
      alert: "AvailabilityBudgetBurn",
      budget: round(1 - service.objectives.availability),
      shortest: windowOver("5m", service.probes.interval),
      name: probeFailureRatio,
      expr: (window) =>
        `1 - avg by (service) (avg_over_time(probe_success{${matcher("job", probeJob(service))}}[${window}]))`,
      subject: `health probes of ${service.name} failed`,
    },
  ];
}

/** Without the noise of binary fractions: 1 - 0.999 is 0.001. */
function round(value: number): number {
  return Number(value.toPrecision(10));
}

/**
 * The burn-rate windows that make sense for an objective. A short window is at least four samples long, and a window
 * whose limit is 100 % or more of all requests is left out, because no ratio can exceed it.
 */
export function burnRateWindows(budget: number, shortest: Duration): BurnRateWindow[] {
  return BURN_RATE_WINDOWS.filter(({ factor }) => factor * budget < 1).map((window) => ({
    ...window,
    short: duration(Math.max(seconds(window.short), seconds(shortest))),
  }));
}

function recordingRules(objective: Objective, windows: BurnRateWindow[]): RecordingRule[] {
  const already = objective.slo === "errors" ? objective.shortest : undefined;
  const distinct = [...new Set(windows.flatMap(({ long, short }) => [short, long]))]
    .filter((window) => window !== already) // application.ts records this one
    .sort((a, b) => seconds(a) - seconds(b));
  return distinct.map((window) => record(objective.name(window), objective.expr(window)));
}

function burnRateAlert(
  objective: Objective,
  window: BurnRateWindow,
  service: string,
  links: Links,
): AlertingRule {
  const own = matcher("service", service);
  const limit = round(window.factor * objective.budget);
  return alert(links, {
    alert: objective.alert,
    expr:
      `${objective.name(window.long)}{${own}} > ${limit} and ` +
      `${objective.name(window.short)}{${own}} > ${limit}`,
    firesAtOnceBecause: "the two windows already demand that the budget burns both long enough and now",
    severity: window.severity,
    labels: { service, slo: objective.slo, long_window: window.long, short_window: window.short },
    summary: `${service} uses up its ${objective.slo} budget ${window.factor} times too fast`,
    description:
      `{{ $value | humanizePercentage }} of the ${objective.subject} over ${window.long}, and the last ` +
      `${window.short} are no better. The objective allows ${round(objective.budget * 100)} %; ` +
      `${window.budgetUsed} of the budget of 30 days is gone.`,
    dashboard: { uid: DASHBOARD_UIDS.platformOverview, service },
  });
}

/** One group per objective of a service: error ratios over the windows, and the burn-rate alerts on them. */
export function sloRuleGroups(service: MonitoredServiceSettings, links: Links): RuleGroup[] {
  return objectives(service).map((objective) => {
    const windows = burnRateWindows(objective.budget, objective.shortest);
    return {
      name: `${service.name}.slo.${objective.slo}`,
      rules: [
        ...recordingRules(objective, windows),
        ...windows.map((window) => burnRateAlert(objective, window, service.name, links)),
      ],
    };
  });
}
