import { api, type Case } from "./problemCases";

const on = { tracesEnabled: true };
const onElasticsearch = { ...on, logsEnabled: true, traceStorage: "elasticsearch" };
/** What prod needs besides its traces. */
const production = {
  ...onElasticsearch,
  environment: "prod",
  prometheusReplicas: 2,
  alertmanagerReplicas: 3,
  elasticsearchReplicas: 3,
  logstashReplicas: 2,
  jaegerCollectorReplicas: 2,
  jaegerQueryReplicas: 2,
  traceGatewayReplicas: 2,
};
const encrypted = ["smtpPassword", "slackWebhookUrl"];
const tracing = (value: object) => ({ services: [{ ...api, tracing: value }] });

/** Settings about traces that are wrong on their own, whether there is a Jaeger or not. */
export const traceValueCases: Case[] = [
  {
    what: "a storage that Jaeger is not given",
    raw: { traceStorage: "cassandra" },
    path: "traceStorage",
    value: '"cassandra"',
    expected: /^badger or elasticsearch$/,
    example: "elasticsearch",
  },
  {
    what: "a share of traces beyond all",
    raw: { traceSampling: { default: "110%" } },
    path: "traceSampling.default",
    value: '"110%"',
    expected: /^a percentage from 0% to 100%$/,
    example: "10%",
  },
  {
    what: "an operation without its share",
    raw: { traceSampling: { operations: [{ operation: "/api/events" }] } },
    path: "traceSampling.operations[0].sampling",
    expected: /^a percentage from 0% to 100%$/,
    example: "50%",
  },
  {
    what: "a service's share as a ratio",
    raw: tracing({ sampling: 0.1 }),
    path: "services[0].tracing.sampling",
    value: "0.1",
    expected: /^a percentage/,
  },
  {
    what: "an operation with a space at its end, which no span has",
    raw: tracing({ operations: [{ operation: "/api/orders ", sampling: "50%" }] }),
    path: "services[0].tracing.operations[0].operation",
    value: '"/api/orders "',
    expected: /^the name of an operation/,
  },
  {
    what: "a baggage key that no header can hold",
    raw: { traceBaggage: [{ name: "request id" }] },
    path: "traceBaggage[0].name",
    value: '"request id"',
    expected: /^a key of baggage/,
  },
  {
    what: "an origin with a path",
    raw: { traceBrowsers: { origins: ["https://bilten.com/shop"], ingressNamespace: "ingress-nginx" } },
    path: "traceBrowsers.origins[0]",
    value: '"https://bilten.com/…"',
    expected: /^an origin/,
    example: "https://bilten.com",
  },
  {
    what: "browsers that come from nowhere",
    raw: { traceBrowsers: { origins: ["https://bilten.com"] } },
    path: "traceBrowsers.ingressNamespace",
    expected: /^a Kubernetes namespace name/,
  },
];

/** Settings about traces that are wrong only together, in their environment, or because there is a Jaeger. */
export const traceRelationCases: Case[] = [
  {
    what: "Badger in prod",
    raw: { ...production, traceStorage: "badger", jaegerCollectorReplicas: 1, jaegerQueryReplicas: 1 },
    encrypted,
    path: "traceStorage",
    value: '"badger"',
    expected: /^elasticsearch in environment prod/,
  },
  {
    what: "traces in an Elasticsearch that is not there",
    raw: { ...onElasticsearch, logsEnabled: false },
    path: "traceStorage",
    value: '"elasticsearch"',
    expected: /^badger while logsEnabled is false/,
  },
  {
    what: "several processes for the files of one",
    raw: { ...on, jaegerCollectorReplicas: 2 },
    path: "jaegerCollectorReplicas",
    value: "2",
    expected: /^1 with traceStorage badger/,
    example: "1",
  },
  {
    what: "several queries for the files of one process",
    raw: { ...on, jaegerQueryReplicas: 3 },
    path: "jaegerQueryReplicas",
    value: "3",
    expected: /^1 with traceStorage badger/,
  },
  ...Object.entries({
    collector: "jaegerCollectorReplicas",
    query: "jaegerQueryReplicas",
    gateway: "traceGatewayReplicas",
  }).map(([what, setting]) => ({
    what: `one ${what} in prod`,
    raw: { ...production, [setting]: 1 },
    encrypted,
    path: setting,
    value: "1",
    expected: /^2 or more in environment prod$/,
    example: "2",
  })),
  {
    what: "a volume that no queue fits on",
    raw: { ...onElasticsearch, traceGatewayVolumeSize: "512Mi" },
    path: "traceGatewayVolumeSize",
    value: '"512Mi"',
    expected: /^at least 1Gi/,
    example: "1Gi",
  },
  {
    what: "a queue that is full before anybody could do anything",
    raw: {
      ...onElasticsearch,
      elasticsearchVolumeSize: "10Ti",
      traceGatewayVolumeSize: "2Gi",
      ...tracing({ spansPerSecond: 100_000 }),
    },
    path: "traceGatewayVolumeSize",
    value: '"2Gi"',
    expected:
      /^a size that holds an hour of spans on one gateway: 2 minutes fit of the 10000\.0 spans per second/,
    example: "42Gi",
  },
  {
    what: "a volume that Badger fills before the retention ends",
    raw: { ...on, jaegerVolumeSize: "10Gi", ...tracing({ spansPerSecond: 1000 }) },
    path: "jaegerVolumeSize",
    value: '"10Gi"',
    expected: /^a size that holds 7d of traces: 100\.0 spans per second .* take 70\.4 GiB/,
    example: "71Gi",
  },
  {
    what: "logs and traces that do not fit beside each other",
    raw: {
      ...onElasticsearch,
      traceRetention: "14d",
      traceGatewayVolumeSize: "20Gi",
      ...tracing({ spansPerSecond: 10_000 }),
    },
    path: "elasticsearchVolumeSize",
    value: '"40Gi"',
    expected:
      /^a size that holds 30d of logs on one node: 0\.0 lines per second fit, .* beside 603\.5 GiB of traces/,
  },
  {
    what: "a gateway without memory for its batches",
    raw: { ...onElasticsearch, resources: { "trace-gateway": { limits: { memory: "128Mi" } } } },
    path: "resources.trace-gateway.limits.memory",
    value: '"128Mi"',
    expected: /^at least 256Mi/,
    example: "256Mi",
  },
  {
    what: "traces whose spans are judged in several collectors",
    raw: { ...production, traceTailSampling: {} },
    encrypted,
    path: "jaegerCollectorReplicas",
    value: "2",
    expected: /^1 with traceTailSampling/,
  },
  {
    what: "half a day in daily indices",
    raw: { ...onElasticsearch, traceRetention: "36h" },
    path: "traceRetention",
    value: '"36h"',
    expected: /^whole days with traceStorage elasticsearch/,
    example: "1d",
  },
  {
    what: "more waiting traces than memory for them",
    raw: { ...on, traceTailSampling: { maxTraces: 100000 } },
    path: "traceTailSampling.maxTraces",
    value: "100000",
    expected: /^at most 10922: each is expected to take 32 KiB, and a third of the memory of jaeger \(1Gi\)/,
    example: "10922",
  },
  {
    what: "more waiting traces than the memory that was set",
    raw: {
      ...on,
      traceTailSampling: { maxTraces: 6000 },
      resources: { jaeger: { limits: { memory: "512Mi" } } },
    },
    path: "traceTailSampling.maxTraces",
    value: "6000",
    expected: /^at most 5461/,
  },
  {
    what: "too little memory for Badger",
    raw: { ...on, resources: { jaeger: { limits: { memory: "256Mi" } } } },
    path: "resources.jaeger.limits.memory",
    value: '"256Mi"',
    expected: /^at least 512Mi with traceStorage badger/,
    example: "512Mi",
  },
  {
    what: "a user's id in plain text",
    raw: { ...on, traceBaggage: [{ name: "userId" }] },
    path: "traceBaggage[0].hashed",
    value: "false",
    expected: /^true: userId tells who somebody is/,
    example: "true",
  },
  {
    what: "a baggage key that is listed twice",
    raw: { ...on, traceBaggage: [{ name: "requestId" }, { name: "requestId" }] },
    path: "traceBaggage[1].name",
    value: '"requestId"',
    expected: /^each key once$/,
  },
  {
    what: "two shares of one operation",
    raw: {
      ...on,
      ...tracing({
        operations: [
          { operation: "/api/orders", sampling: "50%" },
          { operation: "/api/orders", sampling: "20%" },
        ],
      }),
    },
    path: "services[0].tracing.operations[1].operation",
    value: '"/api/orders"',
    expected: /^each operation once$/,
  },
  {
    what: "Jaeger at Grafana's address",
    raw: { ...on, jaegerUrl: "http://localhost:3000/" },
    path: "jaegerUrl",
    value: '"http://localhost:3000/"',
    expected: /^another address than grafanaUrl/,
  },
  {
    what: "an address of Jaeger whose path is no base path",
    raw: { ...on, jaegerUrl: "https://bilten.example.com/jaeger?x=1" },
    path: "jaegerUrl",
    value: '"https://bilten.example.com/…"',
    expected: /^an address whose path is Jaeger's base path/,
  },
];
