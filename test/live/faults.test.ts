/** What happens to stack dev with real pods when parts of it fail or change. Grafana and Elastic's programs are simulated. */
import assert from "node:assert/strict";
import { deployDev, devConfig, mailAddress, namespace, onePod, ownMailServer, rolledOut } from "./deploy";
import { eventually, measured } from "./eventually";
import { describeOnLab, lab } from "./lab";
import { control, mails, slackMessages } from "./messages";
import { evaluatedAt, firing, labelText, ruleGroups } from "./prometheus";
import { crossing, endErrors, startErrors } from "./service";
import {
  discovery,
  intervals,
  receiverSecrets,
  slack,
  testNamespace,
  untilFiring,
  untilTold,
  untilToldResolved,
} from "./settings";

/** How long a change by `pulumi up` may take to be in force, seconds. */
const changeLimit = 60;
const exporter = "kube-state-metrics";
/** How long Alertmanager tries to deliver a message, at least: `MinTimeout` of its package notify. Seconds. */
const attempt = 10;

/** `name uid restarts` of the pods of the stack. */
async function lives(): Promise<string[]> {
  const pods = await lab().pods(namespace, "app.kubernetes.io/part-of=bilten-monitoring");
  assert.ok(pods.length >= 6, `${pods.length} pods`);
  return pods
    .map(({ metadata, status }) =>
      [metadata.name, metadata.uid, status.containerStatuses[0]!.restartCount].join(" "),
    )
    .sort();
}

interface Expectation {
  /** When the fault began, milliseconds of `performance.now()`. */
  since: number;
  /** Seconds. */
  limit: number;
  /** What fired before. */
  before: Record<string, string>[];
  /** Labels of the alert that is to fire. */
  expected: Record<string, string>;
}

/** Waits for an alert with these labels, and fails when anything else begins to fire. */
async function firesAlone(what: string, { since, limit, before, expected }: Expectation): Promise<void> {
  const known = new Set(before.map(labelText));
  const news = async () => (await firing()).filter((labels) => !known.has(labelText(labels)));
  await measured(what, { since, limit }, async () => assert.ok((await news()).length > 0));
  // Others on the same fault would follow with the next evaluations.
  const now = Date.now();
  await eventually("two more evaluations", 3 * intervals.evaluation + slack, async () =>
    assert.ok((await evaluatedAt()) > now + intervals.evaluation * 1000),
  );
  const found = await news();
  assert.equal(found.length, 1, JSON.stringify(found));
  for (const [label, text] of Object.entries(expected))
    assert.equal(found[0]![label], text, JSON.stringify(found));
}

describeOnLab("stack dev, with Grafana and Elastic's programs simulated, when something fails", function () {
  this.timeout(240_000);
  before(deployDev);

  it("fires TargetDown and nothing else for an exporter that hangs", async () => {
    const before = await firing();
    const pod = await onePod(`app.kubernetes.io/name=${exporter}`);
    const pids = lab().processesOf(pod);
    assert.ok(pids.length > 0, `no process of ${pod.metadata.name}`);
    const since = performance.now();
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    try {
      const expected = { alertname: "TargetDown", job: exporter, severity: "warning" };
      await firesAlone("TargetDown: exporter hangs until firing", {
        since,
        limit: untilFiring(),
        before,
        expected,
      });
      await measured(
        "TargetDown: exporter hangs until mail",
        // The group tells of other targets already: an addition waits for its interval.
        { since, limit: untilFiring() + intervals.groupInterval + 3 * intervals.evaluation },
        async () => {
          const texts = (await mails("TargetDown")).map(({ Text }) => Text);
          assert.ok(texts.some((text) => text.includes(`${exporter}: `) && /cannot be scraped/.test(text)));
        },
      );
    } finally {
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await eventually("TargetDown ends", untilToldResolved(), async () =>
      assert.ok(
        !(await firing()).some(({ alertname, job }) => alertname === "TargetDown" && job === exporter),
      ),
    );
  });

  it("fires TargetMissing and nothing else for an exporter that is gone", async () => {
    const before = await firing();
    const since = performance.now();
    await lab().kubectl(["-n", namespace, "scale", `deployment/${exporter}`, "--replicas=0"]);
    const expected = { alertname: "TargetMissing", job: exporter, severity: "warning" };
    const limit = untilFiring() + discovery;
    try {
      await firesAlone("TargetMissing: exporter is gone until firing", { since, limit, before, expected });
    } finally {
      await lab().kubectl(["-n", namespace, "scale", `deployment/${exporter}`, "--replicas=1"]);
    }
  });

  describe("while Slack answers 500", () => {
    let since: number;
    let already: { mails: number; slack: number };

    before(async () => {
      already = {
        mails: (await mails("HighErrorRate")).length,
        slack: (await slackMessages("")).at(-1)!.number,
      };
      await control("webhooks", { slackStatus: 500 });
      since = await startErrors();
    });

    it("has a changed rule in force without restarting a pod", async () => {
      const expression = async () => {
        const rules = (await ruleGroups()).flatMap((group) => group.rules);
        return rules.find(({ name }) => name === "HighResponseTime")!.query;
      };
      assert.match(await expression(), / > 0\.5$/);
      await rolledOut(namespace, `deployment/${exporter}`);
      const before = await lives();
      const [service] = JSON.parse(devConfig["services"]!) as object[];
      const services = JSON.stringify([{ ...service, objectives: { p95ResponseTime: "321ms" } }]);
      const config = { ...devConfig, services };
      const { changed } = await lab().pulumi.up("dev", { config, secrets: receiverSecrets });
      assert.deepEqual(
        changed
          .filter(({ urn }) => !/::pulumi:pulumi:Stack::/.test(urn))
          .map(({ urn, operation }) => `${operation} ${urn.split("::").at(-1)}`),
        ["update prometheus-rules"],
      );
      const written = await changedAt("prometheus-rules");
      await measured(
        "a rule is changed until it is in force",
        { since: written - performance.timeOrigin, limit: changeLimit },
        async () => assert.match(await expression(), / > 0\.321$/),
      );
      assert.deepEqual(await lives(), before);
    });

    it("fires AlertmanagerNotificationsFailing, and tells of it and of errors by mail", async () => {
      // A rate sees the second failure first.
      const limit = crossing + 2 * untilTold() + 2 * (attempt + intervals.groupInterval);
      await measured("Slack answers 500 until mail", { since, limit }, async () => {
        const sent = await mails("AlertmanagerNotificationsFailing");
        const found = sent.find(({ Text }) =>
          Text.includes("Alertmanager fails to notify by slack (firing)"),
        );
        return new Date((found ?? assert.fail(`${sent.length} mails`)).Created);
      });
      await eventually("errors are told by one mail", untilTold(), async () =>
        assert.equal((await mails("HighErrorRate")).length, already.mails + 1),
      );
      await control("webhooks", { slackStatus: 200 });
      const missed = "critical: HighErrorRate (bilten-api) on bilten-dev";
      await eventually(
        "Slack is told what it has missed",
        attempt + intervals.groupInterval + slack,
        async () => {
          const told = (await slackMessages(missed)).filter(
            ({ number, status }) => number > already.slack && status === 200,
          );
          assert.deepEqual(
            told.map(({ body }) => body.attachments[0]!.title),
            [`[FIRING 1] ${missed}`],
          );
        },
      );
    });
  });

  describe("when the mail server refuses the password", () => {
    it("fires AlertmanagerNotificationsFailing, and tells Slack", async () => {
      const config = { ...devConfig, ...ownMailServer };
      const secrets = { ...receiverSecrets, smtpPassword: "not-the-password" };
      await lab().pulumi.up("dev", { config, secrets });
      const since = await endErrors(10_000);
      const limit = crossing + untilToldResolved() + untilTold() + 2 * (attempt + intervals.groupInterval);
      await measured("mail server refuses the password until Slack", { since, limit }, async () => {
        const posts = await slackMessages("AlertmanagerNotificationsFailing");
        const texts = posts.flatMap(({ body }) => body.attachments.map(({ text }) => text));
        assert.ok(texts.some((text) => text.includes("*Alertmanager fails to notify by email* (firing)")));
      });
      const log = await lab().kubectl(["-n", testNamespace, "logs", "deployment/mail"]);
      assert.match(log, new RegExp(`refused login of "${mailAddress}"`));
    });
  });
});

/** When anything last changed a ConfigMap, milliseconds since 1970, in whole seconds. */
async function changedAt(configMap: string): Promise<number> {
  const text = await lab().kubectl([
    "-n",
    namespace,
    "get",
    "configmap",
    configMap,
    "-o",
    "json",
    "--show-managed-fields",
  ]);
  const { metadata } = JSON.parse(text) as { metadata: { managedFields: { time: string }[] } };
  return Math.max(...metadata.managedFields.map(({ time }) => Date.parse(time)));
}
