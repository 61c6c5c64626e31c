/** Reads a stack's configuration from the files in the repository, without the Pulumi CLI: for rendering and tests. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseSettings, type ParsedSettings } from "./load";
import { hiddenValue, projectName } from "./problems";
import { coerceScalar } from "./scalars";
import type { SecretName } from "./settings";

/** The folder of Pulumi.yaml. */
export const projectFolder = join(__dirname, "..");

/** One key's declaration in Pulumi.yaml. */
export interface DeclaredKey {
  type: "string" | "integer" | "boolean";
  default: string | number | boolean;
  description: string;
}

export interface ProjectFile {
  name: string;
  description: string;
  runtime: { name: string; options: Record<string, unknown> };
  config: Record<string, DeclaredKey>;
}

/** Pulumi.yaml as data, with the configuration keys of this program. */
export function readProjectFile(folder = projectFolder): ProjectFile {
  const file = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as ProjectFile;
  // Keys of other namespaces are settings of providers, not of this program.
  const own = Object.entries(file.config).filter(([key]) => !key.includes(":"));
  return { ...file, config: Object.fromEntries(own) };
}

export interface StackConfig {
  /** Values by key without namespace: Pulumi.yaml's defaults under the stack's own. Encrypted ones are `[secret]`. */
  values: Record<string, unknown>;
  /** Keys whose value is encrypted, wholly or in a part. */
  secretKeys: Set<string>;
}

/**
 * The configuration of a stack as its files give it.
 * @throws Error naming the stacks there are when there is no file for `stack`.
 */
export function readStackConfig(stack: string, folder = projectFolder): StackConfig {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) {
    const stacks = readdirSync(folder).flatMap((name) => /^Pulumi\.([\w-]+)\.yaml$/.exec(name)?.[1] ?? []);
    throw new Error(`There is no Pulumi.${stack}.yaml. Stacks with a file: ${stacks.join(", ") || "none"}.`);
  }
  const values: Record<string, unknown> = {};
  for (const [key, declared] of Object.entries(readProjectFile(folder).config)) {
    // An empty default is the way to declare an optional key; for a secret it means that there is none.
    if (declared.default !== "") values[key] = declared.default;
  }
  const secretKeys = new Set<string>();
  const stackFile = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> } | null;
  for (const [fullKey, value] of Object.entries(stackFile?.config ?? {})) {
    const key = withoutNamespace(fullKey);
    if (key === undefined) continue;
    const decrypted = withoutCiphertext(value);
    if (decrypted.encrypted) secretKeys.add(key);
    values[key] = decrypted.value;
  }
  return { values, secretKeys };
}

/**
 * The settings of a stack as its files give them, for a program that has no secret. What production demands of secrets
 * is taken as set, since they are often kept out of the file in the repository.
 * @throws SettingsError as `parseSettings` does.
 */
export function parseStackFiles(
  stack: string,
  folder = projectFolder,
): ParsedSettings & { secrets: Set<SecretName> } {
  const { values, secretKeys } = readStackConfig(stack, folder);
  const encrypted = new Set(secretKeys);
  if (coerceScalar("string", values.environment) === "prod") {
    for (const name of ["smtpPassword", "slackWebhookUrl"] satisfies SecretName[]) {
      if (values[name] !== undefined) continue;
      encrypted.add(name);
      values[name] = hiddenValue;
    }
  }
  return { ...parseSettings(values, encrypted), secrets: encrypted as Set<SecretName> };
}

/** The key in the project's namespace, or undefined for another's. The CLI takes a key without namespace for ours. */
function withoutNamespace(key: string): string | undefined {
  if (!key.includes(":")) return key;
  const prefix = `${projectName}:`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}

/** The value with a marker in place of each `secure: <ciphertext>`. */
function withoutCiphertext(value: unknown): { value: unknown; encrypted: boolean } {
  if (Array.isArray(value)) {
    const parts = value.map(withoutCiphertext);
    return { value: parts.map((part) => part.value), encrypted: parts.some((part) => part.encrypted) };
  }
  if (typeof value !== "object" || value === null) return { value, encrypted: false };
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]![0] === "secure") return { value: hiddenValue, encrypted: true };
  const parts = entries.map(([key, part]) => [key, withoutCiphertext(part)] as const);
  return {
    value: Object.fromEntries(parts.map(([key, part]) => [key, part.value])),
    encrypted: parts.some(([, part]) => part.encrypted),
  };
}
