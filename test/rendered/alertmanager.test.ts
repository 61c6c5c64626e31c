import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ensureTools } from "../../lab/tools";
import type { StackRunOptions } from "../../rendering/stack";
import { find, objectsOf, stacks, type KubernetesObject } from "./cluster";
import { buildTimeout, folderWith, runTool } from "./tool";

interface Times {
  group_wait: string;
  group_interval: string;
  repeat_interval: string;
}

interface Configuration {
  route: Times & { group_by: string[]; routes: (Times & { receiver: string })[] };
  receivers: { name: string; email_configs?: { to: string }[]; slack_configs?: { channel: string }[] }[];
}

interface Policy extends KubernetesObject {
  spec: { egress: { to?: object[]; ports: { port: number }[] }[] };
}

const severities = ["critical", "warning", "info"];
const escalation: StackRunOptions["config"] = {
  alertEscalation: { receiver: "on-call-lead", after: "30m", repeatInterval: "1h" },
  alertReceivers: [
    { name: "team-bilten", email: { to: "team@bilten.com" }, slack: { channel: "#alerts" } },
    { name: "on-call-lead", email: { to: "lead@bilten.com" } },
  ],
};

describe("Alertmanager's files, as amtool sees them", () => {
  let amtool: string;
  const folders: string[] = [];

  before(async function () {
    this.timeout(buildTimeout);
    ({ amtool } = await ensureTools(["amtool"]));
  });

  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  /** A folder with the files, the configuration naming the templates there. */
  async function placed(stack: string, options?: StackRunOptions): Promise<string> {
    const { data } = find(await objectsOf(stack, options), "ConfigMap", "alertmanager-configuration");
    const { "alertmanager.yaml": configuration = "", ...templates } = data as Record<string, string>;
    const folder = folderWith(templates);
    folders.push(folder);
    const here = configuration.replace("/etc/alertmanager/config/", `${folder}/`);
    assert.notEqual(here, configuration);
    const placedConfiguration = folderWith({ "alertmanager.yaml": here });
    folders.push(placedConfiguration);
    return join(placedConfiguration, "alertmanager.yaml");
  }

  /** Who hears of an alert with these labels. */
  async function receivers(configuration: string, ...labels: string[]): Promise<string[]> {
    const args = ["config", "routes", "test", `--config.file=${configuration}`, ...labels];
    return (await runTool(amtool, args)).trim().split(",");
  }

  for (const stack of stacks) {
    describe(`of stack ${stack}`, () => {
      let configuration: string;

      before(async function () {
        this.timeout(60_000);
        configuration = await placed(stack);
      });

      it("are a valid configuration with its templates", async () => {
        const output = await runTool(amtool, ["check-config", configuration]);
        assert.match(output, /1 templates/);
      });

      for (const severity of severities) {
        it(`tell the team of what is ${severity}`, async () => {
          const labels = ["alertname=HighErrorRate", `severity=${severity}`];
          assert.deepEqual(await receivers(configuration, ...labels), ["team-bilten"]);
        });
      }

      it("tell nobody of Watchdog", async () => {
        assert.deepEqual(await receivers(configuration, "alertname=Watchdog", "severity=none"), ["nobody"]);
      });

      it("tell the team of an alert without a severity", async () => {
        assert.deepEqual(await receivers(configuration, "alertname=Unknown"), ["team-bilten"]);
      });
    });
  }

  it("send Watchdog to the dead man's switch, and to nobody else, when there is one", async () => {
    const secrets = { deadMansSwitchUrl: "https://dead-mans-switch.example.com/ping" };
    const configuration = await placed("prod", { secrets });
    await runTool(amtool, ["check-config", configuration]);
    const labels = ["alertname=Watchdog", "severity=none"];
    assert.deepEqual(await receivers(configuration, ...labels), ["dead-mans-switch"]);
    assert.deepEqual(await receivers(configuration, "alertname=A", "severity=critical"), ["team-bilten"]);
  });

  it("send Watchdog with every flush of its group, not with every second one", async () => {
    const secrets = { deadMansSwitchUrl: "https://dead-mans-switch.example.com/ping" };
    const config = { deadMansSwitchInterval: "5m" };
    const { data } = find(await objectsOf("prod", { config, secrets }), "ConfigMap", "alertmanager-configuration");
    const { route } = parse((data as Record<string, string>)["alertmanager.yaml"] ?? "") as Configuration;
    const watchdog = route.routes.find(({ receiver }) => receiver === "dead-mans-switch");
    // A repetition is later than the flush that sends it, so an interval as long would not be over at the next flush.
    assert.deepEqual([watchdog?.group_interval, watchdog?.repeat_interval], ["5m", "270000ms"]);
  });

  it("may reach the ports of the secret addresses, which do not stand in the policy", async () => {
    const ports = async (secrets: StackRunOptions["secrets"]) => {
      const objects = await objectsOf("dev", { secrets });
      const { spec } = find<Policy>(objects, "NetworkPolicy", "alertmanager");
      const open = spec.egress.filter(({ to }) => !to).flatMap((rule) => rule.ports.map(({ port }) => port));
      return { open, text: JSON.stringify(spec) };
    };
    assert.deepEqual((await ports({})).open, [443]);
    const { open, text } = await ports({
      slackWebhookUrl: "http://relay.chat.svc:8080/hook",
      deadMansSwitchUrl: "http://switch.example.com/ping",
    });
    assert.deepEqual(open, [80, 443, 8080]);
    assert.doesNotMatch(text, /relay|switch/);
  });

  it("tell the escalation's receiver of criticals too, and of nothing else", async () => {
    const configuration = await placed("prod", { config: escalation });
    await runTool(amtool, ["check-config", configuration]);
    const told = (severity: string) => receivers(configuration, "alertname=A", `severity=${severity}`);
    assert.deepEqual((await told("critical")).sort(), ["on-call-lead", "team-bilten"]);
    assert.deepEqual(await told("warning"), ["team-bilten"]);
    assert.deepEqual(await told("info"), ["team-bilten"]);
  });

  it("group, wait, repeat and address as the platform asks", async () => {
    const { data } = find(await objectsOf("prod"), "ConfigMap", "alertmanager-configuration");
    const { route, receivers } = parse((data as Record<string, string>)["alertmanager.yaml"] ?? "") as Configuration;
    assert.deepEqual(
      [route.group_by, route.group_wait, route.group_interval, route.repeat_interval],
      [["alertname", "cluster", "service"], "30s", "5m", "4h"],
    );
    const team = receivers.find(({ name }) => name === "team-bilten");
    assert.deepEqual(
      team?.email_configs?.map(({ to }) => to),
      ["team@bilten.com"],
    );
    assert.deepEqual(
      team?.slack_configs?.map(({ channel }) => channel),
      ["#alerts"],
    );
  });

  it("would be refused with a receiver that does not exist, so that the checks above mean something", async () => {
    const folder = folderWith({ "alertmanager.yaml": "route: { receiver: a }\nreceivers: [{ name: b }]\n" });
    folders.push(folder);
    await assert.rejects(runTool(amtool, ["check-config", join(folder, "alertmanager.yaml")]), /undefined receiver/);
  });
});
