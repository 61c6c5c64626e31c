/** Strict schemas of the settings that are objects: what they may hold, and what each part means when it is left out. */
import { z } from "zod";
import {
  alertOverridesSchema,
  escalationSchema,
  groupBySchema,
  receiverSchema,
  routeSchema,
} from "./alertSchemas";
import * as checks from "./checks";
import {
  cpuText,
  durationSeconds,
  durationText,
  field,
  httpUrl,
  namespaceName,
  percentageRatio,
  quantityText,
  text,
  wholeNumber,
} from "./fields";
import {
  logNamespacesSchema,
  logRedactionsSchema,
  logSnapshotsSchema,
  serviceLoggingSchema,
} from "./logSchemas";
import type { WorkloadName } from "./settings";
import {
  serviceTracingSchema,
  traceBaggageSchema,
  traceBrowsersSchema,
  traceSamplingSchema,
  traceTailSamplingSchema,
} from "./traceSchemas";

const urlPath = (description: string, example: string) =>
  text(checks.isUrlPath, { expected: "a path that begins with /", example, description });

/**
 * One monitored service. The defaults are the figures that the platform asks for its API: scraped every 10 s, 99.9 %
 * available, less than 0.1 % errors, less than 200 ms on average, a warning from 0.5 s at the 95th percentile.
 */
export const serviceSchema = z.strictObject({
  name: text(checks.isServiceName, {
    expected: "a Kubernetes Service name: at most 63 of a-z, 0-9 and -, beginning with a letter",
    example: "bilten-api",
    description: "Name of the Kubernetes Service; the label `service` everywhere.",
  }),
  namespace: namespaceName("Namespace of the Service.", "bilten").default("bilten"),
  port: wholeNumber(1, "Port of the Service that serves the metrics.", "3000", 65535),
  metricsPath: urlPath("Path of the metrics.", "/metrics").default("/metrics"),
  scrapeInterval: durationText("How often the metrics are scraped.", "10s").default("10s"),
  probes: field(
    z
      .strictObject({
        health: urlPath(
          "Path that says whether the service and what it depends on are healthy.",
          "/health",
        ).default("/health"),
        interval: durationText("How often it is probed.", "15s").default("15s"),
      })
      .prefault({}),
    { expected: "an object with health and interval", example: "{ health: /health, interval: 15s }" },
  ),
  objectives: field(
    z
      .strictObject({
        availability: percentageRatio("Share of time the service answers.").prefault("99.9%"),
        errorRate: percentageRatio("Share of 5xx answers that is acceptable.", "0.1%").prefault("0.1%"),
        meanResponseTime: durationSeconds("Mean response time to stay below.", "200ms").prefault("200ms"),
        p95ResponseTime: durationSeconds(
          "95th percentile beyond which HighResponseTime fires.",
          "500ms",
        ).prefault("500ms"),
      })
      .prefault({}),
    {
      expected: "an object with availability, errorRate, meanResponseTime and p95ResponseTime",
      example: "{ availability: 99.9%, errorRate: 0.1% }",
    },
  ),
  logging: serviceLoggingSchema,
  tracing: serviceTracingSchema,
});

/** The queue's defaults are Prometheus' own. */
export const remoteWriteSchema = z.strictObject({
  url: httpUrl("Where samples are sent.", "https://metrics.example.com/api/v1/write"),
  username: text((name) => name !== "" && !/\s/.test(name), {
    expected: "a user name without spaces",
    example: "bilten",
    description: "User for basic authentication; its password is the secret `remoteWritePassword`.",
  }).optional(),
  queue: field(
    z
      .strictObject({
        capacity: wholeNumber(1, "Samples buffered per shard.", "10000").default(10_000),
        minShards: wholeNumber(1, "Fewest parallel senders.", "1").default(1),
        maxShards: wholeNumber(1, "Most parallel senders.", "50").default(50),
        maxSamplesPerSend: wholeNumber(1, "Samples per request.", "2000").default(2_000),
        batchSendDeadline: durationText("How long samples wait for a full request.", "5s").default("5s"),
        minBackoff: durationText("First wait after a failure.", "30ms").default("30ms"),
        maxBackoff: durationText("Longest wait after a failure.", "5s").default("5s"),
      })
      .prefault({}),
    { expected: "an object with the queue's settings", example: "{ capacity: 10000, maxShards: 50 }" },
  ),
});

const amounts = (what: string) =>
  z.strictObject({
    cpu: cpuText(`CPU ${what}.`).optional(),
    memory: quantityText(`Memory ${what}.`, "512Mi").optional(),
  });

/** What can be said of one workload's resources. */
export const resourcesOfWorkload = field(
  z.strictObject({
    requests: field(amounts("reserved"), {
      expected: "an object with cpu and memory",
      example: "{ cpu: 250m, memory: 512Mi }",
    }).optional(),
    limits: field(amounts("allowed at most"), {
      expected: "an object with cpu and memory",
      example: "{ cpu: 1, memory: 1Gi }",
    }).optional(),
  }),
  { expected: "an object with requests and limits", example: "{ requests: { memory: 1Gi } }" },
);

/** The workloads whose resources can be set. */
export const workloadNames = [
  "prometheus",
  "alertmanager",
  "grafana",
  "node-exporter",
  "kube-state-metrics",
  "blackbox-exporter",
  "mailpit",
  "elasticsearch",
  "elasticsearch-exporter",
  "logstash",
  "filebeat",
  "kibana",
  "json-exporter",
  "jaeger",
  "jaeger-collector",
  "trace-gateway",
  "jaeger-query",
] as const satisfies readonly WorkloadName[];

const resourcesSchema = z.strictObject(
  Object.fromEntries(workloadNames.map((name) => [name, resourcesOfWorkload.optional()])) as Record<
    WorkloadName,
    z.ZodOptional<typeof resourcesOfWorkload>
  >,
);

/** The object settings by key, each with what a message says when the whole of it has the wrong shape. */
export const objectSchemas = {
  services: field(
    z.array(field(serviceSchema, { expected: "a service", example: "{ name: bilten-api, port: 3000 }" })),
    {
      expected: "a list of services",
      example: "[{ name: bilten-api, port: 3000 }]",
      description: "The monitored services; setting it replaces the whole list, so keep `bilten-api` in it.",
    },
  ),
  alertReceivers: field(
    z.array(
      field(receiverSchema, {
        expected: "a receiver",
        example: "{ name: team-bilten, email: { to: team@bilten.com } }",
      }),
    ),
    {
      expected: "a list of receivers",
      example: "[{ name: team-bilten, email: { to: team@bilten.com } }]",
      description: "Who can be told, and how. Every receiver needs email, slack or webhook.",
    },
  ),
  alertRoutes: field(
    z.array(
      field(routeSchema, {
        expected: "a route",
        example: `{ matchers: ['severity="critical"'], receiver: team-bilten }`,
      }),
    ),
    {
      expected: "a list of routes",
      example: `[{ matchers: ['severity="critical"'], receiver: team-bilten }]`,
      description: "Which alerts go elsewhere than to `alertDefaultReceiver`; the first that matches wins.",
    },
  ),
  alertGroupBy: groupBySchema("Labels whose alerts are told together."),
  alertEscalation: field(escalationSchema, {
    expected: "an object with receiver, after and repeatInterval",
    example: "{ receiver: on-call-lead, after: 30m }",
    description: "Who is told about criticals that nobody answers.",
  }),
  alertOverrides: field(alertOverridesSchema, {
    expected: "an object by alert name",
    example: "{ HighCPUUsage: { for: 10m, severity: info }, HighMeanResponseTime: { enabled: false } }",
    description:
      "What is different about single alerts, by name, in every rule of that name; what is left out stays as it is.",
  }),
  remoteWrite: field(remoteWriteSchema, {
    expected: "an object with url, username and queue",
    example: "{ url: https://metrics.example.com/api/v1/write }",
    description:
      "Sends every sample to a long-term store as well, for when one Prometheus no longer suffices.",
  }),
  logNamespaces: logNamespacesSchema,
  logRedactions: logRedactionsSchema,
  logSnapshots: logSnapshotsSchema,
  traceSampling: traceSamplingSchema,
  traceTailSampling: traceTailSamplingSchema,
  traceBaggage: traceBaggageSchema,
  traceBrowsers: traceBrowsersSchema,
  resources: field(resourcesSchema, {
    expected: "an object by workload name",
    example: "{ prometheus: { requests: { memory: 2Gi } } }",
    description: "Requests and limits by workload, over the components' own.",
  }),
} as const;

export type ObjectKey = keyof typeof objectSchemas;
