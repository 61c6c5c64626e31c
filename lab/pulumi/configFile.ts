import { parse } from "yaml";

/** Content of a `Pulumi.<stack>.yaml`. */
export interface StackFile {
  encryptionsalt?: string;
  config?: Record<string, unknown>;
  [key: string]: unknown;
}

export interface MergedStackFile {
  content: StackFile;
  /** Keys whose values are encrypted for another passphrase, and are left out. */
  leftOut: string[];
}

/**
 * The file a run gets: the project's settings of the stack, over which the overrides are laid, with the encryption salt
 * of the lab's own stack. The project's file is never written: the salt belongs to the lab's passphrase, not to the
 * user's.
 * @param project name of the Pulumi project, the namespace of keys that have none
 * @param text content of the project's `Pulumi.<stack>.yaml`; empty when there is none
 * @param salted content of the file that `pulumi stack init` wrote
 * @param overrides values that look like a JSON object or list become one
 * @throws Error when the text is no YAML mapping
 */
export function mergeStackFile(
  project: string,
  text: string,
  salted: StackFile,
  overrides: Record<string, string> = {},
): MergedStackFile {
  const own = (parse(text) ?? {}) as StackFile;
  if (typeof own !== "object" || Array.isArray(own)) {
    throw new Error("The stack's settings are not a YAML mapping; they begin with `config:`.");
  }
  const leftOut: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(own.config ?? {})) {
    // With the passphrase of the lab, values that were encrypted with the user's cannot be read.
    if (containsEncrypted(value)) leftOut.push(key);
    else config[qualified(project, key)] = value;
  }
  for (const [key, value] of Object.entries(overrides)) config[qualified(project, key)] = valueOf(key, value);
  const { encryptionsalt, secretsprovider, encryptedkey, config: _, ...rest } = own;
  void [encryptionsalt, secretsprovider, encryptedkey, _];
  return { content: { ...rest, encryptionsalt: salted.encryptionsalt, config }, leftOut };
}

/**
 * Settings of the Kubernetes provider that the version which can be built does not know yet as settings, by the variable
 * that is the same thing in every version. Source: the documentation of `ProviderArgs` in @pulumi/kubernetes.
 */
const variables = { "kubernetes:enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE" };

/**
 * The variables of those settings that a run has.
 * @param project settings of `Pulumi.yaml`, the defaults of all stacks
 * @param stack settings of the stack, which go before them
 */
export function settingsAsVariables(
  project: Record<string, unknown>,
  stack: Record<string, unknown>,
): Record<string, string> {
  const settings = { ...project, ...stack };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([key, variable]) => {
      const given = settings[key];
      const value = typeof given === "object" && given !== null && "value" in given ? given.value : given;
      return value === undefined ? [] : [[variable, String(value)]];
    }),
  );
}

/** A key with its namespace: `bilten-monitoring:environment`. */
export function qualified(project: string, key: string): string {
  return key.includes(":") ? key : `${project}:${key}`;
}

function valueOf(key: string, value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    throw new Error(`The override of "${key}" begins like JSON but is not; the value was: ${value}`);
  }
}

function containsEncrypted(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(containsEncrypted);
  if (typeof value !== "object" || value === null) return false;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === "secure") return true;
  return Object.values(value).some(containsEncrypted);
}
