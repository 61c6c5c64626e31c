/**
 * Metrics of Jaeger: its own, looked up in the answers of 2.13, and those that it makes of spans. Of 2.20, in whose
 * collector (0.155) the memory limiter's have other names, looked up in its documentation.
 */
import { metric } from "./metric";
import { COLLECTOR, MEMORY_LIMITER } from "./openTelemetryCollector";
import type { MetricDefinition } from "./types";

const STORAGE = ["kind", "name", "role"];
const ERRORS = {
  source: ["all", "collector-proxy", "thrift", "proto", "write"],
  status: ["4xx", "5xx"],
};

/** Of a Jaeger that takes spans in. */
export const JAEGER_COLLECTOR: readonly MetricDefinition[] = [
  ...COLLECTOR,
  metric("otelcol_processor_refused_spans_total", "counter", "spans", "Refused, by the name of 2.13.", [
    "processor",
  ]),
  metric(
    "jaeger_remote_sampling_http_server_requests_total",
    "counter",
    "requests",
    "Answered by the sampling endpoint.",
    ["type"],
  ),
  metric(
    "jaeger_remote_sampling_http_server_errors_total",
    "counter",
    "requests",
    "That the sampling endpoint failed.",
    ERRORS,
  ),
];

/** Of a collector with tail sampling. */
export const JAEGER_TAIL_SAMPLING: readonly MetricDefinition[] = [
  metric(
    "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total",
    "counter",
    "traces",
    "Dropped before their decision.",
  ),
  metric(
    "otelcol_processor_tail_sampling_sampling_traces_on_memory",
    "gauge",
    "traces",
    "Waiting for their decision.",
  ),
];

/** Of a collector that writes to Elasticsearch. */
export const JAEGER_ELASTICSEARCH: readonly MetricDefinition[] = [
  metric(
    "jaeger_storage_bulk_index_errors_total",
    "counter",
    "documents",
    "Refused by Elasticsearch.",
    STORAGE,
  ),
  metric("jaeger_storage_bulk_index_latency_ok_seconds", "histogram", "seconds", "Writes done.", STORAGE),
  metric(
    "jaeger_storage_bulk_index_latency_err_seconds",
    "histogram",
    "seconds",
    "Writes that failed.",
    STORAGE,
  ),
];

/** Of a Jaeger with Badger. */
export const JAEGER_BADGER: readonly MetricDefinition[] = [
  metric("jaeger_storage_badger_key_log_bytes_available", "gauge", "bytes", "Left on the volume.", STORAGE),
];

/** Of a Jaeger that finds traces. */
export const JAEGER_QUERY: readonly MetricDefinition[] = [
  metric("jaeger_storage_requests_total", "counter", "requests", "To the storage.", [
    ...STORAGE,
    "operation",
    "result",
  ]),
  metric("jaeger_storage_latency_seconds", "histogram", "seconds", "Of requests to the storage.", [
    ...STORAGE,
    "operation",
    "result",
  ]),
];

const SPAN = [
  ...["service_name", "span_name", "span_kind", "status_code"],
  ...["http_request_method", "http_response_status_code", "otel_metric_overflow"],
];

/** Of spans, as Jaeger counts them; only of those that were recorded. */
export const SPAN_METRICS: readonly MetricDefinition[] = [
  metric("traces_span_metrics_calls_total", "counter", "spans", "Spans that ended.", SPAN),
  metric("traces_span_metrics_duration_seconds", "histogram", "seconds", "Duration of spans.", SPAN),
];

export const JAEGER: readonly MetricDefinition[] = [
  ...JAEGER_COLLECTOR,
  MEMORY_LIMITER,
  ...JAEGER_TAIL_SAMPLING,
  ...JAEGER_ELASTICSEARCH,
  ...JAEGER_BADGER,
  ...JAEGER_QUERY,
  ...SPAN_METRICS,
];
