import type { CaseFile } from "../alertCase";
import { pairsOn, seriesOf } from "./pairs";

const pair = pairsOn("");

const target = { namespace: "bilten-monitoring", instance: "10.0.0.41:8888" };
const store = { kind: "elasticsearch", name: "traces", role: "tracestore" };
const writer = { ...target, job: "jaeger-collector", pod: "jaeger-collector-a", ...store };
const reader = { ...target, job: "jaeger-query", pod: "jaeger-query-a", ...store, operation: "find_traces" };
const badger = { ...target, job: "jaeger", pod: "jaeger-0", ...store, kind: "badger" };
const cleaner = {
  job: "kube-state-metrics",
  namespace: "bilten-monitoring",
  cronjob: "jaeger-index-cleaner",
};
const requests = (result: string) => seriesOf("jaeger_storage_requests_total", { ...reader, result });

const errors = "jaeger_storage_bulk_index_errors_total";
const failed = "jaeger_storage_bulk_index_latency_err_seconds_count";
const writes = "jaeger_storage_bulk_index_latency_ok_seconds";
const reads = "jaeger_storage_latency_seconds";

export const jaegerStorage: CaseFile = {
  subject: "jaeger",
  cases: [
    ...pair(
      "JaegerStorageErrors",
      writer,
      "15m",
      {
        when: "Elasticsearch does not answer, which counts no document as failed",
        series: { [failed]: "0+1x20", [errors]: "0x20" },
        labels: { pod: "jaeger-collector-a" },
        description: "5 writes within 5 minutes failed: Elasticsearch does not answer, or refuses the spans.",
      },
      { when: "it failed once, long ago", series: { [failed]: "1x20", [errors]: "5x20" } },
    ),
    ...pair(
      "JaegerStorageErrors",
      writer,
      "15m",
      {
        when: "Elasticsearch refuses documents",
        series: { [errors]: "0+2x20" },
        labels: { pod: "jaeger-collector-a" },
        description:
          "10 writes within 5 minutes failed: Elasticsearch does not answer, or refuses the spans.",
      },
      { when: "it takes all", series: { [errors]: "0x20" } },
    ),
    ...pair(
      "JaegerStorageSlow",
      writer,
      "20m",
      {
        when: "a write takes three seconds",
        series: { [`${writes}_sum`]: "0+180x30", [`${writes}_count`]: "0+60x30" },
        labels: { pod: "jaeger-collector-a" },
        description: "A write takes 3s on average.",
      },
      {
        when: "a write takes half a second",
        series: { [`${writes}_sum`]: "0+30x30", [`${writes}_count`]: "0+60x30" },
      },
    ),
    ...pair(
      "JaegerIndexCleanerFailing",
      cleaner,
      "90m",
      {
        when: "it last succeeded more than two days ago",
        series: {
          kube_cronjob_status_last_successful_time: "-180000x90",
          kube_cronjob_created: "-900000x90",
        },
        labels: {},
        description:
          "The index cleaner last succeeded 2d 3h 30m 0s ago: Elasticsearch's disks fill with traces.",
      },
      {
        when: "it succeeded yesterday",
        series: { kube_cronjob_status_last_successful_time: "-86400x90", kube_cronjob_created: "-900000x90" },
      },
    ),
    ...pair(
      "JaegerIndexCleanerFailing",
      cleaner,
      "90m",
      {
        when: "it never succeeded in the two days that it is there",
        series: { kube_cronjob_created: "-180000x90" },
        labels: {},
        description:
          "The index cleaner last succeeded 2d 3h 30m 0s ago: Elasticsearch's disks fill with traces.",
      },
      { when: "it is there since yesterday", series: { kube_cronjob_created: "-86400x90" } },
    ),
    ...pair(
      "JaegerVolumeFilling",
      badger,
      "30m",
      {
        when: "a tenth of it is left",
        series: { jaeger_storage_badger_key_log_bytes_available: "107374182x40" },
        description: "10% of 1Gi are left; when it is full, no span is written.",
      },
      {
        when: "half of it is left",
        series: { jaeger_storage_badger_key_log_bytes_available: "536870912x40" },
      },
    ),
    {
      alert: "JaegerQueriesFailing",
      when: "a tenth of the requests fails",
      series: { [requests("err")]: "0+6x20", [requests("ok")]: "0+54x20" },
      at: "15m",
      firing: [
        {
          labels: { pod: "jaeger-query-a" },
          description: "10% of its requests to the storage fail.",
        },
      ],
    },
    {
      alert: "JaegerQueriesFailing",
      when: "one in a hundred fails",
      series: { [requests("err")]: "0+1x20", [requests("ok")]: "0+99x20" },
      at: "15m",
      firing: [],
    },
    ...pair(
      "JaegerQueriesSlow",
      { ...reader, result: "ok" },
      "20m",
      {
        when: "a search takes eight seconds",
        series: { [`${reads}_sum`]: "0+480x30", [`${reads}_count`]: "0+60x30" },
        labels: { pod: "jaeger-query-a", operation: "find_traces" },
        description: "The operation find_traces takes 8s on average.",
      },
      {
        when: "a search takes a second",
        series: { [`${reads}_sum`]: "0+60x30", [`${reads}_count`]: "0+60x30" },
      },
    ),
    {
      alert: "JaegerSpansMissing",
      when: "a service answers requests and sends no span",
      series: {
        'http_requests_total{service="bilten-api",method="GET",route="/",status_code="200"}': "0+120x60",
        'traces_span_metrics_calls_total{service="bilten-api",span_name="GET /"}': "100x60",
      },
      at: "45m",
      firing: [
        {
          labels: { service: "bilten-api" },
          description: "bilten-api answers 2 requests per second, and no span of it has come.",
        },
      ],
    },
    {
      alert: "JaegerSpansMissing",
      when: "a tenth of the requests is traced",
      series: {
        'http_requests_total{service="bilten-api",method="GET",route="/",status_code="200"}': "0+60x60",
        'traces_span_metrics_calls_total{service="bilten-api",span_name="GET /"}': "0+6x60",
      },
      at: "45m",
      firing: [],
    },
    {
      alert: "JaegerSpansMissing",
      when: "there are too few requests for a trace to be expected",
      series: {
        'http_requests_total{service="bilten-api",method="GET",route="/",status_code="200"}': "0+6x60",
      },
      at: "45m",
      firing: [],
    },
  ],
};
