/** Alerts on Jaeger: that it takes spans in, keeps them, finds them and tells services how many to record. */
import type { RuleGroup } from "../components/contribution";
import type { Quantity } from "../config/settings";
import { parseQuantity } from "../config/units";
import { collectorAlerts, gatewayAlerts } from "./collectors";
import { badgerAlerts, elasticsearchAlerts, queryAlerts } from "./jaegerStorage";
import {
  alert,
  type AlertDefinition,
  DASHBOARD_UIDS,
  type Links,
  matcher,
  matcherOfAny,
  noneUp,
  type Patience,
} from "./rule";

export interface JaegerRulesArgs {
  /** Scrape job of what takes spans in. */
  collectorJob: string;
  /** Scrape job of the gateway that takes spans in for the collector. @default there is none */
  gatewayJob?: string;
  /** Scrape job of what finds traces; the collector's where one process does both. */
  queryJob: string;
  /** Scrape job of the span metrics. */
  spanMetricsJob: string;
  /** Scrape job that asks the sampling endpoint. */
  probeJob: string;
  /** Size of Badger's volume, or the CronJob that deletes old indices. */
  storage:
    | { kind: "badger"; volumeSize: Quantity }
    | { kind: "elasticsearch"; namespace: string; indexCleaner: string };
  tailSampling: boolean;
  links: Links;
}

export type JaegerDefinition = Omit<AlertDefinition, "dashboard"> & Patience;

/** A group for what every Jaeger has, and one for what its storage and its tail sampling add. */
export function jaegerRuleGroups(args: JaegerRulesArgs): RuleGroup[] {
  const { storage, links } = args;
  const of = matcher("job", args.collectorJob);
  const apart = args.queryJob !== args.collectorJob;
  const groups: Record<string, JaegerDefinition[]> = {
    jaeger: [
      ...processAlerts(args, apart),
      ...collectorAlerts(
        matcherOfAny("job", [args.collectorJob, ...(args.gatewayJob ? [args.gatewayJob] : [])]),
      ),
      ...queryAlerts(matcher("job", args.queryJob)),
      ...samplingAlerts(args),
      ...spanMetricsAlerts(args.spanMetricsJob),
    ],
    ...(storage.kind === "badger"
      ? { "jaeger-badger": badgerAlerts(of, parseQuantity(storage.volumeSize), storage.volumeSize) }
      : { "jaeger-elasticsearch": elasticsearchAlerts(of, storage) }),
    ...(args.gatewayJob !== undefined && { "trace-gateway": gatewayAlerts(args.gatewayJob) }),
    ...(args.tailSampling && { "jaeger-tail-sampling": tailSamplingAlerts(of) }),
  };
  return Object.entries(groups).map(([name, definitions]) => ({
    name,
    rules: definitions.map((definition) =>
      alert(links, { ...definition, dashboard: { uid: DASHBOARD_UIDS.traces } }),
    ),
  }));
}

function processAlerts(
  { collectorJob, gatewayJob, queryJob }: JaegerRulesArgs,
  apart: boolean,
): JaegerDefinition[] {
  const meanwhile =
    gatewayJob === undefined
      ? "spans are lost once services can hold no more"
      : "spans wait in the gateway until its queue is full";
  return [
    {
      alert: "JaegerDown",
      expr: noneUp(collectorJob),
      for: "5m",
      severity: "critical",
      summary: "No Jaeger takes spans in",
      description: `No Jaeger has answered for 5 minutes: ${meanwhile}.`,
    },
    ...(apart
      ? [
          {
            alert: "JaegerQueryDown" as const,
            expr: noneUp(queryJob),
            for: "5m",
            severity: "warning" as const,
            summary: "No Jaeger finds traces",
            description: "No query has answered for 5 minutes: traces are kept, and nobody can look at them.",
          },
        ]
      : []),
  ];
}

function samplingAlerts({ collectorJob, probeJob }: JaegerRulesArgs): JaegerDefinition[] {
  const errors = `${matcher("job", collectorJob)},status="5xx"`;
  return [
    {
      alert: "JaegerSamplingDown",
      expr: `(max(probe_success{${matcher("job", probeJob)}}) or vector(0)) == 0`,
      for: "5m",
      severity: "warning",
      summary: "Services are not told how many traces to record",
      description:
        "The sampling endpoint has not answered for 5 minutes: services go on with the last ratio that they were told, new ones with the first.",
    },
    {
      alert: "JaegerSamplingErrors",
      expr: `sum by (pod, source) (rate(jaeger_remote_sampling_http_server_errors_total{${errors}}[5m])) > 0`,
      for: "10m",
      severity: "warning",
      summary: "The sampling endpoint of {{ $labels.pod }} fails",
      description:
        "It answers {{ $value | humanize }} requests per second with an error of its {{ $labels.source }}.",
    },
  ];
}

function spanMetricsAlerts(job: string): JaegerDefinition[] {
  const overflow = `${matcher("job", job)},otel_metric_overflow="true"`;
  return [
    {
      alert: "JaegerSpanMetricsOverflow",
      expr: `sum by (service_name) (increase(traces_span_metrics_calls_total{${overflow}}[15m])) > 0`,
      for: "5m",
      severity: "warning",
      summary: "The spans of {{ $labels.service_name }} have too many names",
      description:
        "Some are no longer counted by their name: the limit of series is reached. A path or an id is in a span's name.",
    },
    {
      alert: "NodeClockSkew",
      // A node's clock as it was read, against that of Prometheus, which stamps the scrape.
      expr: "abs(node_time_seconds - timestamp(node_time_seconds)) > 1",
      for: "10m",
      severity: "warning",
      summary: "The clock of {{ $labels.instance }} is wrong",
      description:
        "It differs from Prometheus' by {{ $value | humanizeDuration }}: spans of this node lie before or behind those that called them.",
    },
  ];
}

function tailSamplingAlerts(of: string): JaegerDefinition[] {
  return [
    {
      alert: "JaegerTracesDecidedEarly",
      expr:
        "sum by (pod) " +
        `(rate(otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total{${of}}[5m])) > 0`,
      for: "5m",
      severity: "warning",
      summary: "{{ $labels.pod }} cannot wait for traces to be complete",
      description:
        "{{ $value | humanize }} traces per second are dropped before their decision: more come than may wait. Errors are among them.",
    },
  ];
}

/** A service and how much of it is traced. */
export interface TracedService {
  name: string;
  /** Ratio of its traces that it records, 0 to 1. */
  sampling: number;
}

/** Traces that must be expected within a quarter of an hour before their absence means something. */
const expectedTraces = 20;

/** The alert on a service that gets requests and sends no spans; none for a service that records no traces. */
export function serviceTraceRuleGroups({ name, sampling }: TracedService, links: Links): RuleGroup[] {
  if (sampling <= 0) return [];
  const of = matcher("service", name);
  const least = Math.ceil((expectedTraces / (15 * 60) / sampling) * 1000) / 1000;
  return [
    {
      name: `${name}.traces`,
      rules: [
        alert(links, {
          alert: "JaegerSpansMissing",
          expr:
            `sum by (service) (rate(http_requests_total{${of}}[15m])) > ${least} unless on (service) ` +
            `sum by (service) (rate(traces_span_metrics_calls_total{${of}}[15m])) > 0`,
          for: "10m",
          severity: "warning",
          summary: `No spans of ${name} arrive`,
          description: `${name} answers {{ $value | humanize }} requests per second, and no span of it has come.`,
          dashboard: { uid: DASHBOARD_UIDS.traces, service: name },
        }),
      ],
    },
  ];
}
