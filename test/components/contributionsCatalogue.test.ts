import assert from "node:assert/strict";
import type { Contribution, Dashboard } from "../../components/contribution";
import { stackContributions } from "../../components/contributions";
import { parseStackFiles } from "../../config/stackFiles";
import { analyse, recordedSeries } from "../../metrics/check";
import { CATALOGUE } from "../../metrics/exporters";

const windows = { $__rate_interval: "1m", $__range: "6h", $__interval: "30s" };

interface Panel {
  targets?: { expr: string }[];
  /** Of a collapsed row. */
  panels?: Panel[];
}

/** The queries of a dashboard, with Grafana's variables put in as Prometheus gets them. */
function queriesOf({ model }: Dashboard): string[] {
  const { panels, templating } = model as {
    panels: Panel[];
    templating?: { list: { name: string }[] };
  };
  const variables = (templating?.list ?? []).map(({ name }) => [`$${name}`, ".+"] as const);
  const fill = (expr: string) =>
    [...Object.entries(windows), ...variables].reduce(
      (text, [name, value]) => text.replaceAll(name, value),
      expr,
    );
  const queries = (panel: Panel): string[] => [
    ...(panel.targets ?? []).map(({ expr }) => fill(expr)),
    ...(panel.panels ?? []).flatMap(queries),
  ];
  return panels.flatMap(queries);
}

/** What the catalogue does not know of the rules and dashboards of a stack. */
function problemsOf({ ruleGroups, dashboards }: Required<Contribution>): string[] {
  const recorded = recordedSeries(ruleGroups, CATALOGUE);
  const expressions = [
    ...ruleGroups.flatMap(({ name, rules }) => rules.map(({ expr }) => ({ where: `rules ${name}`, expr }))),
    ...dashboards.flatMap((dashboard) =>
      queriesOf(dashboard).map((expr) => ({ where: `dashboard ${dashboard.title}`, expr })),
    ),
  ];
  return expressions.flatMap(({ where, expr }) =>
    analyse(expr, CATALOGUE, recorded).problems.map((problem) => `${where}: ${problem}`),
  );
}

/** All texts of a value changed, its shape and keys kept. */
function withTexts<T>(value: T, change: (text: string) => string): T {
  return JSON.parse(JSON.stringify(value), (_, item: unknown) =>
    typeof item === "string" ? change(item) : item,
  ) as T;
}

for (const stack of ["dev", "prod"]) {
  describe(`what the parts of stack ${stack} contribute`, () => {
    const contributions = stackContributions(parseStackFiles(stack).settings);

    it("asks only for metrics, labels and values that the catalogue knows", () => {
      assert.deepEqual(problemsOf(contributions), []);
    });

    it("is looked at in whole: rules, recorded series and dashboards are there", () => {
      const { ruleGroups, dashboards } = contributions;
      assert.ok(ruleGroups.flatMap(({ rules }) => rules).length > 50);
      assert.ok(recordedSeries(ruleGroups, CATALOGUE).size > 5);
      assert.ok(dashboards.length >= 2);
      for (const dashboard of dashboards) assert.ok(queriesOf(dashboard).length > 5, dashboard.title);
    });

    it("does not pass when a rule misspells a metric", () => {
      const ruleGroups = withTexts(contributions.ruleGroups, (text) =>
        text.replaceAll("alertmanager_notifications_failed_total", "alertmanager_notification_failed_total"),
      );
      const problems = problemsOf({ ...contributions, ruleGroups });
      assert.ok(
        problems.includes('rules alertmanager: unknown metric "alertmanager_notification_failed_total"'),
        problems.join("\n"),
      );
    });

    it("does not pass when a dashboard asks for a series that no rule records", () => {
      const ruleGroups = contributions.ruleGroups.map((group) => ({
        ...group,
        rules: group.rules.filter((rule) => !("record" in rule)),
      }));
      const problems = problemsOf({ ...contributions, ruleGroups });
      assert.ok(problems.some((problem) => /^dashboard .*: unknown metric ".*:.*"$/.test(problem)));
    });
  });
}
