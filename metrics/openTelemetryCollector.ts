/** Metrics that every OpenTelemetry Collector has of itself, looked up in the answers of Jaeger 2.13 and of collector 0.165. */
import { metric } from "./metric";
import type { MetricDefinition } from "./types";

export const COLLECTOR: readonly MetricDefinition[] = [
  metric("otelcol_receiver_accepted_spans_total", "counter", "spans", "Taken in.", ["receiver", "transport"]),
  metric("otelcol_receiver_refused_spans_total", "counter", "spans", "Refused, to be sent again.", [
    "receiver",
    "transport",
  ]),
  metric("otelcol_exporter_queue_size", "gauge", "bytes", "Waiting to be written.", [
    "data_type",
    "exporter",
  ]),
  metric("otelcol_exporter_queue_capacity", "gauge", "bytes", "That may wait.", ["data_type", "exporter"]),
  metric("otelcol_exporter_enqueue_failed_spans_total", "counter", "spans", "No place in the queue.", [
    "exporter",
  ]),
  metric("otelcol_exporter_send_failed_spans_total", "counter", "spans", "Given up.", ["exporter"]),
  metric("otelcol_exporter_sent_spans_total", "counter", "spans", "Handed on.", ["exporter"]),
  metric("otelcol_process_memory_rss_bytes", "gauge", "bytes", "Memory in use."),
];

/** By the name that it has since collector 0.155. */
export const MEMORY_LIMITER: MetricDefinition = metric(
  "otelcol_processor_memory_limiter_refused_spans_total",
  "counter",
  "spans",
  "Refused for lack of memory.",
  ["processor"],
);

/** Of the trace gateway. */
export const TRACE_GATEWAY: readonly MetricDefinition[] = [...COLLECTOR, MEMORY_LIMITER];

/** Those of it that are there only once something was refused or given up. */
export const TRACE_GATEWAY_REFUSALS = /enqueue_failed|memory_limiter_refused|send_failed/;
