import type { CaseFile } from "../alertCase";
import { pairsOn, seriesOf } from "./pairs";

const pair = pairsOn("");

const collector = {
  job: "jaeger-collector",
  namespace: "bilten-monitoring",
  pod: "jaeger-collector-a",
  instance: "10.0.0.41:8888",
};
const otlp = { ...collector, receiver: "otlp", transport: "grpc" };
const limiter = { ...collector, processor: "memory_limiter" };
const exporter = { ...collector, exporter: "jaeger_storage_exporter" };
const queue = { ...exporter, data_type: "traces" };
const probe = {
  job: "jaeger-sampling",
  instance: "http://jaeger-collector.bilten-monitoring.svc:5778/sampling",
};
const overflow = { job: "jaeger-spans", service_name: "bilten-api", otel_metric_overflow: "true" };
const pod = { pod: "jaeger-collector-a" };
const gateway = { job: "trace-gateway", namespace: "bilten-monitoring", pod: "trace-gateway-0" };
const gatewayQueue = { ...gateway, exporter: "otlp_grpc/traces", data_type: "traces" };

export const jaeger: CaseFile = {
  subject: "jaeger",
  cases: [
    {
      alert: "TraceGatewayDown",
      when: "no gateway answers, though Jaeger does",
      series: { [seriesOf("up", gateway)]: "0x20", [seriesOf("up", collector)]: "1x20" },
      at: "15m",
      firing: [{}],
    },
    {
      alert: "TraceGatewayDown",
      when: "one of two answers",
      series: {
        [seriesOf("up", gateway)]: "1x20",
        [seriesOf("up", { ...gateway, pod: "trace-gateway-1" })]: "0x20",
      },
      at: "15m",
      firing: [],
    },
    {
      alert: "TraceGatewayStalled",
      when: "spans wait, and none are handed on",
      series: {
        [seriesOf("otelcol_exporter_queue_size", gatewayQueue)]: "1048576x30",
        [seriesOf("otelcol_exporter_sent_spans_total", gatewayQueue)]: "500x30",
      },
      at: "25m",
      firing: [
        {
          labels: { pod: "trace-gateway-0" },
          description: "1MiB of spans wait in its queue, and Jaeger takes none of them.",
        },
      ],
    },
    {
      alert: "TraceGatewayStalled",
      when: "spans wait since it was started, and none were ever handed on",
      series: { [seriesOf("otelcol_exporter_queue_size", gatewayQueue)]: "1048576x30" },
      at: "25m",
      firing: [
        {
          labels: { pod: "trace-gateway-0" },
          description: "1MiB of spans wait in its queue, and Jaeger takes none of them.",
        },
      ],
    },
    {
      alert: "TraceGatewayStalled",
      when: "spans wait, and others are handed on",
      series: {
        [seriesOf("otelcol_exporter_queue_size", gatewayQueue)]: "1048576x30",
        [seriesOf("otelcol_exporter_sent_spans_total", gatewayQueue)]: "0+60x30",
      },
      at: "25m",
      firing: [],
    },
    {
      alert: "TraceGatewayStalled",
      when: "nothing waits in a quiet night",
      series: {
        [seriesOf("otelcol_exporter_queue_size", gatewayQueue)]: "900 0x30",
        [seriesOf("otelcol_exporter_sent_spans_total", gatewayQueue)]: "500x30",
      },
      at: "25m",
      firing: [],
    },
    ...pair(
      "SpanQueueFull",
      { ...gateway, exporter: "otlp_grpc/traces" },
      "10m",
      {
        when: "spans find no place in the gateway",
        series: { otelcol_exporter_enqueue_failed_spans_total: "0+120x20" },
        labels: { pod: "trace-gateway-0", exporter: "otlp_grpc/traces" },
        description: "2 spans per second find no place in the queue before otlp_grpc/traces and are refused.",
      },
      {
        when: "none was refused by the gateway lately",
        series: { otelcol_exporter_enqueue_failed_spans_total: "120x20" },
      },
    ),
    {
      alert: "JaegerDown",
      when: "the only collector has ended",
      series: { [seriesOf("up", collector)]: "1x3 0x20" },
      at: "15m",
      firing: [{}],
    },
    { alert: "JaegerDown", when: "there is none at all", series: {}, at: "15m", firing: [{}] },
    {
      alert: "JaegerDown",
      when: "one of two answers",
      series: {
        [seriesOf("up", collector)]: "1x20",
        [seriesOf("up", { ...collector, pod: "jaeger-collector-b" })]: "0x20",
      },
      at: "15m",
      firing: [],
    },
    {
      alert: "JaegerQueryDown",
      when: "no query answers, though collectors do",
      series: {
        [seriesOf("up", { ...collector, job: "jaeger-query" })]: "0x20",
        [seriesOf("up", collector)]: "1x20",
      },
      at: "15m",
      firing: [{}],
    },
    {
      alert: "JaegerQueryDown",
      when: "a query answers",
      series: { [seriesOf("up", { ...collector, job: "jaeger-query" })]: "1x20" },
      at: "15m",
      firing: [],
    },
    ...pair(
      "SpansRefused",
      otlp,
      "15m",
      {
        when: "ten spans a second are refused",
        series: { otelcol_receiver_refused_spans_total: "0+600x20" },
        labels: { ...pod, receiver: "otlp" },
        description:
          "10 spans per second that came by otlp are refused; senders try again, and lose them when that takes too long.",
      },
      { when: "some were refused long ago", series: { otelcol_receiver_refused_spans_total: "900x20" } },
    ),
    ...pair(
      "CollectorMemoryLimiterActive",
      limiter,
      "15m",
      {
        when: "it refuses, by the name of 2.13",
        series: { otelcol_processor_refused_spans_total: "0+60x20" },
        labels: pod,
        description:
          "Its memory limiter refuses 1 spans per second, so that it is not ended for lack of memory.",
      },
      { when: "it refused long ago", series: { otelcol_processor_refused_spans_total: "60x20" } },
    ),
    ...pair(
      "CollectorMemoryLimiterActive",
      limiter,
      "15m",
      {
        when: "it refuses, by the name of 2.20",
        series: { otelcol_processor_memory_limiter_refused_spans_total: "0+60x20" },
        labels: pod,
        description:
          "Its memory limiter refuses 1 spans per second, so that it is not ended for lack of memory.",
      },
      {
        when: "another processor refuses",
        series: { otelcol_processor_memory_limiter_refused_spans_total: "60x20" },
      },
    ),
    ...pair(
      "SpanQueueFilling",
      queue,
      "15m",
      {
        when: "it is 70 % full",
        series: { otelcol_exporter_queue_size: "70x20", otelcol_exporter_queue_capacity: "100x20" },
        description:
          "70% of the queue before jaeger_storage_exporter are in use: more comes in than it takes.",
      },
      {
        when: "it is full for a moment, as in a burst",
        series: { otelcol_exporter_queue_size: "95x2 10x20", otelcol_exporter_queue_capacity: "100x20" },
      },
    ),
    ...pair(
      "SpanQueueFull",
      exporter,
      "10m",
      {
        when: "spans find no place",
        series: { otelcol_exporter_enqueue_failed_spans_total: "0+120x20" },
        labels: { ...pod, exporter: "jaeger_storage_exporter" },
        description:
          "2 spans per second find no place in the queue before jaeger_storage_exporter and are refused.",
      },
      { when: "none was refused lately", series: { otelcol_exporter_enqueue_failed_spans_total: "120x20" } },
    ),
    ...pair(
      "SpanExportFailing",
      exporter,
      "10m",
      {
        when: "spans are given up",
        series: { otelcol_exporter_send_failed_spans_total: "0+60x20" },
        labels: { ...pod, exporter: "jaeger_storage_exporter" },
        description: "1 spans per second cannot be handed to jaeger_storage_exporter, and are given up.",
      },
      { when: "all are written", series: { otelcol_exporter_send_failed_spans_total: "0x20" } },
    ),
    ...pair(
      "JaegerSamplingDown",
      probe,
      "15m",
      { when: "it does not answer", series: { probe_success: "0x20" }, labels: {} },
      { when: "it answers", series: { probe_success: "1x20" } },
    ),
    { alert: "JaegerSamplingDown", when: "nobody asks it", series: {}, at: "15m", firing: [{}] },
    ...pair(
      "JaegerSamplingErrors",
      { ...collector, source: "write", status: "5xx" },
      "20m",
      {
        when: "it answers with errors of its own",
        series: { jaeger_remote_sampling_http_server_errors_total: "0+60x30" },
        labels: { ...pod, source: "write" },
        description: "It answers 1 requests per second with an error of its write.",
      },
      { when: "it does not any more", series: { jaeger_remote_sampling_http_server_errors_total: "60x30" } },
    ),
    {
      alert: "JaegerSamplingErrors",
      when: "services ask it for nothing that there is",
      series: {
        [seriesOf("jaeger_remote_sampling_http_server_errors_total", {
          ...collector,
          source: "all",
          status: "4xx",
        })]: "0+60x30",
      },
      at: "20m",
      firing: [],
    },
    ...pair(
      "JaegerSpanMetricsOverflow",
      overflow,
      "25m",
      {
        when: "spans are counted without their name",
        series: { traces_span_metrics_calls_total: "0+10x30" },
        labels: { service_name: "bilten-api" },
      },
      { when: "none is any more", series: { traces_span_metrics_calls_total: "10x30" } },
    ),
    ...pair(
      "JaegerTracesDecidedEarly",
      collector,
      "15m",
      {
        when: "traces are dropped before their decision",
        series: { otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total: "0+60x20" },
        labels: pod,
        description:
          "1 traces per second are dropped before their decision: more come than may wait. Errors are among them.",
      },
      {
        when: "all wait long enough",
        series: { otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total: "5x20" },
      },
    ),
    ...pair(
      "NodeClockSkew",
      { job: "node-exporter", instance: "node-1", node: "node-1" },
      "15m",
      {
        when: "a clock is ahead by five seconds",
        series: { node_time_seconds: "5+60x20" },
        description:
          "It differs from Prometheus' by 5s: spans of this node lie before or behind those that called them.",
      },
      { when: "a clock is right", series: { node_time_seconds: "0+60x20" } },
    ),
  ],
};
