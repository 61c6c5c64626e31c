/** Strict schemas of the settings that are objects: what they may hold, and what each part means when it is left out. */
import { z } from "zod";
import * as checks from "./checks";
import {
  cpuText,
  durationSeconds,
  durationText,
  field,
  flag,
  httpUrl,
  namespaceName,
  percentageRatio,
  quantityText,
  text,
  wholeNumber,
} from "./fields";
import type { WorkloadName } from "./settings";

const urlPath = (description: string, example: string) =>
  text(checks.isUrlPath, { expected: "a path that begins with /", example, description });

const receiverName = (description: string, example = "team-bilten") =>
  text((name) => name.trim() === name && name !== "", {
    expected: "the name of a receiver",
    example,
    description,
  });

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
});

const sendResolved = () => flag("Tell when the alert is over, too.").default(true);

/** One receiver; that it has a channel is checked after what the environment lacks has been taken away. */
export const receiverSchema = z.strictObject({
  name: receiverName("Name by which routes refer to it."),
  email: field(
    z.strictObject({
      to: text(checks.isMailAddressList, {
        expected: "a mail address, or several separated by commas",
        example: "team@bilten.com",
        description: "Who gets the mail.",
      }),
      sendResolved: sendResolved(),
    }),
    { expected: "an object with to and sendResolved", example: "{ to: team@bilten.com }" },
  ).optional(),
  slack: field(
    z.strictObject({
      channel: text((channel) => /^[#@]?[^\s#@]+$/.test(channel), {
        expected: "a Slack channel",
        example: '"#alerts"',
        description: "Channel. The webhook of a Slack app ignores it and posts where the app was installed.",
      }),
      sendResolved: sendResolved(),
    }),
    { expected: "an object with channel and sendResolved", example: '{ channel: "#alerts" }' },
  ).optional(),
  webhook: field(
    z.strictObject({
      url: httpUrl("Address that gets Alertmanager's JSON.", "http://hook.ops.svc:8080/alerts"),
      sendResolved: sendResolved(),
    }),
    { expected: "an object with url and sendResolved", example: "{ url: http://hook.ops.svc:8080/alerts }" },
  ).optional(),
});

const groupBySchema = (description: string) =>
  field(
    z
      .array(
        text((label) => label === "..." || checks.isLabelName(label), {
          expected: "a label name, or ... for all labels",
          example: "alertname",
        }),
      )
      .min(1),
    {
      expected: "a list of label names, at least one",
      example: "[alertname, cluster, service]",
      description,
    },
  );

/** One route below the root; the first that matches takes the alert unless it says `continue`. */
export const routeSchema = z.strictObject({
  matchers: field(
    z
      .array(
        text((matcher) => checks.parseMatcher(matcher) !== undefined, {
          expected: "an Alertmanager matcher: label, one of = != =~ !~, value in double quotes",
          example: `severity="critical"`,
        }),
      )
      .min(1),
    {
      expected:
        "a list of Alertmanager matchers, at least one (what no route takes goes to the default receiver)",
      example: `['severity="critical"']`,
      description: "Which alerts it takes; all of them must match.",
    },
  ),
  receiver: receiverName("Who is told."),
  groupBy: groupBySchema("Labels whose alerts are told together.").optional(),
  groupWait: durationText("How long a new group waits for more alerts.", "30s").optional(),
  groupInterval: durationText("How long before additions to a group are told.", "5m").optional(),
  repeatInterval: durationText("How long before a firing group is told again.", "4h").optional(),
  continue: flag("Go on to the next route after this one matched.", "false").default(false),
});

export const escalationSchema = z.strictObject({
  receiver: receiverName("Who is told when nobody answers.", "on-call-lead"),
  after: durationText("How long a critical alert may fire unsilenced.", "30m").default("30m"),
  repeatInterval: durationText("How long before it is told again.", "1h").default("1h"),
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
  remoteWrite: field(remoteWriteSchema, {
    expected: "an object with url, username and queue",
    example: "{ url: https://metrics.example.com/api/v1/write }",
    description:
      "Sends every sample to a long-term store as well, for when one Prometheus no longer suffices.",
  }),
  resources: field(resourcesSchema, {
    expected: "an object by workload name",
    example: "{ prometheus: { requests: { memory: 2Gi } } }",
    description: "Requests and limits by workload, over the components' own.",
  }),
} as const;

export type ObjectKey = keyof typeof objectSchemas;
