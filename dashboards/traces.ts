/** "Traces": what the spans of the services tell, and how Jaeger does with them. */
import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { DASHBOARD_UIDS, matcher, matcherOfAny } from "../alerts/rule";
import type { Dashboard } from "../components/contribution";
import { dashboard, FOLDER, numbered, serviceVariable, stat, timeseries, UNITS } from "./panels";
import type { PanelDefinition } from "./panels";

const OF = 'service=~"$service"';
const RATE = "[$__rate_interval]";
const SAMPLED = "Of recorded spans, so with sampling of a part of the requests.";

export interface TracesArgs {
  /** Scrape job of the Jaeger that takes spans in. */
  collectorJob: string;
  /** Scrape job of the gateway before it. @default there is none */
  gatewayJob?: string;
}

/** Of what takes spans in, and of all that spans go through. */
const now = (entry: string, all: string): Parameters<typeof stat>[0][] => [
  {
    title: "Spans Taken In",
    description: "Spans that are taken in per second, from all services.",
    unit: UNITS.perSecond,
    width: 6,
    queries: [{ expr: `sum(rate(otelcol_receiver_accepted_spans_total{${entry}}[5m]))`, legend: "taken in" }],
  },
  {
    title: "Spans Refused",
    description: "Spans that services must send again, per second. SpansRefused warns when there are any.",
    unit: UNITS.perSecond,
    width: 6,
    thresholds: [
      { value: null, color: "green" },
      { value: 0.001, color: "red" },
    ],
    queries: [{ expr: `sum(rate(otelcol_receiver_refused_spans_total{${entry}}[5m]))`, legend: "refused" }],
  },
  {
    title: "Fullest Queue",
    description: "Share of the fullest queue on the way to the storage. SpanQueueFilling warns above 60 %.",
    unit: UNITS.ratio,
    width: 6,
    thresholds: [
      { value: null, color: "green" },
      { value: 0.6, color: "orange" },
      { value: 0.9, color: "red" },
    ],
    queries: [
      {
        expr: `max(otelcol_exporter_queue_size{${all}} / otelcol_exporter_queue_capacity{${all}})`,
        legend: "in use",
      },
    ],
  },
  {
    title: "Sampling Endpoint",
    description: "1 when services are told how many traces to record. JaegerSamplingDown warns when it is 0.",
    unit: UNITS.count,
    width: 6,
    thresholds: [
      { value: null, color: "red" },
      { value: 1, color: "green" },
    ],
    queries: [{ expr: 'max(probe_success{job="jaeger-sampling"})', legend: "answers" }],
  },
];

const SERVICES: PanelDefinition[] = [
  {
    title: "Spans by Operation",
    description: `Requests that each operation served per second. ${SAMPLED}`,
    unit: UNITS.perSecond,
    width: 12,
    queries: [
      {
        expr: `sum by (service, span_name) (rate(traces_span_metrics_calls_total{${OF},span_kind="SPAN_KIND_SERVER"}${RATE}))`,
        legend: "{{service}} {{span_name}}",
      },
    ],
  },
  {
    title: "Failed Spans",
    description: `Share of the requests served by each operation that failed. ${SAMPLED}`,
    unit: UNITS.ratio,
    width: 12,
    queries: [
      {
        expr:
          `sum by (service, span_name) (rate(traces_span_metrics_calls_total{${OF},span_kind="SPAN_KIND_SERVER",status_code="STATUS_CODE_ERROR"}${RATE})) / ` +
          `sum by (service, span_name) (rate(traces_span_metrics_calls_total{${OF},span_kind="SPAN_KIND_SERVER"}${RATE}))`,
        legend: "{{service}} {{span_name}}",
      },
    ],
  },
  {
    title: "Duration of Operations",
    description: `95th percentile of each operation; its points lead to traces. ${SAMPLED}`,
    unit: UNITS.seconds,
    width: 12,
    exemplars: true,
    queries: [
      {
        expr: `histogram_quantile(0.95, sum by (le, service, span_name) (rate(traces_span_metrics_duration_seconds_bucket{${OF},span_kind="SPAN_KIND_SERVER"}${RATE})))`,
        legend: "{{service}} {{span_name}}",
      },
    ],
  },
  {
    title: "Duration of Calls",
    description: `95th percentile of what services wait for: databases, caches, other services. ${SAMPLED}`,
    unit: UNITS.seconds,
    width: 12,
    exemplars: true,
    queries: [
      {
        expr: `histogram_quantile(0.95, sum by (le, service, span_name) (rate(traces_span_metrics_duration_seconds_bucket{${OF},span_kind="SPAN_KIND_CLIENT"}${RATE})))`,
        legend: "{{service}} {{span_name}}",
      },
    ],
  },
];

/** What a collector takes in and hands on, what waits in it, and its memory. */
function collector(title: string, job: string, next: string): PanelDefinition[] {
  const of = matcher("job", job);
  const rate = (metric: string) => `sum(rate(${metric}{${of}}${RATE}))`;
  return [
    {
      title: `In and Out of ${title}`,
      description: `Spans that are taken in, refused, handed to ${next} and given up, per second.`,
      unit: UNITS.perSecond,
      width: 12,
      queries: [
        { expr: rate("otelcol_receiver_accepted_spans_total"), legend: "taken in" },
        { expr: rate("otelcol_receiver_refused_spans_total"), legend: "refused" },
        { expr: rate("otelcol_exporter_sent_spans_total"), legend: `handed to ${next}` },
        { expr: rate("otelcol_exporter_send_failed_spans_total"), legend: "given up" },
      ],
    },
    {
      title: `Queue before ${next}`,
      description: "How full the queue of each is. SpanQueueFull warns when spans find no place.",
      unit: UNITS.ratio,
      width: 12,
      queries: [
        {
          expr: `otelcol_exporter_queue_size{${of}} / otelcol_exporter_queue_capacity{${of}}`,
          legend: "{{pod}}",
        },
      ],
    },
  ];
}

const memory = (all: string): PanelDefinition => ({
  title: "Memory",
  description:
    "Memory of what spans go through. CollectorMemoryLimiterActive warns when it is so short that spans are refused.",
  unit: UNITS.bytes,
  width: 12,
  queries: [{ expr: `otelcol_process_memory_rss_bytes{${all}}`, legend: "{{pod}}" }],
});

const SEARCHES: PanelDefinition[] = [
  {
    title: "Jaeger's Searches",
    description: "Mean duration of what Jaeger asks its storage for. JaegerQueriesSlow warns above 5 s.",
    unit: UNITS.seconds,
    width: 12,
    queries: [
      {
        expr:
          `sum by (operation) (rate(jaeger_storage_latency_seconds_sum${RATE})) / ` +
          `sum by (operation) (rate(jaeger_storage_latency_seconds_count${RATE}))`,
        legend: "{{operation}}",
      },
    ],
  },
];

/** The dashboard on traces. Only for stacks that have Jaeger. */
export function traces({ collectorJob, gatewayJob }: TracesArgs): Dashboard {
  const jobs = gatewayJob === undefined ? [collectorJob] : [gatewayJob, collectorJob];
  const all = matcherOfAny("job", jobs);
  const builder = dashboard(
    DASHBOARD_UIDS.traces,
    "Traces",
    "What the spans of the services tell, and how Jaeger does with them.",
  )
    .withVariable(serviceVariable())
    .withRow(new RowBuilder("Now"));
  for (const definition of now(matcher("job", jobs[0] ?? collectorJob), all))
    builder.withPanel(stat(definition));
  const rows: [string, PanelDefinition[]][] = [
    ["Services", SERVICES],
    ...(gatewayJob === undefined
      ? []
      : [["Gateway", collector("the Gateway", gatewayJob, "Jaeger")] as [string, PanelDefinition[]]]),
    ["Jaeger", [...collector("Jaeger", collectorJob, "the Storage"), memory(all), ...SEARCHES]],
  ];
  for (const [row, panels] of rows) {
    builder.withRow(new RowBuilder(row));
    for (const definition of panels) builder.withPanel(timeseries(definition));
  }
  return { uid: DASHBOARD_UIDS.traces, title: "Traces", folder: FOLDER, model: numbered(builder) };
}
