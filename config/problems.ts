import * as pulumi from "@pulumi/pulumi";

/** The project's name: the namespace of its keys in Pulumi config. */
export const projectName = "bilten-monitoring";

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** Where it stands, as `pulumi config` names it: `bilten-monitoring:services[0].port`. */
  path: string;
  /** What was given, for display; absent when nothing was, and never a secret's value. */
  value?: string;
  expected: string;
  example: string;
}

/** What a message shows in place of a value that must not be seen. */
export const hiddenValue = "[secret]";

/**
 * All problems of a configuration in one message. A `RunError`, so that Pulumi prints the message without a stack trace
 * and exits non-zero.
 */
export class SettingsError extends pulumi.RunError {
  constructor(readonly problems: Problem[]) {
    super(message(problems));
    this.name = "SettingsError";
  }
}

function message(problems: Problem[]): string {
  return [
    `The configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}. Nothing was changed.`,
    ...problems.map(
      ({ path, value, expected, example }) =>
        `  ${path}\n` +
        `    given:    ${value ?? "nothing"}\n` +
        `    expected: ${expected}\n` +
        `    example:  ${example}`,
    ),
    [
      "Set a value in the stack's file (Pulumi.<stack>.yaml), or with",
      "  pulumi config set prometheusRetention 15d",
      "  pulumi config set --path 'services[0].port' 3000",
      "  pulumi config set --secret smtpPassword",
      "and remove one with pulumi config rm. Every setting is explained in docs/configuration.md.",
    ].join("\n"),
  ].join("\n\n");
}

/** A part of a path: a key or a position in a list. */
export type PathPart = string | number;

/** `bilten-monitoring:services[0].port` of `["services", 0, "port"]`. */
export function configPath(parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((path, part, index) => {
    if (typeof part === "number") return `${path}[${part}]`;
    const key = String(part);
    if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
    return index === 0 ? path + key : `${path}.${key}`;
  }, `${projectName}:`);
}

/**
 * A value as a message shows it. Of objects and lists only the kind, of addresses no more than the host and of long
 * texts the beginning, because each may hold somebody's token.
 */
export function displayValue(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return `a ${typeof value}`;
  const shown = value
    .replace(/([A-Za-z][\w+.-]*:\/\/)(?:[^\s/@]*@)?([^\s/?#]*)[/?#]\S+/g, "$1$2/…")
    .replace(/([A-Za-z][\w+.-]*:\/\/)[^\s/@]*@/g, "$1…@");
  return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown);
}
