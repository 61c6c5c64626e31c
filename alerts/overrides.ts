/** What users change about single alerts, put over the rules that all parts contribute. */
import type { AlertingRule, RuleGroup } from "../components/contribution";
import type { AlertOverride, AlertOverrides } from "../config/settings";
import { inWords, seconds } from "./durations";

/**
 * The rule groups with the overrides put over every alert of their names, in all groups. Recording rules stay, those
 * that only a disabled alert reads as well: dashboards may show them. A group of which nothing is left is left out.
 * @param overrides by alert name; a name that no rule has changes nothing, since not every stack has every alert.
 */
export function adjustAlerts(groups: readonly RuleGroup[], overrides: AlertOverrides): RuleGroup[] {
  const byName = new Map<string, AlertOverride>(Object.entries(overrides));
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules.flatMap((rule): RuleGroup["rules"] => {
        if (!("alert" in rule)) return [rule];
        const override = byName.get(rule.alert);
        return override === undefined ? [rule] : adjusted(rule, override);
      }),
    }))
    .filter(({ rules }) => rules.length > 0);
}

/** The rule after an override, or nothing when it is disabled. */
function adjusted(rule: AlertingRule, override: AlertOverride): AlertingRule[] {
  if (!override.enabled) return [];
  const patience = unlessZero(override.for ?? rule.for);
  const keepFiringFor = unlessZero(override.keepFiringFor ?? rule.keep_firing_for);
  const { description } = rule.annotations;
  return [
    {
      alert: rule.alert,
      expr: rule.expr,
      ...(patience === undefined ? {} : { for: patience }),
      ...(keepFiringFor === undefined ? {} : { keep_firing_for: keepFiringFor }),
      labels: { ...rule.labels, severity: override.severity ?? rule.labels.severity },
      annotations: { ...rule.annotations, description: restated(description, rule.for, patience) },
    },
  ];
}

/** Prometheus takes no duration as zero; so does the reader of a rule. */
function unlessZero(duration: string | undefined): string | undefined {
  return duration === undefined || seconds(duration) === 0 ? undefined : duration;
}

/** A description that says how long the condition has held ("for 5 minutes") says it with the new duration. */
function restated(description: string, before: string | undefined, after: string | undefined): string {
  if (before === undefined || before === after) return description;
  return description.replace(` for ${inWords(before)}`, after === undefined ? "" : ` for ${inWords(after)}`);
}
