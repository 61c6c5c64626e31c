/** Stack dev with real pods. Grafana and Elastic's programs are simulated, and so are the nodes beside the real one. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { deployDev, logSinceDeployed } from "./deploy";
import { eventually, measured, record } from "./eventually";
import { describeOnLab } from "./lab";
import { mails, pings, slackMessages, type Mail } from "./messages";
import { alertsNamed, query, ruleGroups, targets } from "./prometheus";
import { calm, crossing, endErrors, endPressure, startErrors, startPressure } from "./service";
import { discovery, intervals, slack, untilFiring, untilTold, untilToldResolved } from "./settings";

const runbooks = "https://github.com/bilten/bilten-monitoring/blob/main/docs/runbooks";

/** Jobs whose targets are simulated, or asked about what is. */
const simulatedJobs = ["grafana", "logstash", "filebeat", "log-index"];

describeOnLab("stack dev on real pods, with Grafana and Elastic's programs simulated", function () {
  this.timeout(240_000);
  let pressure: { since: number; instance: string };

  before(deployDev);
  // It lasts while other tests have their own faults.
  before(async () => void (pressure = await startPressure()));

  it("has every real target up, and no other down than simulated nodes and programs", async () => {
    const limit = 3 * intervals.scrape + slack;
    await eventually("every target is as it should be", limit, async () => {
      const found = (await targets()).map(({ scrapePool, labels, health, lastError }) => {
        const simulated = /^simulated-/.test(labels["node"] ?? "") || simulatedJobs.includes(scrapePool);
        return {
          simulated,
          line: `${scrapePool} ${labels["instance"]} ${health} ${lastError}`,
          scrapePool,
          health,
        };
      });
      const wrong = found.filter(({ simulated, health }) => health !== (simulated ? "down" : "up"));
      assert.deepEqual(
        wrong.map(({ line }) => line),
        [],
      );
      const real = found.filter(({ simulated }) => !simulated).map(({ scrapePool }) => scrapePool);
      assert.deepEqual([...new Set(real)].sort(), [
        "alertmanager",
        "bilten-api",
        "blackbox-exporter",
        "cadvisor",
        "certificates",
        "elasticsearch-exporter",
        "jaeger",
        "jaeger-sampling",
        "jaeger-spans",
        "json-exporter",
        "kube-state-metrics",
        "kubelet",
        "node-exporter",
        "probe-bilten-api",
        "prometheus",
      ]);
    });
  });

  it("evaluates every rule without error or warning", () =>
    eventually("every rule is evaluated", 2 * intervals.evaluation + slack, assertRules));

  it("tells of errors of a service by one mail and one message to Slack, and of their end", async () => {
    const start = await startErrors();
    const is = (state: string) => async () => {
      const [alert] = await alertsNamed("HighErrorRate");
      assert.equal(alert?.state, state);
    };
    await measured(
      "HighErrorRate: errors until pending",
      { since: start, limit: intervals.scrape + 2 * intervals.evaluation + crossing + slack },
      is("pending"),
    );
    await measured(
      "HighErrorRate: errors until firing",
      { since: start, limit: untilFiring() + crossing },
      is("firing"),
    );
    const told = { since: start, limit: untilTold() + crossing };
    await measured("HighErrorRate: errors until mail", told, () => assertMail("FIRING 1"));
    await measured("HighErrorRate: errors until Slack", told, () => assertSlack("FIRING 1"));

    const end = await endErrors();
    const over = { since: end, limit: untilToldResolved() + crossing };
    await measured("HighErrorRate: end of errors until mail", over, () => assertMail("RESOLVED"));
    await measured("HighErrorRate: end of errors until Slack", over, () => assertSlack("RESOLVED"));
    await assertToldOnce();
    await calm();
  });

  it("tells of processors and memory that are used up", async () => {
    const { since, instance } = pressure;
    for (const [alert, text] of [
      ["HighCPUUsage", /^CPU usage is 9[3-7](\.\d+)?%; the limit is 80 %\.\r?$/m],
      ["HighMemoryUsage", /^Memory usage is 90%; the limit is 85 %\.\r?$/m],
    ] as const) {
      await measured(
        `${alert}: pressure until mail`,
        { since, limit: untilTold() + discovery + intervals.groupInterval },
        async () => {
          const texts = await mails(alert);
          const sent = texts.find(({ Text }) => text.test(Text) && Text.includes(` on ${instance} (firing)`));
          assert.ok(sent, texts.at(-1)?.Text);
          return new Date(sent.Created);
        },
      );
      const firing = (await alertsNamed(alert)).filter(({ labels }) => labels["instance"] === instance);
      assert.deepEqual(
        firing.map(({ state, labels }) => [state, labels["job"]]),
        [["firing", "node-exporter"]],
      );
    }
    // After a fifth of the time that it lasted, the processors were in use for less than the limit on the whole.
    const ending = ((await endPressure()) - since) / 1000 / 5;
    await eventually("the alerts end", untilToldResolved() + ending, async () => {
      const all = [...(await alertsNamed("HighCPUUsage")), ...(await alertsNamed("HighMemoryUsage"))];
      assert.ok(!all.some(({ labels }) => labels["instance"] === instance));
    });
  });

  it("sends Watchdog to the dead man's switch, again and again", async () => {
    const received = await pings();
    assert.ok(received.length >= 5, `${received.length} pings`);
    const times = received.map(({ time }) => Date.parse(time) / 1000);
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    // Alertmanager sends what is due with the flush of the group in each interval.
    const limit = 1.5 * intervals.deadMansSwitch;
    const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
    record("Watchdog: from one ping of the dead man's switch to the next, mean", mean, limit);
    record("Watchdog: the same, longest", Math.max(...pauses), limit + slack);
    for (const { valid, reason, body } of received) {
      assert.ok(valid, reason);
      assert.equal(body.status, "firing");
      assert.deepEqual(
        body.alerts.map(({ labels }) => labels["alertname"]),
        ["Watchdog"],
      );
    }
  });

  it("has told of the errors once, and still does not more", assertToldOnce);

  it("still evaluates every rule, and Prometheus has complained of nothing", async () => {
    await assertRules();
    const complaints = (await logSinceDeployed("statefulset/prometheus")).filter((line) =>
      /level=(WARN|ERROR)/.test(line),
    );
    assert.deepEqual(complaints, []);
  });
});

/** No rule fails, none is late, and no query of a rule gives a warning. */
async function assertRules(): Promise<void> {
  const groups = await ruleGroups();
  assert.ok(groups.length >= 7, `${groups.length} groups`);
  const wrong = groups.flatMap(({ name, rules }) =>
    rules
      .filter(({ health, lastError }) => health !== "ok" || lastError)
      .map((rule) => `${name} ${rule.name}: ${rule.health} ${rule.lastError}`),
  );
  assert.deepEqual(wrong, []);
  for (const expression of new Set(groups.flatMap(({ rules }) => rules.map((rule) => rule.query)))) {
    assert.deepEqual((await query(expression)).complaints, [], expression);
  }
  const failures =
    "prometheus_rule_evaluation_failures_total > 0 or prometheus_rule_group_iterations_missed_total > 0";
  assert.deepEqual((await query(failures)).series, []);
}

const subjectOf = (status: string) => `[${status}] critical: HighErrorRate (bilten-api) on bilten-dev`;
const dashboard = "http://localhost:3000/d/bilten-platform-overview?var-service=bilten-api";
const description =
  /\n\d+(\.\d+)?% of the requests to bilten-api are answered with a 5xx status; more than 10 % is an acute fault\.\n/;

/** The address that begins a silence, as the messages carry it. */
function assertSilenceLink(text: string): void {
  const [, filter] =
    /http:\/\/localhost:9093\/#\/silences\/new\?filter=([^\s|>"]+)/.exec(text) ?? assert.fail(text);
  assert.equal(
    decodeURIComponent(filter!.replaceAll("&amp;", "&")),
    '{alertname="HighErrorRate",cluster="bilten-dev",environment="dev",service="bilten-api",severity="critical"}',
  );
}

async function one<T>(found: Promise<T[]>): Promise<T> {
  const all = await found;
  assert.equal(all.length, 1, `${all.length} messages`);
  return all[0]!;
}

async function assertMail(status: string): Promise<void> {
  const mail: Mail = await one(mails(subjectOf(status)));
  assert.deepEqual(
    mail.To.map(({ Address }) => Address),
    ["team@bilten.com"],
  );
  assert.equal(mail.From.Address, "alerts@bilten.com");
  const word = status === "RESOLVED" ? "resolved" : "firing";
  assert.ok(
    mail.Text.replaceAll("\r", "").startsWith(`High error rate on bilten-api (${word})\n`),
    mail.Text,
  );
  assert.match(mail.Text.replaceAll("\r", ""), description);
  assert.ok(mail.Text.includes(`Runbook: ${runbooks}/HighErrorRate.md`), mail.Text);
  assert.ok(existsSync(join(__dirname, "..", "..", "docs", "runbooks", "HighErrorRate.md")));
  assert.ok(mail.Text.includes(`Dashboard: ${dashboard}`), mail.Text);
  assertSilenceLink(mail.Text);
  assertSilenceLink(mail.HTML);
  for (const link of [`${runbooks}/HighErrorRate.md`, dashboard])
    assert.ok(mail.HTML.includes(`href="${link}"`), link);
}

async function assertSlack(status: string): Promise<void> {
  const { valid, reason, body } = await one(slackMessages(subjectOf(status)));
  assert.ok(valid, reason);
  assert.equal(body.channel, "#alerts");
  const [attachment] = body.attachments;
  assert.equal(attachment!.title, subjectOf(status));
  assert.equal(attachment!.title_link, "http://localhost:9093/#/alerts?receiver=team-bilten");
  assert.equal(attachment!.color, status === "RESOLVED" ? "good" : "danger");
  assert.match(attachment!.text, description);
  assert.ok(attachment!.text.includes(`<${runbooks}/HighErrorRate.md|Runbook>`), attachment!.text);
  assert.ok(attachment!.text.includes(`<${dashboard}|Dashboard>`), attachment!.text);
  assertSilenceLink(attachment!.text);
}

/** One message for the beginning and one for the end, by each way. */
async function assertToldOnce(): Promise<void> {
  const titles = ["FIRING 1", "RESOLVED"].map(subjectOf);
  const subjects = (await mails("HighErrorRate")).map(({ Subject }) => Subject);
  assert.deepEqual(subjects, titles);
  const posts = (await slackMessages("HighErrorRate")).map(({ body }) => body.attachments[0]!.title);
  assert.deepEqual(posts, titles);
}
