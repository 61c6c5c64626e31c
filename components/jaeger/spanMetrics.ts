/**
 * Metrics of the spans of each service: calls and durations by operation, kind and outcome. They count spans that were
 * recorded, so with sampling they are a part of all: ratios and durations hold, rates do not.
 */

/** Before the names of the metrics: `traces_span_metrics_calls_total`. */
export const spanMetricsNamespace = "traces.span.metrics";

/** The same as Prometheus has it. */
export const spanMetricsPrefix = "traces_span_metrics";

/** Bounds of the histogram: those of http_request_duration_seconds, so that the two can be compared. */
const buckets = [
  ...["5ms", "10ms", "25ms", "50ms", "100ms", "200ms", "300ms", "500ms", "750ms"],
  ...["1s", "2500ms", "5s", "10s"],
];

/** Series of one metric at most; further ones are counted together, as `otel_metric_overflow`. */
export const seriesLimit = 2000;

export function spanMetricsConnector(): object {
  return {
    namespace: spanMetricsNamespace,
    histogram: { unit: "s", explicit: { buckets } },
    // Besides service, operation, kind and status. Both have few values by their nature; a path or an id has not.
    dimensions: [{ name: "http.request.method" }, { name: "http.response.status_code" }],
    aggregation_cardinality_limit: seriesLimit,
    exemplars: { enabled: true, max_per_data_point: 5 },
    metrics_flush_interval: "15s",
    // A series of which nothing was heard is forgotten.
    metrics_expiration: "30m",
  };
}

/** Exemplars are told in the OpenMetrics format alone. */
export function spanMetricsExporter(endpoint: string): object {
  return { endpoint, enable_open_metrics: true, metric_expiration: "30m" };
}
