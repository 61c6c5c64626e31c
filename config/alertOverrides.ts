/** Checks what the configuration changes about single alerts against the alerts there are. */
import type { z } from "zod";
import { alertNames } from "../alerts/names";
import { alertOverrideSchema } from "./alertSchemas";
import { parseMatcher } from "./checks";
import { configPath, displayValue, type Problem } from "./problems";
import { nearestOf, rawAt } from "./read";
import type { Findings, Reading } from "./relations";

/** The heartbeat. Nobody but the dead man's switch hears of it. */
const watchdog = "Watchdog";

/**
 * Reports names that no alert has, and changes to Watchdog. Notes routes whose only alert is disabled. A name of an
 * alert that this stack happens not to have, such as those on remote write, is fine.
 */
export function checkAlertOverrides(reading: Reading): Findings {
  const given = reading.raw.alertOverrides;
  if (typeof given !== "object" || given === null || Array.isArray(given)) return { problems: [], notes: [] };
  const known: readonly string[] = alertNames;
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  return {
    problems: [...unknown.map(unknownAlert), ...watchdogProblems(rawAt(given, [watchdog]))],
    notes: idleRoutes(reading),
  };
}

function unknownAlert(name: string): Problem {
  const nearest = nearestOf(name, [...alertNames]);
  return {
    path: configPath(["alertOverrides", name]),
    value: "an unknown alert",
    expected: nearest
      ? `the name of an alert; the nearest is ${nearest}`
      : "the name of an alert: one of those in docs/runbooks/README.md",
    example: `${nearest ?? alertNames[0]}: { for: 10m }`,
  };
}

function watchdogProblems(override: unknown): Problem[] {
  if (typeof override !== "object" || override === null) return [];
  return Object.entries(override)
    .filter(([key, value]) => isReadable(key, value) && !(key === "enabled" && value === true))
    .map(([key, value]) => ({
      path: configPath(["alertOverrides", watchdog, key]),
      value: displayValue(value),
      expected:
        `nothing: ${watchdog} must always fire, because the dead man's switch learns from its absence that alerts ` +
        "no longer arrive. People do not hear of it",
      example: `pulumi config rm --path alertOverrides.${watchdog}`,
    }));
}

/** Whether the schema takes the value; else it has reported it already. */
function isReadable(key: string, value: unknown): boolean {
  const fields: Record<string, z.ZodType> = alertOverrideSchema.shape;
  return Object.hasOwn(fields, key) && fields[key]!.safeParse(value).success;
}

function idleRoutes({ routes = [], alertOverrides = {} }: Reading): string[] {
  return routes.flatMap(({ value }, index) => {
    const idle = value?.matchers
      .map((text) => parseMatcher(text))
      .find(
        (matcher) =>
          matcher?.label === "alertname" &&
          matcher.operator === "=" &&
          alertOverrides[matcher.value]?.enabled === false,
      );
    if (!idle) return [];
    return `${configPath(["alertRoutes", index])} takes only ${idle.value}, which alertOverrides disables.`;
  });
}
