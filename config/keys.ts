/** Checks the keys of a configuration as such: that they are known, and that secrets and only secrets are encrypted. */
import { metaOf } from "./fields";
import { objectSchemas, type ObjectKey } from "./objects";
import { configPath, hiddenValue, type Problem } from "./problems";
import { nearestOf } from "./read";
import { scalars, secretNames, secrets, type ScalarKey, type Secret } from "./scalars";

/** Every key of the project's namespace. */
export const knownKeys: readonly string[] = [
  ...Object.keys(scalars),
  ...secretNames,
  ...Object.keys(objectSchemas),
];

/** Reports unknown keys, secrets in plain text, malformed secrets, and encryption of what is no secret. */
export function checkKeys(
  raw: Record<string, unknown>,
  encryptedKeys: ReadonlySet<string>,
  problems: Problem[],
): void {
  for (const [key, value] of Object.entries(raw)) {
    if (!knownKeys.includes(key)) {
      const nearest = nearestOf(key, [...knownKeys]);
      problems.push({
        path: configPath([key]),
        value: "an unknown key",
        expected: nearest
          ? `a known key; the nearest is ${nearest}`
          : "a key that docs/configuration.md names",
        example: nearest ? `${nearest}: ${exampleOf(nearest)}` : `pulumi config rm ${key}`,
      });
      continue;
    }
    const secret = (secrets as Record<string, Secret | undefined>)[key];
    const encrypted = encryptedKeys.has(key);
    if (secret && !encrypted && value !== undefined && value !== null && value !== "") {
      problems.push({
        path: configPath([key]),
        value: "a value in plain text",
        expected:
          "an encrypted value: set it again with --secret, and take the one that was in the file out of use",
        example: `pulumi config set --secret ${key}`,
      });
    } else if (
      secret &&
      encrypted &&
      typeof value === "string" &&
      value !== hiddenValue &&
      !secret.check(value)
    ) {
      problems.push({
        path: configPath([key]),
        value: hiddenValue,
        expected: secret.expected,
        example: `pulumi config set --secret ${key}`,
      });
    } else if (!secret && encrypted) {
      problems.push({
        path: configPath([key]),
        value: hiddenValue,
        expected:
          "a value that is not encrypted: it becomes part of ConfigMaps and links, which are not secret. Secrets are " +
          secretNames.join(", "),
        example: `pulumi config set ${key} … (without --secret)`,
      });
    }
  }
}

function exampleOf(key: string): string {
  if (key in secrets) return `set with pulumi config set --secret ${key}`;
  if (key in scalars) return scalars[key as ScalarKey].example;
  return metaOf(objectSchemas[key as ObjectKey])?.example ?? "see docs/configuration.md";
}
