/**
 * The scalar settings: type, default and check of each. Pulumi.yaml declares the same keys, types and defaults, so that
 * the Pulumi CLI knows them; a test holds the two together. The defaults stand here as well because there is no CLI in
 * unit tests and in rendering.
 */
import * as checks from "./checks";
import { isDuration, isQuantity, isWait } from "./fields";
import type { SecretName } from "./settings";

export type ScalarType = "string" | "integer" | "boolean";

export interface Scalar<T extends string | number | boolean = string | number | boolean> {
  type: ScalarType;
  default: T;
  check: (value: T) => boolean;
  expected: string;
  example: string;
}

const string = (
  fallback: string,
  check: (value: string) => boolean,
  expected: string,
  example = fallback,
): Scalar<string> => ({ type: "string", default: fallback, check, expected, example });

const integer = (fallback: number, minimum: number): Scalar<number> => ({
  type: "integer",
  default: fallback,
  check: (value) => value >= minimum,
  expected: `a whole number, ${minimum} or more`,
  example: String(Math.max(fallback, minimum)),
});

/** Of an even number of nodes that elect a master, half is no majority: one node more adds nothing but a risk. */
const quorum = (fallback: number): Scalar<number> => ({
  type: "integer",
  default: fallback,
  check: (value) => value >= 1 && value % 2 === 1,
  expected:
    "an odd number, 1 or more: a majority of the nodes elects the master, and an even number survives no more failures " +
    "than one node less",
  example: String(fallback),
});

const boolean = (fallback: boolean): Scalar<boolean> => ({
  type: "boolean",
  default: fallback,
  check: () => true,
  expected: "true or false",
  example: String(!fallback),
});

const duration = (fallback: string): Scalar<string> =>
  string(
    fallback,
    isDuration,
    "a duration above zero: whole numbers with y, w, d, h, m, s or ms, largest first",
  );

const wait = (fallback: string): Scalar<string> =>
  string(
    fallback,
    isWait,
    "a duration, 0s for none: whole numbers with y, w, d, h, m, s or ms, largest first",
  );

const quantity = (fallback: string): Scalar<string> =>
  string(fallback, isQuantity, "a size above zero as a Kubernetes quantity");

const namespace = (fallback: string): Scalar<string> =>
  string(
    fallback,
    checks.isDnsLabel,
    "a Kubernetes namespace name: at most 63 of a-z, 0-9 and -, no - at either end",
  );

const url = (fallback: string): Scalar<string> =>
  string(fallback, checks.isHttpUrl, "an http:// or https:// address without user name and password");

/** Empty stands for "not set" in scalars that are optional: the CLI demands a default of every declared key. */
const optional = (scalar: Scalar<string>): Scalar<string> => ({
  ...scalar,
  default: "",
  check: (value) => value === "" || scalar.check(value),
});

const wordWithoutSpaces = (value: string): boolean => value !== "" && !/\s/.test(value);

export const scalars = {
  environment: string("dev", (value) => value === "dev" || value === "prod", "dev or prod", "prod"),
  clusterName: string(
    "bilten",
    (value) => /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(value),
    "a label value: at most 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
  ),
  namespace: namespace("bilten-monitoring"),
  hostNamespace: namespace("bilten-monitoring-host"),
  createServiceNamespaces: boolean(false),
  storageClass: optional(string("gp3", checks.isDnsSubdomain, "the name of a StorageClass, or empty")),
  runbookBaseUrl: url("https://github.com/bilten/bilten-monitoring/blob/main/docs/runbooks"),
  prometheusReplicas: integer(1, 1),
  prometheusScrapeInterval: duration("15s"),
  prometheusEvaluationInterval: duration("15s"),
  prometheusRetention: duration("15d"),
  prometheusRetentionSize: quantity("16Gi"),
  prometheusVolumeSize: quantity("20Gi"),
  prometheusUrl: url("http://localhost:9090"),
  alertmanagerReplicas: integer(1, 1),
  alertmanagerRetention: duration("120h"),
  alertmanagerVolumeSize: quantity("1Gi"),
  alertmanagerUrl: url("http://localhost:9093"),
  alertGroupWait: wait("30s"),
  alertGroupInterval: duration("5m"),
  alertRepeatInterval: duration("4h"),
  alertDefaultReceiver: string("team-bilten", (value) => value.trim() !== "", "the name of a receiver"),
  smtpHost: string("smtp.gmail.com:587", checks.isHostPort, "host:port of a mail server"),
  smtpFrom: string("alerts@bilten.com", checks.isMailAddress, "a mail address"),
  smtpUsername: optional(
    string(
      "alerts@bilten.com",
      wordWithoutSpaces,
      "a user name without spaces, or empty for the sender's address",
    ),
  ),
  smtpRequireTls: boolean(true),
  deadMansSwitchInterval: duration("5m"),
  mailCatcher: boolean(false),
  grafanaUrl: url("http://localhost:3000"),
  grafanaAdminUser: string("admin", wordWithoutSpaces, "a user name without spaces"),
  grafanaVolumeSize: quantity("2Gi"),
  logsEnabled: boolean(true),
  logRetention: duration("30d"),
  logOtherMaxLinesPerSecond: integer(500, 1),
  elasticsearchReplicas: quorum(1),
  elasticsearchVolumeSize: quantity("40Gi"),
  elasticsearchMemory: quantity("2Gi"),
  elasticsearchMmap: boolean(false),
  elasticsearchKeepVolumes: boolean(true),
  logstashReplicas: integer(1, 1),
  logstashMemory: quantity("2Gi"),
  logstashVolumeSize: quantity("8Gi"),
  logstashQueueSize: quantity("4Gi"),
  logstashDeadLetterQueueSize: quantity("1Gi"),
  kibanaUrl: url("http://localhost:5601"),
  kibanaMemory: quantity("1536Mi"),
  tracesEnabled: boolean(true),
  traceStorage: string(
    "badger",
    (value) => value === "badger" || value === "elasticsearch",
    "badger or elasticsearch",
    "elasticsearch",
  ),
  traceRetention: duration("7d"),
  traceGatewayReplicas: integer(1, 1),
  traceGatewayVolumeSize: quantity("4Gi"),
  jaegerVolumeSize: quantity("20Gi"),
  jaegerCollectorReplicas: integer(1, 1),
  jaegerQueryReplicas: integer(1, 1),
  jaegerThriftUdp: boolean(false),
  jaegerUrl: url("http://localhost:16686"),
} as const satisfies Record<string, Scalar<string> | Scalar<number> | Scalar<boolean>>;

export type ScalarKey = keyof typeof scalars;

/** The scalars after reading, with their types. */
export type ScalarValues = {
  [K in ScalarKey]: (typeof scalars)[K] extends Scalar<infer T> ? T : never;
};

export interface Secret {
  /** What the value must look like, where that can be told. */
  check: (value: string) => boolean;
  expected: string;
}

const encryptedUrl = (value: string): boolean =>
  checks.isHttpUrl(value) && (value.startsWith("https://") || checks.isServiceUrl(value));

/** The secrets. Their values go to Kubernetes Secrets and nowhere else: no message shows one. */
export const secrets: Record<SecretName, Secret> = {
  smtpPassword: { check: () => true, expected: "the password of smtpUsername at smtpHost" },
  slackWebhookUrl: {
    check: encryptedUrl,
    expected: "the https:// address of a Slack incoming webhook, or an http:// address of a Service (*.svc)",
  },
  deadMansSwitchUrl: { check: checks.isHttpUrl, expected: "the address of a dead man's switch" },
  remoteWritePassword: { check: () => true, expected: "the password of remoteWrite.username" },
  logSnapshotAccessKey: {
    check: wordWithoutSpaces,
    expected: "the id of an access key for logSnapshots.bucket",
  },
  logSnapshotSecretKey: {
    check: wordWithoutSpaces,
    expected: "the access key that belongs to logSnapshotAccessKey",
  },
};

export const secretNames = Object.keys(secrets) as SecretName[];

/**
 * The value of a scalar in its type. Pulumi hands every value over as text and YAML files hold typed ones; both are
 * read. Answers undefined when the type is wrong.
 */
export function coerceScalar(type: ScalarType, value: unknown): string | number | boolean | undefined {
  switch (type) {
    case "integer": {
      if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
      return typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : undefined;
    }
    case "boolean":
      if (typeof value === "boolean") return value;
      return value === "true" ? true : value === "false" ? false : undefined;
    case "string":
      return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? String(value)
        : undefined;
  }
}
