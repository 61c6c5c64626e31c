import assert from "node:assert/strict";
import { adjustAlerts } from "../../alerts";
import { inWords } from "../../alerts/durations";
import { alertNames } from "../../alerts/names";
import type { RuleGroup } from "../../components/contribution";
import { ALL_GROUPS, alertsOf, recordingsOf } from "./groups";

/** The rules of one alert after overrides. */
const rulesOf = (groups: readonly RuleGroup[], alert: string) =>
  alertsOf(groups).filter((rule) => rule.alert === alert);

describe("the list of alert names", () => {
  it("holds each alert that some rule has, once, and no other", () => {
    const made = new Set(alertsOf(ALL_GROUPS).map((rule) => rule.alert));
    assert.deepEqual([...alertNames].sort(), [...made].sort());
  });
});

describe("overrides of alerts", () => {
  it("change nothing when there are none", () => {
    assert.deepEqual(adjustAlerts(ALL_GROUPS, {}), ALL_GROUPS);
    assert.equal(JSON.stringify(adjustAlerts(ALL_GROUPS, {})), JSON.stringify(ALL_GROUPS));
  });

  it("change nothing when they say nothing, down to the order of the keys", () => {
    const empty = Object.fromEntries(alertNames.map((name) => [name, { enabled: true }]));
    assert.equal(JSON.stringify(adjustAlerts(ALL_GROUPS, empty)), JSON.stringify(ALL_GROUPS));
  });

  it("leave the groups that they are given as they are", () => {
    const before = structuredClone(ALL_GROUPS);
    adjustAlerts(ALL_GROUPS, {
      HighCPUUsage: { enabled: true, severity: "info", for: "1h" },
      TargetDown: { enabled: false },
    });
    assert.deepEqual(ALL_GROUPS, before);
  });

  it("change how long an alert waits, its severity, how long it goes on, and nothing else of it", () => {
    const [before] = rulesOf(ALL_GROUPS, "HighCPUUsage");
    const [after, ...more] = rulesOf(
      adjustAlerts(ALL_GROUPS, {
        HighCPUUsage: { enabled: true, for: "10m", severity: "info", keepFiringFor: "3m" },
      }),
      "HighCPUUsage",
    );
    assert.deepEqual(more, []);
    assert.deepEqual(after, {
      ...before,
      for: "10m",
      keep_firing_for: "3m",
      labels: { ...before!.labels, severity: "info" },
    });
  });

  it("change no other alert", () => {
    const others = (groups: readonly RuleGroup[]) =>
      alertsOf(groups).filter((rule) => rule.alert !== "HighCPUUsage");
    const adjusted = adjustAlerts(ALL_GROUPS, { HighCPUUsage: { enabled: true, severity: "critical" } });
    assert.deepEqual(others(adjusted), others(ALL_GROUPS));
  });

  for (const zero of ["0s", "0m", "0h0s"]) {
    it(`take ${zero} as no waiting at all`, () => {
      const lasting = adjustAlerts(ALL_GROUPS, { HighErrorRate: { enabled: true, keepFiringFor: "5m" } });
      assert.equal(rulesOf(lasting, "HighErrorRate")[0]!.keep_firing_for, "5m");
      const none = { enabled: true, for: zero, keepFiringFor: zero };
      const [rule] = rulesOf(adjustAlerts(lasting, { HighErrorRate: none }), "HighErrorRate");
      assert.ok(!("for" in rule!));
      assert.ok(!("keep_firing_for" in rule!));
    });
  }

  it("let an alert wait that has fired at once", () => {
    const adjusted = adjustAlerts(ALL_GROUPS, { PrometheusWALCorruption: { enabled: true, for: "1m" } });
    assert.equal(rulesOf(ALL_GROUPS, "PrometheusWALCorruption")[0]!.for, undefined);
    assert.equal(rulesOf(adjusted, "PrometheusWALCorruption")[0]!.for, "1m");
  });

  it("reach every rule of an alert that has several", () => {
    const burning = rulesOf(
      adjustAlerts(ALL_GROUPS, { ErrorBudgetBurn: { enabled: true, severity: "info", for: "1m" } }),
      "ErrorBudgetBurn",
    );
    assert.equal(burning.length, 4);
    for (const rule of burning) assert.equal(`${rule.labels.severity} ${rule.for}`, "info 1m");
    assert.equal(new Set(burning.map(({ labels }) => JSON.stringify(labels))).size, 4, "still told apart");
  });

  it("remove every rule of a disabled alert, whatever else they say, and keep what is recorded", () => {
    const adjusted = adjustAlerts(ALL_GROUPS, { ErrorBudgetBurn: { enabled: false, for: "1m" } });
    assert.deepEqual(rulesOf(adjusted, "ErrorBudgetBurn"), []);
    assert.equal(alertsOf(adjusted).length, alertsOf(ALL_GROUPS).length - 4);
    assert.deepEqual(recordingsOf(adjusted), recordingsOf(ALL_GROUPS));
  });

  it("leave no empty group behind", () => {
    const names = (groups: readonly RuleGroup[]) => groups.map(({ name }) => name);
    const adjusted = adjustAlerts(ALL_GROUPS, {
      ProbeFailed: { enabled: false },
      ProbeMissing: { enabled: false },
      HighCPUUsage: { enabled: false },
      HighMemoryUsage: { enabled: false },
    });
    assert.deepEqual(
      names(ALL_GROUPS).filter((name) => !names(adjusted).includes(name)),
      ["bilten-api.probe"],
      "the group of the machines still records",
    );
  });

  it("pass over alerts that a stack does not have", () => {
    const groups = ALL_GROUPS.filter(({ name }) => name !== "prometheus.remote-write");
    const overrides = { PrometheusRemoteWriteBehind: { enabled: true, severity: "info" } } as const;
    assert.deepEqual(adjustAlerts(groups, overrides), groups);
  });

  describe("keep the text true", () => {
    const textWith = (patience: string) =>
      rulesOf(adjustAlerts(ALL_GROUPS, { TargetDown: { enabled: true, for: patience } }), "TargetDown")[0]!
        .annotations.description;

    it("when it says how long the condition has held", () => {
      assert.match(rulesOf(ALL_GROUPS, "TargetDown")[0]!.annotations.description, / for 5 minutes\.$/);
      assert.match(textWith("1h30m"), /\(job {{ \$labels\.job }}\) for 1 hour 30 minutes\.$/);
      assert.match(textWith("10s"), / for 10 seconds\.$/);
    });

    it("when it fires at once", () => {
      assert.match(textWith("0s"), /\(job {{ \$labels\.job }}\)\.$/);
    });

    for (const { alert, annotations, ...rule } of alertsOf(ALL_GROUPS)) {
      const said = / for \d+ \w+/.exec(annotations.description)?.[0];
      if (said === undefined) continue;
      it(`which names the waiting time and none else: ${alert}`, () => {
        assert.equal(said, ` for ${inWords(rule.for ?? "")}`);
      });
    }
  });

  it("say durations as people do", () => {
    assert.deepEqual(["1m", "5m", "1h30m", "1d", "2w", "250ms"].map(inWords), [
      "1 minute",
      "5 minutes",
      "1 hour 30 minutes",
      "1 day",
      "2 weeks",
      "250 milliseconds",
    ]);
  });
});
