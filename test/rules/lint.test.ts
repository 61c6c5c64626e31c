import assert from "node:assert/strict";
import { analyse, recordedSeries } from "../../metrics/check";
import { CATALOGUE } from "../../metrics/exporters";
import { ALL_GROUPS, alertsOf, LINKS, recordingsOf } from "./groups";

/** Alerts without `for`; each says why in its definition. */
const FIRES_AT_ONCE = ["Watchdog", "ErrorBudgetBurn", "AvailabilityBudgetBurn", "PrometheusWALCorruption"];

describe("every alert", () => {
  const recorded = recordedSeries(ALL_GROUPS, CATALOGUE);

  for (const rule of alertsOf(ALL_GROUPS)) {
    const name = [rule.alert, rule.labels.long_window].filter(Boolean).join(" over ");

    it(`carries what its reader needs: ${name}`, () => {
      const { summary, description, runbook_url, dashboard_url } = rule.annotations;
      assert.ok(summary.length > 0 && summary.length < 120 && !summary.endsWith("."), summary);
      assert.match(description, /\.$/);
      assert.equal(runbook_url, `${LINKS.runbookBaseUrl}/${rule.alert}.md`);
      assert.match(
        dashboard_url ?? "",
        /^https:\/\/grafana\.example\.com\/d\/bilten-[a-z-]+(\?var-service=[\w-]+)?$/,
      );
    });

    it(`has a severity that routes know: ${name}`, () => {
      const known = rule.alert === "Watchdog" ? ["none"] : ["critical", "warning", "info"];
      assert.ok(known.includes(rule.labels.severity), rule.labels.severity);
    });

    it(`waits before it fires, or is known not to: ${name}`, () => {
      assert.equal(rule.for === undefined, FIRES_AT_ONCE.includes(rule.alert));
    });

    it(`speaks only of labels that it has: ${name}`, () => {
      const labels = new Set([
        ...analyse(rule.expr, CATALOGUE, recorded).labels.keys(),
        ...Object.keys(rule.labels),
      ]);
      const text = Object.values(rule.annotations).join(" ");
      const named = [...text.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1] ?? "");
      assert.deepEqual(
        named.filter((label) => !labels.has(label)),
        [],
      );
    });
  }

  it("of the architecture document keeps the document's waiting time and severity", () => {
    const found = Object.fromEntries(
      alertsOf(ALL_GROUPS).map((rule) => [rule.alert, `${rule.for ?? ""} ${rule.labels.severity}`]),
    );
    assert.equal(found.HighErrorRate, "2m critical");
    assert.equal(found.HighResponseTime, "5m warning");
    assert.equal(found.HighCPUUsage, "5m warning");
    assert.equal(found.HighMemoryUsage, "5m warning");
  });

  it("with the same name and labels exists only once", () => {
    const keys = alertsOf(ALL_GROUPS).map((rule) => JSON.stringify([rule.alert, rule.labels]));
    assert.equal(new Set(keys).size, keys.length);
  });
});

describe("every recording rule", () => {
  it("is named level:metric:operations", () => {
    for (const { record } of recordingsOf(ALL_GROUPS)) {
      assert.match(record, /^[a-z_]+:[a-z_]+:[a-z0-9_]+$/);
    }
  });

  it("leaves the labels that its level promises", () => {
    for (const rule of recordingsOf(ALL_GROUPS)) {
      const level = rule.record.split(":")[0] ?? "";
      const recorded = recordedSeries(ALL_GROUPS, CATALOGUE);
      const labels = [...(recorded.get(rule.record) ?? new Map<string, unknown>()).keys()];
      if (level === "instance") assert.ok(labels.includes("instance"), rule.record);
      else
        assert.equal(
          level.length,
          labels.join("_").length,
          `${rule.record} has the labels ${labels.join(", ")}`,
        );
    }
  });

  it("is made once for each name and labels", () => {
    const keys = recordingsOf(ALL_GROUPS).map((rule) => JSON.stringify([rule.record, rule.labels]));
    assert.equal(new Set(keys).size, keys.length);
  });
});

describe("rule groups", () => {
  it("have names of their own", () => {
    const names = ALL_GROUPS.map((group) => group.name);
    assert.equal(new Set(names).size, names.length);
  });
});
