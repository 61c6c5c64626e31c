/** Short forms in which the metrics of others are declared. */
import type { LabelDefinition, MetricDefinition, MetricType } from "./types";

/** A label whose values are not listed. */
export const FREE: LabelDefinition = { description: "" };

/** One line per metric: labels as free ones by name, or with their bounded values. */
export function metric(
  name: string,
  type: MetricType,
  unit: string,
  help: string,
  labels: readonly string[] | Record<string, readonly string[]> = [],
): MetricDefinition {
  const entries = Array.isArray(labels)
    ? labels.map((label: string) => [label, FREE] as const)
    : Object.entries(labels).map(([label, values]) => [label, { description: "", values }] as const);
  return { name, type, unit, help, labels: Object.fromEntries(entries) };
}
