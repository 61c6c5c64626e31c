import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ensureTools } from "../../lab/tools";
import { find, objectsOf } from "../rendered/cluster";
import { buildTimeout, folderWith, runTool } from "../rendered/tool";

/** The smallest times that make sense, of everything between a fault and its message. */
const quick = {
  prometheusScrapeInterval: "1s",
  prometheusEvaluationInterval: "1s",
  // Samples of every second take more room than the volume of dev has for two days.
  prometheusRetention: "1d",
  alertGroupWait: "0s",
  alertGroupInterval: "2s",
  alertRepeatInterval: "10s",
  deadMansSwitchInterval: "1s",
  services: [{ name: "bilten-api", port: 3000, scrapeInterval: "1s", probes: { interval: "1s" } }],
  alertRoutes: [
    {
      matchers: ['severity="info"'],
      receiver: "team-bilten",
      groupWait: "0s",
      groupInterval: "1s",
      repeatInterval: "5s",
    },
  ],
  alertEscalation: { receiver: "team-bilten", after: "1s", repeatInterval: "5s" },
  alertOverrides: { TargetDown: { for: "0s" }, HighErrorRate: { for: "2s" } },
};

interface Route {
  group_wait?: string;
  group_interval?: string;
  repeat_interval?: string;
  routes: Route[];
}

describe("the way from a fault to its message", () => {
  const folders: string[] = [];

  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  async function files(configMap: string): Promise<Record<string, string>> {
    const { data } = find(await objectsOf("dev", { config: quick }), "ConfigMap", configMap);
    return data as Record<string, string>;
  }

  it("can be made short by settings alone in Prometheus", async function () {
    this.timeout(buildTimeout);
    const { promtool } = await ensureTools(["promtool"]);
    const { "prometheus.yaml": text = "" } = await files("prometheus-config");
    const folder = folderWith({ "prometheus.yml": text });
    folders.push(folder);
    await runTool(promtool, ["check", "config", "--syntax-only", join(folder, "prometheus.yml")]);
    const configuration = parse(text) as {
      global: { scrape_interval: string; evaluation_interval: string };
      scrape_configs: { job_name: string; scrape_interval?: string }[];
    };
    const { scrape_interval, evaluation_interval } = configuration.global;
    assert.deepEqual([scrape_interval, evaluation_interval], ["1s", "1s"]);
    for (const job of configuration.scrape_configs) {
      // What is asked seldom, is asked so by the same setting.
      const expected = { "log-index": "4s", certificates: "8s" }[job.job_name] ?? "1s";
      assert.equal(job.scrape_interval ?? scrape_interval, expected, job.job_name);
    }
    const rules = Object.values(await files("prometheus-rules")).join("\n");
    assert.doesNotMatch(rules, /^ +interval:/m, "no group has an interval of its own");
    assert.match(rules, /alert: TargetDown\n +expr: up == 0\n +labels:/);
    assert.match(rules, /alert: HighErrorRate\n +expr: .*\n +for: 2s\n/);
  });

  it("can be made short by settings alone in Alertmanager", async function () {
    this.timeout(buildTimeout);
    const { amtool } = await ensureTools(["amtool"]);
    const { "alertmanager.yaml": text = "", ...templates } = await files("alertmanager-configuration");
    const folder = folderWith(templates);
    const configuration = folderWith({
      "alertmanager.yml": text.replace("/etc/alertmanager/config/", `${folder}/`),
    });
    folders.push(folder, configuration);
    await runTool(amtool, ["check-config", join(configuration, "alertmanager.yml")]);
    const { route } = parse(text) as { route: Route };
    const times = ({ group_wait, group_interval, repeat_interval }: Route) => [
      group_wait,
      group_interval,
      repeat_interval,
    ];
    assert.deepEqual(times(route), ["0s", "2s", "10s"]);
    assert.ok(route.routes.some((each) => String(times(each)) === "0s,1s,5s"));
  });
});
