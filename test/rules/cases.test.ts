import assert from "node:assert/strict";
import { ruleOf } from "./alertCase";
import { CASE_FILES } from "./cases";
import { ALL_GROUPS, alertsOf, SUBJECTS } from "./groups";

/** Alerts that cannot stay silent, and so have no case for it. */
const ALWAYS_FIRING = ["Watchdog"];

describe("the cases for the alerts", () => {
  const files = Object.values(CASE_FILES);
  const cases = files.flatMap((file) => file.cases);
  const fired = new Set(
    files.flatMap((file) => {
      const rules = alertsOf(SUBJECTS[file.subject]);
      return file.cases.flatMap((each) => each.firing.map((firing) => ruleOf(rules, each.alert, firing)));
    }),
  );

  for (const rule of alertsOf(ALL_GROUPS)) {
    const name = [rule.alert, rule.labels.long_window].filter(Boolean).join(" over ");

    it(`have one in which ${name} fires`, () => {
      assert.ok(fired.has(rule), `no case makes ${name} fire; add one to test/rules/cases`);
    });

    if (ALWAYS_FIRING.includes(rule.alert)) continue;
    it(`have one in which ${name} stays silent though there is something to see`, () => {
      const silent = cases.filter((each) => each.alert === rule.alert && each.firing.length === 0);
      assert.ok(
        silent.some((each) => Object.keys(each.series).length > 0),
        `no case keeps ${name} silent; add one to test/rules/cases`,
      );
    });
  }

  it("are about alerts that exist", () => {
    const known = new Set(alertsOf(ALL_GROUPS).map((rule) => rule.alert));
    assert.deepEqual(
      cases.map((each) => each.alert).filter((alert) => !known.has(alert)),
      [],
    );
  });
});
