import assert from "node:assert/strict";
import {
  serviceRuleGroups,
  watchdogRuleGroups,
  prometheusRuleGroups,
  alertmanagerRuleGroups,
} from "../../alerts";
import { duration, seconds, windowOver } from "../../alerts/durations";
import { BURN_RATE_WINDOWS, burnRateWindows } from "../../alerts/slo";
import { recordedSeries, unknownSelectors } from "../../metrics/check";
import { CATALOGUE } from "../../metrics/exporters";
import { alertsOf, BILTEN_API, LINKS, recordingsOf } from "./groups";

describe("windows of rules", () => {
  it("are at least five minutes and hold at least four scrapes", () => {
    assert.equal(windowOver("5m", "10s"), "5m");
    assert.equal(windowOver("5m", "1m15s"), "5m");
    assert.equal(windowOver("5m", "2m"), "8m");
    assert.equal(windowOver("5m", "1m20s"), "6m");
  });

  it("follow the scrape interval of the service, in expressions and in names", () => {
    const groups = serviceRuleGroups({ ...BILTEN_API, scrapeInterval: "2m" }, LINKS);
    const short = groups
      .flatMap((group) => group.rules)
      .flatMap((rule) => [...rule.expr.matchAll(/rate\(\w+\{[^}]*\}\[(\w+)\]\)/g)].map((match) => match[1]));
    assert.deepEqual([...new Set(short)], ["8m"]);
    const recorded = recordedSeries(groups, CATALOGUE);
    assert.ok(recorded.has("service:http_requests:rate8m"));
    for (const rule of groups.flatMap((group) => group.rules)) {
      assert.deepEqual(unknownSelectors(rule.expr, CATALOGUE, recorded), [], rule.expr);
    }
  });

  it("follow the probe interval of the service", () => {
    const slow = { ...BILTEN_API, probes: { ...BILTEN_API.probes, interval: "3m" } };
    const alerts = alertsOf(serviceRuleGroups(slow, LINKS));
    assert.equal(alerts.find((rule) => rule.alert === "ProbeFailed")?.for, "12m");
    const burn = alerts.find(
      (rule) => rule.alert === "AvailabilityBudgetBurn" && rule.labels.long_window === "1h",
    );
    assert.equal(burn?.labels.short_window, "12m");
  });
});

describe("burn rate windows", () => {
  it("are those of the multi-window method", () => {
    assert.deepEqual(
      BURN_RATE_WINDOWS.map(({ severity, long, short, factor }) => `${severity} ${factor} ${long} ${short}`),
      ["critical 14.4 1h 5m", "critical 6 6h 30m", "warning 3 1d 2h", "warning 1 3d 6h"],
    );
  });

  it("use up the share of the budget of 30 days that the text says", () => {
    for (const { long, factor, budgetUsed } of BURN_RATE_WINDOWS) {
      assert.equal(budgetUsed, `${Math.round((factor * seconds(long) * 100) / seconds("30d"))} %`);
    }
  });

  it("are left out where no ratio could exceed the limit", () => {
    assert.deepEqual(
      burnRateWindows(0.1, "5m").map(({ factor }) => factor),
      [6, 3, 1],
    );
  });

  it("have limits without the noise of binary fractions", () => {
    const exprs = alertsOf(serviceRuleGroups(BILTEN_API, LINKS)).map((rule) => rule.expr);
    assert.ok(exprs.some((expr) => expr.includes("> 0.0144 and")));
    assert.ok(exprs.every((expr) => !/\d\.\d{8}/.test(expr)));
  });
});

describe("durations", () => {
  it("are read as Prometheus reads them", () => {
    assert.equal(seconds("1h30m"), 5400);
    assert.equal(seconds("500ms"), 0.5);
    assert.equal(seconds("15d"), 1_296_000);
    assert.throws(() => seconds("5 minutes"), /is not a Prometheus duration/);
    assert.throws(() => seconds(""), /is not a Prometheus duration/);
  });

  it("are written in the largest unit that fits", () => {
    assert.deepEqual([300, 3600, 86_400, 90].map(duration), ["5m", "1h", "1d", "90s"]);
  });
});

describe("what is guarded", () => {
  const names = (rules: { alert: string }[]): string[] => rules.map((rule) => rule.alert);

  it("has no alert on remote write where nothing is written", () => {
    const groups = prometheusRuleGroups({ job: "prometheus", links: LINKS, replicas: 1, remoteWrite: false });
    assert.ok(!names(alertsOf(groups)).some((alert) => /RemoteWrite|ReplicaMissing/.test(alert)));
  });

  it("has no alert on the cluster of a single Alertmanager, but one on its absence", () => {
    const alerts = alertsOf(alertmanagerRuleGroups({ job: "alertmanager", replicas: 1, links: LINKS }));
    assert.ok(!names(alerts).some((alert) => alert.endsWith("Inconsistent")));
    assert.match(alerts.find((rule) => rule.alert === "AlertmanagerClusterDown")?.expr ?? "", /<= 0\.5$/);
  });

  it("is every job that must have targets", () => {
    const alerts = alertsOf(watchdogRuleGroups({ jobs: ["grafana", "kubelet"], links: LINKS }));
    assert.equal(names(alerts).filter((alert) => alert === "TargetMissing").length, 2);
  });

  it("is each service by rules of its own", () => {
    const other = serviceRuleGroups({ ...BILTEN_API, name: "bilten-web" }, LINKS);
    assert.ok(other.every((group) => group.name.startsWith("bilten-web.")));
    assert.ok(other.every((group) => !JSON.stringify(group).includes("bilten-api")));
    assert.ok(recordingsOf(other).length > 10);
  });
});
