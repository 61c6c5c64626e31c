import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ensureTools } from "../../lab/tools";
import { find, objectsOf } from "./cluster";
import { buildTimeout, folderWith, runTool } from "./tool";

const annotations = {
  summary: "Error rate of bilten-api is 3 %",
  description: "3 % of the requests to bilten-api fail & nobody knows <why>.",
  runbook_url: "https://runbooks.example.com/HighErrorRate.md",
  dashboard_url: "https://grafana.example.com/d/bilten-platform-overview",
};

/** Labels that a careless template would break its links with. */
const labels = { alertname: "HighErrorRate", service: "bilten-api", severity: "critical", route: "/api?a=1&b=2" };
const alertmanager = "https://alertmanager.example.com";

/** What Alertmanager gives to a template, as far as the templates look at it. */
const data = (status: string) => ({
  receiver: "team-bilten",
  status,
  alerts: [{ status, labels, annotations, startsAt: "2026-01-02T03:04:05Z", endsAt: "0001-01-01T00:00:00Z" }],
  groupLabels: { alertname: labels.alertname },
  commonLabels: { ...labels, cluster: "bilten-prod" },
  commonAnnotations: annotations,
  externalURL: alertmanager,
});

const escapedDescription = "3 % of the requests to bilten-api fail &amp; nobody knows &lt;why&gt;.";
const silence = `${alertmanager}/#/silences/new?filter=`;

describe("messages to people", () => {
  let amtool: string;
  let folder: string;

  before(async function () {
    this.timeout(buildTimeout);
    ({ amtool } = await ensureTools(["amtool"]));
    const { data: files } = find(await objectsOf("prod"), "ConfigMap", "alertmanager-configuration");
    folder = folderWith({
      "bilten.tmpl": (files as Record<string, string>)["bilten.tmpl"] ?? "",
      "firing.json": JSON.stringify(data("firing")),
      "resolved.json": JSON.stringify(data("resolved")),
    });
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  function render(template: string, type: "text" | "html", status = "firing"): Promise<string> {
    return runTool(amtool, [
      "template",
      "render",
      `--template.glob=${join(folder, "*.tmpl")}`,
      `--template.data=${join(folder, `${status}.json`)}`,
      `--template.type=${type}`,
      `--template.text={{ template "${template}" . }}`,
    ]);
  }

  /** The labels that the silence's form would be filled with. */
  function silenced(message: string): string {
    const filter = /^[^"'|>\s]*/.exec(message.split(silence)[1] ?? "")?.[0] ?? "";
    assert.match(filter, /^[\w%.~+-]+$/, "the filter is percent-encoded");
    return decodeURIComponent(filter.replaceAll("+", " "));
  }

  const expectedFilter = `{${Object.entries(labels)
    .sort(([a], [b]) => (a === "alertname" ? -1 : b === "alertname" ? 1 : a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}}`;

  for (const [channel, template] of [
    ["Slack", "bilten.slack.text"],
    ["mail without HTML", "bilten.mail.text"],
  ] as const) {
    it(`carry summary, description, runbook, dashboard and silence link by ${channel}`, async () => {
      const message = await render(template, "text");
      for (const value of Object.values(annotations)) assert.ok(message.includes(value), `${value}\n${message}`);
      assert.equal(silenced(message), expectedFilter, message);
    });
  }

  it("carry the same by mail, as HTML that an annotation cannot break", async () => {
    const message = await render("bilten.mail.html", "html");
    assert.ok(message.includes(annotations.summary), message);
    assert.ok(message.includes(escapedDescription), message);
    for (const url of [annotations.runbook_url, annotations.dashboard_url])
      assert.ok(message.includes(`href="${url}"`), message);
    assert.equal(silenced(message.replaceAll("&#43;", "+")), expectedFilter, message);
  });

  it("say in the title what is wrong, how urgent it is and where", async () => {
    const title = await render("bilten.title", "text");
    for (const part of ["[FIRING 1]", "critical", "HighErrorRate", "bilten-api", "bilten-prod"])
      assert.ok(title.includes(part), title);
    assert.ok(!title.trim().includes("\n"), "a subject is one line");
  });

  it("say that it is over when it is", async () => {
    assert.match(await render("bilten.title", "text", "resolved"), /^\[RESOLVED\]/);
    assert.match(await render("bilten.slack.text", "text", "resolved"), /resolved/);
  });
});
