/** How a metric is declared. */

export type MetricType = "counter" | "gauge" | "histogram" | "summary";

export interface LabelDefinition {
  /** What the label says. */
  description: string;
  /** All values that may occur. Without, the label is free, and its number of values is bounded in another way. */
  values?: readonly string[];
}

export interface MetricDefinition {
  /** As Prometheus stores it; a histogram without `_bucket`, `_sum` and `_count`. */
  name: string;
  type: MetricType;
  /** Base unit of the value: `seconds`, `bytes`, `requests`, ... */
  unit: string;
  help: string;
  /** Labels that the source of the metric sets, by name. Those of the target come on top. */
  labels: Readonly<Record<string, LabelDefinition>>;
  /** Upper bounds of a histogram's buckets, in `unit`, without `+Inf`. */
  buckets?: readonly number[];
}

/** What rules and dashboards may select. */
export interface Catalogue {
  metrics: readonly MetricDefinition[];
  /** Labels that every scraped series may carry, from discovery and relabelling. */
  targetLabels: Readonly<Record<string, LabelDefinition>>;
}
