// Before any run: of a module that is loaded within one, errors would not name lines of the source.
import "../components/monitoringStack";
import { SettingsError } from "../config/problems";
import { parseStackFiles, projectFolder, readStackConfig } from "../config/stackFiles";
import type { SecretName } from "../config/settings";
import { runProgram, secretMarker, type Run } from "./record";

export { SettingsError };

/** A value for each secret that passes the program's checks, for a run that has none. */
const placeholders: Record<SecretName, string> = {
  smtpPassword: secretMarker,
  slackWebhookUrl: "https://hooks.slack.com/services/secret",
  deadMansSwitchUrl: "https://dead-mans-switch.example.com/secret",
  remoteWritePassword: secretMarker,
  logSnapshotAccessKey: secretMarker,
  logSnapshotSecretKey: secretMarker,
};

export interface StackRunOptions {
  /** Values of the secrets, for tests that look for leaks; others are placeholders. */
  secrets?: Partial<Record<SecretName, string>>;
  /** Keys over those of the stack's file. */
  config?: Record<string, unknown>;
  revealSecrets?: boolean;
}

/**
 * Runs this repository's program as the stack's files configure it, without engine, cluster or credentials. Secrets
 * that the stack's file encrypts, and those that it would have to set, get placeholders.
 * @throws SettingsError when the settings are wrong, Error when there is no such stack
 */
export async function runStack(stack: string, options: StackRunOptions = {}): Promise<Run> {
  const { values } = readStackConfig(stack, projectFolder);
  const secretKeys = new Set<string>([
    ...parseStackFiles(stack).secrets,
    ...Object.keys(options.secrets ?? {}),
  ]);
  const config: Record<string, string> = {};
  for (const [key, value] of Object.entries({ ...values, ...options.config })) {
    config[key] = typeof value === "string" ? value : JSON.stringify(value);
  }
  for (const key of secretKeys) {
    const name = key as SecretName;
    config[key] = options.secrets?.[name] ?? placeholders[name];
  }
  return runProgram(loadProgram, {
    config,
    secretKeys: [...secretKeys],
    stack,
    revealSecrets: options.revealSecrets,
  });
}

/** Evaluates index.ts anew; the modules that it imports hold no state and are shared by the runs. */
function loadProgram(): unknown {
  const program = require.resolve("../index");
  delete require.cache[program];
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would give the first evaluation again
  return require(program) as unknown;
}
