/** From Pulumi config to `Settings`: reads every key, reports every problem at once, registers nothing. */
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { checkAlertOverrides } from "./alertOverrides";
import { objectDefaults } from "./defaults";
import { objectSchemas, type ObjectKey, type serviceSchema } from "./objects";
import { isQuantity } from "./fields";
import { logSettings } from "./logAssembly";
import { limitOf } from "./logCapacity";
import { checkLogs } from "./logRelations";
import { configPath, displayValue, SettingsError, type Problem } from "./problems";
import { readList, readValue } from "./read";
import { checkKeys } from "./keys";
import { checkRelations, type Reading } from "./relations";
import { checkRouting, usableReceiver } from "./routing";
import {
  coerceScalar,
  scalars,
  secretNames,
  type Scalar,
  type ScalarKey,
  type ScalarValues,
} from "./scalars";
import type { SecretName, ServiceSettings, Settings, SmtpSettings } from "./settings";
import { traceSettings } from "./traceAssembly";
import { checkTraces } from "./traceRelations";
import { sizeHint } from "./units";

export { knownKeys } from "./keys";
export { SettingsError, type Problem } from "./problems";

/** Settings, and what is worth telling the user about them. */
export interface ParsedSettings {
  settings: Settings;
  /** Sentences for the user: what was left out, what will work worse than expected. */
  notes: string[];
}

/** Settings together with the secret values, which are never part of the settings. */
export interface LoadedSettings extends ParsedSettings {
  /** Undefined where the secret is not set. */
  secrets: Record<SecretName, pulumi.Output<string> | undefined>;
}

const scalarKeys = Object.keys(scalars) as ScalarKey[];

/**
 * Computes the settings from the values of the project's keys. Pure.
 * @param raw values by key without namespace, as text (Pulumi) or typed (YAML); missing ones take their default.
 *   Objects may be JSON text.
 * @param encryptedKeys the keys whose values are encrypted; a secret counts as present when it is among them.
 * @throws SettingsError with all problems. No message holds the value of a secret or of an encrypted key.
 */
export function parseSettings(
  raw: Record<string, unknown>,
  encryptedKeys: ReadonlySet<string>,
): ParsedSettings {
  const problems: Problem[] = [];
  checkKeys(raw, encryptedKeys, problems);
  // What is encrypted without being a secret is reported as that and not looked into, so that no part of it is shown.
  const given = (key: ObjectKey): unknown =>
    encryptedKeys.has(key) ? undefined : objectValue(key, raw[key]);
  const list = <S extends z.ZodType>(key: ObjectKey, schema: z.ZodArray<S>) => {
    const value = given(key);
    return value === undefined ? undefined : readList(schema, value, [key], problems);
  };
  const single = <S extends z.ZodType>(key: ObjectKey, schema: S): z.output<S> | undefined => {
    const value = given(key);
    return value === undefined ? undefined : readValue(schema, value, [key], problems);
  };
  const reading: Reading = {
    scalars: readScalars(raw, encryptedKeys, problems),
    services: list("services", objectSchemas.services),
    receivers: list("alertReceivers", objectSchemas.alertReceivers),
    routes: list("alertRoutes", objectSchemas.alertRoutes),
    groupBy: single("alertGroupBy", objectSchemas.alertGroupBy),
    escalation: single("alertEscalation", objectSchemas.alertEscalation),
    alertOverrides: single("alertOverrides", objectSchemas.alertOverrides),
    remoteWrite: single("remoteWrite", objectSchemas.remoteWrite),
    resources: single("resources", objectSchemas.resources),
    logNamespaces: single("logNamespaces", objectSchemas.logNamespaces),
    logRedactions: single("logRedactions", objectSchemas.logRedactions),
    logSnapshots: single("logSnapshots", objectSchemas.logSnapshots),
    traceSampling: single("traceSampling", objectSchemas.traceSampling),
    traceTailSampling: single("traceTailSampling", objectSchemas.traceTailSampling),
    traceBaggage: single("traceBaggage", objectSchemas.traceBaggage),
    traceBrowsers: single("traceBrowsers", objectSchemas.traceBrowsers),
    raw: {
      alertEscalation: given("alertEscalation"),
      alertOverrides: given("alertOverrides"),
      remoteWrite: given("remoteWrite"),
      resources: given("resources"),
      logSnapshots: given("logSnapshots"),
      traceTailSampling: given("traceTailSampling"),
    },
    secretsPresent: new Set(secretNames.filter((name) => encryptedKeys.has(name))),
  };
  const checks = [checkRelations, checkRouting, checkAlertOverrides, checkLogs, checkTraces];
  const findings = checks.map((check) => check(reading));
  problems.push(...findings.flatMap((found) => found.problems));
  if (problems.length > 0) throw new SettingsError(problems);
  return { settings: assemble(reading), notes: findings.flatMap(({ notes }) => notes) };
}

/**
 * Reads the settings of the current stack from Pulumi config.
 * @param config the project's namespace; another one serves programs that embed the stack.
 * @throws SettingsError, which Pulumi prints as it is, without a stack trace.
 */
export function loadSettings(config = new pulumi.Config()): LoadedSettings {
  const prefix = `${config.name}:`;
  const raw: Record<string, unknown> = {};
  const encrypted = new Set<string>();
  for (const [fullKey, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (!fullKey.startsWith(prefix)) continue;
    const key = fullKey.slice(prefix.length);
    // An empty secret is the declared default: the CLI demands a value of every declared key.
    if (value === "" && (secretNames as string[]).includes(key)) continue;
    raw[key] = value;
    if (isEncrypted(fullKey)) encrypted.add(key);
  }
  const parsed = parseSettings(raw, encrypted);
  const values = Object.fromEntries(
    secretNames.map((name) => [name, encrypted.has(name) ? config.requireSecret(name) : undefined]),
  ) as LoadedSettings["secrets"];
  return { ...parsed, secrets: values };
}

/**
 * Whether a key's value is encrypted in the stack's configuration. The SDK has the answer and marks it internal; the
 * variable it is read from is part of the protocol between the engine and programs.
 */
function isEncrypted(fullKey: string): boolean {
  const runtime = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  if (runtime.isConfigSecret) return runtime.isConfigSecret(fullKey);
  const keys: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]");
  return Array.isArray(keys) && keys.includes(fullKey);
}

/** The object as given, from JSON text where Pulumi handed it over as text; its default when it is not set. */
function objectValue(key: ObjectKey, given: unknown): unknown {
  if (given === undefined || given === null) return objectDefaults[key];
  if (typeof given !== "string") return given;
  try {
    const value: unknown = JSON.parse(given);
    return value ?? objectDefaults[key];
  } catch {
    return given; // no JSON: the schema reports the text as the wrong type
  }
}

function readScalars(
  raw: Record<string, unknown>,
  encryptedKeys: ReadonlySet<string>,
  problems: Problem[],
): Partial<ScalarValues> {
  const values: Record<string, unknown> = {};
  for (const key of scalarKeys) {
    if (encryptedKeys.has(key)) continue; // reported as encrypted already
    const scalar = scalars[key] as unknown as Scalar;
    const given = raw[key] ?? scalar.default;
    const value = coerceScalar(scalar.type, given);
    if (value !== undefined && scalar.check(value)) {
      values[key] = value;
      continue;
    }
    const hint = (scalar.check as unknown) === isQuantity && typeof given === "string" ? sizeHint(given) : "";
    problems.push({
      path: configPath([key]),
      value: displayValue(given),
      expected: scalar.expected + hint,
      example: scalar.example,
    });
  }
  return values as Partial<ScalarValues>;
}

/** The settings of a reading without problems: there, every part has a value. */
function assemble(reading: Reading): Settings {
  const { secretsPresent } = reading;
  const values = reading.scalars as ScalarValues;
  const hasSlackWebhook = secretsPresent.has("slackWebhookUrl");
  return {
    environment: values.environment as Settings["environment"],
    clusterName: values.clusterName,
    namespace: values.namespace,
    hostNamespace: values.hostNamespace,
    createServiceNamespaces: values.createServiceNamespaces,
    storageClass: values.storageClass || undefined,
    runbookBaseUrl: withoutSlash(values.runbookBaseUrl),
    prometheus: {
      replicas: values.prometheusReplicas,
      scrapeInterval: values.prometheusScrapeInterval,
      evaluationInterval: values.prometheusEvaluationInterval,
      retention: values.prometheusRetention,
      retentionSize: values.prometheusRetentionSize,
      volumeSize: values.prometheusVolumeSize,
      externalUrl: withoutSlash(values.prometheusUrl),
      remoteWrite: reading.remoteWrite,
    },
    alertmanager: {
      replicas: values.alertmanagerReplicas,
      retention: values.alertmanagerRetention,
      volumeSize: values.alertmanagerVolumeSize,
      externalUrl: withoutSlash(values.alertmanagerUrl),
      groupBy: reading.groupBy!,
      groupWait: values.alertGroupWait,
      groupInterval: values.alertGroupInterval,
      repeatInterval: values.alertRepeatInterval,
      defaultReceiver: values.alertDefaultReceiver,
      smtp: smtpSettings(values, secretsPresent),
      receivers: reading.receivers!.map(({ value }) => usableReceiver(value!, hasSlackWebhook)),
      routes: reading.routes!.map(({ value }) => value!),
      escalation: reading.escalation,
      deadMansSwitch: {
        enabled: secretsPresent.has("deadMansSwitchUrl"),
        repeatInterval: values.deadMansSwitchInterval,
      },
    },
    grafana: {
      externalUrl: withoutSlash(values.grafanaUrl),
      adminUser: values.grafanaAdminUser,
      volumeSize: values.grafanaVolumeSize,
    },
    mailCatcher: { enabled: values.mailCatcher },
    alertOverrides: reading.alertOverrides!,
    services: reading.services!.map(({ value }) => serviceSettings(value!)),
    logs: logSettings(reading),
    traces: traceSettings(reading),
    resources: reading.resources!,
  };
}

/** A service with what follows from its other settings. */
function serviceSettings(service: z.output<typeof serviceSchema>): ServiceSettings {
  const { logging } = service;
  return { ...service, logging: { ...logging, maxLinesPerSecond: limitOf(logging) } };
}

/** Mail goes to the catcher where there is one; it takes everything, in plain text and from anybody in the namespace. */
function smtpSettings(values: ScalarValues, secretsPresent: Reading["secretsPresent"]): SmtpSettings {
  const from = values.smtpFrom;
  if (values.mailCatcher) {
    return { smarthost: `mailpit.${values.namespace}.svc:1025`, from, requireTls: false };
  }
  const username = secretsPresent.has("smtpPassword") ? values.smtpUsername || from : undefined;
  return { smarthost: values.smtpHost, from, username, requireTls: values.smtpRequireTls };
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, "");
