/** Alerts on what every OpenTelemetry Collector does, Jaeger or the gateway before it, and on that gateway. */
import type { JaegerDefinition } from "./jaeger";
import { matcher, noneUp } from "./rule";

/** Alerts on taking spans in and handing them on. */
export function collectorAlerts(of: string): JaegerDefinition[] {
  const limiter = `${of},processor="memory_limiter"`;
  return [
    {
      alert: "SpansRefused",
      expr: `sum by (pod, receiver) (rate(otelcol_receiver_refused_spans_total{${of}}[5m])) > 0`,
      for: "5m",
      severity: "warning",
      summary: "{{ $labels.pod }} refuses spans",
      description:
        "{{ $value | humanize }} spans per second that came by {{ $labels.receiver }} are refused; senders try again, and lose them when that takes too long.",
    },
    {
      alert: "CollectorMemoryLimiterActive",
      // The first is the counter's name before collector 0.155, as in Jaeger 2.13, the second that since then.
      expr:
        `sum by (pod) (rate(otelcol_processor_refused_spans_total{${limiter}}[5m]) or ` +
        `rate(otelcol_processor_memory_limiter_refused_spans_total{${limiter}}[5m])) > 0`,
      for: "2m",
      severity: "warning",
      summary: "The memory of {{ $labels.pod }} is short",
      description:
        "Its memory limiter refuses {{ $value | humanize }} spans per second, so that it is not ended for lack of memory.",
    },
    {
      alert: "SpanQueueFilling",
      expr: `otelcol_exporter_queue_size{${of}} / otelcol_exporter_queue_capacity{${of}} > 0.6`,
      for: "5m",
      severity: "warning",
      summary: "The queue of {{ $labels.pod }} is filling",
      description:
        "{{ $value | humanizePercentage }} of the queue before {{ $labels.exporter }} are in use: more comes in than it takes.",
    },
    {
      alert: "SpanQueueFull",
      expr: `sum by (pod, exporter) (rate(otelcol_exporter_enqueue_failed_spans_total{${of}}[5m])) > 0`,
      for: "2m",
      severity: "critical",
      summary: "The queue of {{ $labels.pod }} is full",
      description:
        "{{ $value | humanize }} spans per second find no place in the queue before {{ $labels.exporter }} and are refused.",
    },
    {
      alert: "SpanExportFailing",
      expr: `sum by (pod, exporter) (rate(otelcol_exporter_send_failed_spans_total{${of}}[5m])) > 0`,
      for: "2m",
      severity: "critical",
      summary: "{{ $labels.pod }} loses spans",
      description:
        "{{ $value | humanize }} spans per second cannot be handed to {{ $labels.exporter }}, and are given up.",
    },
  ];
}

/**
 * Alerts on the gateway. Its volume needs none: the queue's file has a limit, and what it cannot hold is counted as
 * finding no place.
 */
export function gatewayAlerts(job: string): JaegerDefinition[] {
  const of = matcher("job", job);
  return [
    {
      alert: "TraceGatewayDown",
      expr: noneUp(job),
      for: "5m",
      severity: "critical",
      summary: "No trace gateway takes spans in",
      description: "No gateway has answered for 5 minutes: spans are lost once services can hold no more.",
    },
    {
      alert: "TraceGatewayStalled",
      // A queue that is empty for a moment in ten minutes is not stalled.
      expr:
        `sum by (pod) (min_over_time(otelcol_exporter_queue_size{${of}}[10m])) > 0 unless ` +
        `sum by (pod) (rate(otelcol_exporter_sent_spans_total{${of}}[10m])) > 0`,
      for: "5m",
      severity: "warning",
      summary: "{{ $labels.pod }} hands no spans on",
      description: "{{ $value | humanize1024 }}B of spans wait in its queue, and Jaeger takes none of them.",
    },
  ];
}
