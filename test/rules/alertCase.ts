/** Cases for promtool's unit tests of alerts, and what promtool is given for them. */
import type { AlertingRule, RuleGroup } from "../../components/contribution";
import { alertsOf, type Subject } from "./groups";

export interface FiringAlert {
  /** Labels besides alertname and the rule's own. */
  labels?: Record<string, string>;
  /** Which rule, where several share the alert's name: some of the rule's own labels. */
  rule?: Record<string, string>;
  /** The text as it must read; needed where the rule's text has `$value` in it. */
  summary?: string;
  description?: string;
}

export interface AlertCase {
  /** Name of the alert under test. */
  alert: string;
  /** What the situation is, as the end of the sentence "fires/stays silent when ...". */
  when: string;
  /** Series by selector, in promtool's notation: `0+10x5` is 0 10 20 30 40 50. */
  series: Record<string, string>;
  /** Time between the samples of the series; a minute by default. */
  interval?: string;
  /** When it is looked at. */
  at: string;
  /** The alerts of that name that fire then. */
  firing: FiringAlert[];
}

export interface CaseFile {
  subject: Subject;
  /** Time between evaluations; a minute by default. */
  evaluationInterval?: string;
  cases: AlertCase[];
}

/** The rule that a firing alert of a case belongs to. */
export function ruleOf(rules: readonly AlertingRule[], alert: string, firing: FiringAlert): AlertingRule {
  const found = rules.filter(
    (rule) =>
      rule.alert === alert &&
      Object.entries(firing.rule ?? {}).every(([label, value]) => rule.labels[label] === value),
  );
  const [rule] = found;
  if (rule === undefined || found.length > 1) {
    throw new Error(`${found.length} rules are named ${alert} with ${JSON.stringify(firing.rule ?? {})}`);
  }
  return rule;
}

/** What promtool is given for the cases of one alert. */
export interface PromtoolTest {
  alert: string;
  /** Every recording rule, and of the alerts this one alone: promtool evaluates all of them for each case. */
  groups: RuleGroup[];
  /** The file for `promtool test rules`, which names `ruleFile`. */
  test: object;
}

/** The cases of a file, apart by alert. */
export function promtoolTests(
  file: CaseFile,
  ruleFile: (alert: string) => string,
  groups: readonly RuleGroup[],
): PromtoolTest[] {
  const rules = alertsOf(groups);
  return [...new Set(file.cases.map(({ alert }) => alert))].map((alert) => {
    const needed = groups
      .map((group) => ({
        ...group,
        rules: group.rules.filter((rule) => "record" in rule || rule.alert === alert),
      }))
      .filter((group) => group.rules.length > 0);
    const test = {
      rule_files: [ruleFile(alert)],
      evaluation_interval: file.evaluationInterval ?? "1m",
      // Without it promtool takes the groups in any order, and one may not yet see what another records.
      group_eval_order: needed.map((group) => group.name),
      tests: file.cases
        .filter((each) => each.alert === alert)
        .map((each) => ({
          name: title(each),
          interval: each.interval ?? "1m",
          input_series: Object.entries(each.series).map(([series, values]) => ({ series, values })),
          alert_rule_test: [
            {
              eval_time: each.at,
              alertname: alert,
              exp_alerts: each.firing.map((firing) => expected(ruleOf(rules, alert, firing), firing)),
            },
          ],
        })),
    };
    return { alert, groups: needed, test };
  });
}

export function title(each: AlertCase): string {
  return `${each.alert} ${each.firing.length > 0 ? "fires" : "stays silent"} when ${each.when}`;
}

function expected(rule: AlertingRule, firing: FiringAlert): object {
  const labels = { ...firing.labels, ...rule.labels };
  return {
    exp_labels: labels,
    exp_annotations: {
      ...rule.annotations,
      summary: firing.summary ?? filled(rule.annotations.summary, labels, rule.alert),
      description: firing.description ?? filled(rule.annotations.description, labels, rule.alert),
    },
  };
}

/** A text with the labels put in, as Prometheus does. */
function filled(template: string, labels: Record<string, string>, alert: string): string {
  if (template.includes("$value")) throw new Error(`a case of ${alert} must say how "${template}" reads`);
  return template.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? "");
}
