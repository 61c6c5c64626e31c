import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { AlertingRule } from "../../components/contribution";
import { stackContributions } from "../../components/contributions";
import { ruleFiles } from "../../components/prometheus/configuration";
import { parseSettings } from "../../config/load";
import { readStackConfig } from "../../config/stackFiles";
import { alertNames } from "../../alerts/names";
import { ensureTools } from "../../lab/tools";
import { buildTimeout, folderWith, runTool } from "../rendered/tool";
import { alertsOf } from "./groups";

/** The rules of a stack with everything switched on, as the configuration changes its alerts. */
function groupsWith(alertOverrides: object) {
  const { values, secretKeys } = readStackConfig("prod");
  const remoteWrite = { url: "https://metrics.example.com/api/v1/write" };
  const logSnapshots = { bucket: "bilten-logs", region: "eu-central-1" };
  const secrets = new Set([...secretKeys, "smtpPassword", "slackWebhookUrl"]);
  const traces = { traceTailSampling: {}, jaegerCollectorReplicas: 1 };
  const given = { ...values, remoteWrite, logSnapshots, ...traces, alertOverrides };
  const { settings } = parseSettings(given, secrets);
  return stackContributions(settings).ruleGroups;
}

/** What prod cannot have. */
const onlyBadger = ["JaegerVolumeFilling"];

const changeable = alertNames.filter((name) => name !== "Watchdog");
const all = (override: object) => Object.fromEntries(changeable.map((name) => [name, override]));

describe("the rules of a stack with overrides", () => {
  let promtool: string;
  const folders: string[] = [];

  before(async function () {
    this.timeout(buildTimeout);
    ({ promtool } = await ensureTools(["promtool"]));
  });

  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  function placed(alertOverrides: object): { folder: string; files: string[] } {
    const rules = ruleFiles(groupsWith(alertOverrides));
    const folder = folderWith(rules);
    folders.push(folder);
    return { folder, files: Object.keys(rules) };
  }

  const variants = {
    "that all wait, are info and go on for a while": { for: "1h30m", severity: "info", keepFiringFor: "90s" },
    "that all fire at once": { for: "0s", keepFiringFor: "0s" },
    "that are all disabled": { enabled: false },
  };
  for (const [what, override] of Object.entries(variants)) {
    it(`are valid: alerts ${what}`, async () => {
      const { folder, files } = placed(all(override));
      assert.ok(files.includes("watchdog.yaml"));
      // The linter takes alerts of one name for different jobs, which one rule each makes, for duplicates.
      await runTool(promtool, ["check", "rules", "--lint=none", ...files], folder);
    });
  }

  it("are changed in every part: no alert but Watchdog keeps its severity, or stays", () => {
    const kept = (groups: ReturnType<typeof groupsWith>, test: (rule: AlertingRule) => boolean) => [
      ...new Set(
        alertsOf(groups)
          .filter(test)
          .map(({ alert }) => alert),
      ),
    ];
    assert.deepEqual(
      alertNames.filter((name) => !kept(groupsWith({}), () => true).includes(name)),
      onlyBadger,
    );
    assert.deepEqual(
      kept(groupsWith(all({ severity: "info" })), ({ labels }) => labels.severity !== "info"),
      ["Watchdog"],
    );
    assert.deepEqual(
      kept(groupsWith(all({ enabled: false })), () => true),
      ["Watchdog"],
    );
  });

  /** Runs promtool's clock over a target that is down from minute 1 to minute 3. */
  async function firing(alertOverrides: object, at: string): Promise<void> {
    const { folder } = placed(alertOverrides);
    const groups = groupsWith(alertOverrides);
    const [rule] = alertsOf(groups).filter(({ alert }) => alert === "TargetDown");
    const labels = { job: "a", instance: "b" };
    const filled = (text: string) =>
      text.replace("{{ $labels.job }}", labels.job).replace("{{ $labels.instance }}", labels.instance);
    const { annotations } = rule!;
    const expected = {
      exp_labels: { ...labels, severity: rule!.labels.severity },
      exp_annotations: {
        ...annotations,
        summary: filled(annotations.summary),
        description: filled(annotations.description),
      },
    };
    writeFileSync(
      join(folder, "case.yml"),
      stringify({
        rule_files: ["watchdog.yaml"],
        evaluation_interval: "10s",
        tests: [
          {
            interval: "1m",
            input_series: [{ series: 'up{job="a",instance="b"}', values: "1 0 0 1 1 1 1" }],
            alert_rule_test: [{ eval_time: at, alertname: "TargetDown", exp_alerts: [expected] }],
          },
        ],
      }),
    );
    await runTool(promtool, ["test", "rules", "case.yml"], folder);
  }

  it("fire by the new waiting time and severity, and not before", async () => {
    const overrides = { TargetDown: { for: "30s", severity: "critical" } };
    await firing(overrides, "1m30s");
    await assert.rejects(firing(overrides, "1m20s"), /got:\[\]/);
    await assert.rejects(firing({}, "1m30s"), /got:\[\]/);
  });

  it("fire at once with a waiting time of zero, and not longer than the fault", async () => {
    const overrides = { TargetDown: { for: "0s" } };
    await firing(overrides, "1m");
    await assert.rejects(firing(overrides, "3m"), /got:\[\]/);
  });

  it("go on firing after the fault for as long as they are told to", async () => {
    const overrides = { TargetDown: { for: "0s", keepFiringFor: "1m" } };
    await firing(overrides, "3m50s");
    await assert.rejects(firing(overrides, "4m10s"), /got:\[\]/);
  });
});
