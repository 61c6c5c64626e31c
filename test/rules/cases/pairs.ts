/** Cases in pairs: an alert that fires, and stays silent, on series with the same labels. */
import type { AlertCase } from "../alertCase";

type LabelValues = Record<string, string>;

export interface Firing {
  when: string;
  /** Values by metric, in promtool's notation. */
  series: Record<string, string>;
  /** As in an alert case. */
  description?: string;
  /** Labels of the alert. @default those of the series */
  labels?: LabelValues;
}

/** A selector of one series. */
export function seriesOf(metric: string, labels: LabelValues): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${metric}{${pairs.join(",")}}`;
}

/** Makes pairs of cases on metrics that begin with the prefix; `at` is when both are looked at. */
export function pairsOn(prefix: string) {
  return (
    alert: string,
    labels: LabelValues,
    at: string,
    fires: Firing,
    silent: Pick<Firing, "when" | "series">,
  ): AlertCase[] => {
    const series = (values: Firing["series"]) =>
      Object.fromEntries(
        Object.entries(values).map(([metric, value]) => [seriesOf(prefix + metric, labels), value]),
      );
    const { description } = fires;
    const firing = { labels: fires.labels ?? labels, ...(description !== undefined && { description }) };
    return [
      { alert, when: fires.when, series: series(fires.series), at, firing: [firing] },
      { alert, when: silent.when, series: series(silent.series), at, firing: [] },
    ];
  };
}
