import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  alertmanagerConfiguration,
  messageTemplates,
  paths,
  secretFiles,
} from "../../components/alertmanager/configuration";
import type { MessageSummary } from "../../lab/images/mailCatcher/message";
import { ensureTools } from "../../lab/tools";
import { Bundle, StandIn } from "../lab-images/standIn";
import { Service, until } from "./service";

interface Received {
  kind: string;
  valid: boolean;
  reason?: string;
  status: number;
  body: { attachments?: { title: string; color: string }[]; status?: string };
}

/** An Alertmanager with the program's own configuration, whose receivers are the stand-ins. */
class Alertmanager {
  output = "";
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(standIn: StandIn, webhooks: Service, password: string): Promise<Alertmanager> {
    const { alertmanager } = await ensureTools(["alertmanager"]);
    const folder = mkdtempSync(join(tmpdir(), "alertmanager-"));
    for (const name of ["config", "secrets", "data"]) mkdirSync(join(folder, name));
    const configuration = alertmanagerConfiguration({
      groupBy: ["alertname"],
      groupWait: "1s",
      groupInterval: "1s",
      repeatInterval: "1h",
      defaultReceiver: "team",
      smtp: {
        smarthost: `127.0.0.1:${standIn.smtpPort}`,
        from: "alertmanager@bilten.example",
        requireTls: false,
        username: "alertmanager",
      },
      receivers: [
        {
          name: "team",
          email: { to: "team@bilten.example", sendResolved: true },
          slack: { channel: "#alerts", sendResolved: true },
        },
      ],
      routes: [],
      deadMansSwitch: { enabled: true, repeatInterval: "5m" },
    } as Parameters<typeof alertmanagerConfiguration>[0])
      .replaceAll(paths.configuration, join(folder, "config"))
      .replaceAll(paths.secrets, join(folder, "secrets"));
    writeFileSync(join(folder, "config", "alertmanager.yaml"), configuration);
    writeFileSync(join(folder, "config", "bilten.tmpl"), messageTemplates());
    writeFileSync(join(folder, "secrets", secretFiles.smtpPassword), password);
    writeFileSync(join(folder, "secrets", secretFiles.slackWebhookUrl), webhooks.url("/slack"));
    writeFileSync(join(folder, "secrets", secretFiles.deadMansSwitchUrl), webhooks.url("/ping"));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(alertmanager, [
      `--config.file=${join(folder, "config", "alertmanager.yaml")}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
      `--web.external-url=http://${address}`,
      "--cluster.listen-address=",
    ]);
    const started = new Alertmanager(`http://${address}`, child, folder);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (started.output += chunk.toString()));
    }
    const isReady = () =>
      fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isReady, () => started.output);
    return started;
  }

  /** Raises an alert, or resolves it. */
  async alert(alertname: string, resolved = false): Promise<void> {
    const ends = resolved ? { endsAt: new Date(Date.now() - 1).toISOString() } : {};
    const response = await fetch(`${this.url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([
        {
          labels: { alertname, severity: "critical", service: "bilten-api" },
          annotations: { summary: "High error rate", runbook_url: "https://runbooks.example/x" },
          ...ends,
        },
      ]),
    });
    assert.equal(response.status, 200);
  }

  async failures(integration: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text.matchAll(
      new RegExp(
        `^alertmanager_notifications_failed_total\\{.*integration="${integration}".*\\} (\\d+)$`,
        "gm",
      ),
    );
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async stop(): Promise<void> {
    this.child.kill("SIGKILL");
    await new Promise((resolve) => this.child.once("close", resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

describe("Alertmanager with the stand-ins of its receivers", function () {
  this.timeout(60_000);
  const bundle = new Bundle();
  let standIn: StandIn;
  let webhooks: Service;
  let alertmanager: Alertmanager | undefined;

  before(async function () {
    this.timeout(900_000);
    await ensureTools(["alertmanager"]);
    await bundle.make();
  });
  after(() => bundle.remove());

  beforeEach(async () => {
    const env = {
      MP_DATABASE: join(bundle.folder(), "mailpit.db"),
      MP_SMTP_AUTH: "alertmanager:right",
      MP_SMTP_AUTH_ALLOW_INSECURE: "true",
    };
    standIn = await new StandIn(bundle, env).start();
    webhooks = await new Service("webhookReceiver.mjs").start();
  });
  afterEach(async () => {
    await alertmanager?.stop();
    alertmanager = undefined;
    await Promise.all([standIn.stop(), webhooks.stop()]);
  });

  const mails = async () =>
    (await standIn.json<{ messages: MessageSummary[] }>("/api/v1/messages")).messages.map(
      ({ Subject }) => Subject,
    );
  const received = async (kind: string) =>
    (await webhooks.call<Received[]>("GET", `/received?kind=${kind}`)).body;
  const state = async () =>
    JSON.stringify([await mails(), await received("slack"), alertmanager?.output], null, 1);

  it("sends one mail and one message to Slack when an alert fires, and one of each when it is over", async () => {
    alertmanager = await Alertmanager.start(standIn, webhooks, "right");
    await alertmanager.alert("HighErrorRate");
    const fired = "[FIRING 1] critical: HighErrorRate (bilten-api)";
    await until(async () => (await mails()).length > 0 && (await received("slack")).length > 0, state);
    await alertmanager.alert("HighErrorRate", true);
    const over = "[RESOLVED] critical: HighErrorRate (bilten-api)";
    await until(async () => (await mails()).includes(over) && (await received("slack")).length > 1, state);
    assert.deepEqual(await mails(), [over, fired]);
    const messages = await received("slack");
    assert.deepEqual(
      messages.map(({ valid, status, reason, body }) => [
        valid,
        status,
        reason,
        body.attachments?.[0]?.title,
      ]),
      [
        [true, 200, undefined, fired],
        [true, 200, undefined, over],
      ],
    );
    const { Text } = await standIn.json<{ Text: string }>("/api/v1/message/latest");
    assert.match(Text, /^High error rate \(resolved\)[^]*Runbook: https:\/\/runbooks\.example\/x/);
  });

  it("sends Watchdog to the dead man's switch alone", async () => {
    alertmanager = await Alertmanager.start(standIn, webhooks, "right");
    await alertmanager.alert("Watchdog");
    await until(async () => (await received("ping")).length > 0, state);
    const [record] = await received("ping");
    assert.equal(record?.valid, true, record?.reason);
    assert.deepEqual([await mails(), await received("slack")], [[], []]);
  });

  it("counts a wrong password and a Slack that answers 500 as failures", async () => {
    await webhooks.call("POST", "/control", { slackStatus: 500 });
    alertmanager = await Alertmanager.start(standIn, webhooks, "wrong");
    await alertmanager.alert("HighErrorRate");
    const failing = alertmanager;
    await until(
      async () => (await failing.failures("email")) > 0 && (await failing.failures("slack")) > 0,
      state,
    );
    assert.match(alertmanager.output, /535 .*Authentication credentials invalid/);
    assert.deepEqual(await mails(), []);
    assert.ok((await received("slack")).every(({ valid, status }) => valid && status === 500));
  });
});
