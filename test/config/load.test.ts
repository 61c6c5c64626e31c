import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { loadSettings, parseSettings, SettingsError } from "../../config/load";
import type { Settings } from "../../config/settings";

const parse = (raw: Record<string, unknown>, encrypted: string[] = []) =>
  parseSettings(raw, new Set(encrypted));

/** Of a service that sets neither. */
const loggingAndTracing: Pick<Settings["services"][number], "logging" | "tracing"> = {
  logging: {
    level: "info",
    sampling: { error: 1, warn: 0.5, rest: 0.1 },
    linesPerSecond: 50,
    maxLinesPerSecond: 500,
  },
  tracing: { operations: [], spansPerSecond: 50, jaegerHeader: false },
};

describe("settings without any configuration", () => {
  const { settings } = parse({}, ["slackWebhookUrl"]);

  it("monitor the platform's API with its objectives, in ratios and seconds", () => {
    assert.deepEqual(settings.services, [
      {
        name: "bilten-api",
        namespace: "bilten",
        port: 3000,
        metricsPath: "/metrics",
        scrapeInterval: "10s",
        probes: { health: "/health", interval: "15s" },
        objectives: { availability: 0.999, errorRate: 0.001, meanResponseTime: 0.2, p95ResponseTime: 0.5 },
        ...loggingAndTracing,
      },
    ] satisfies Settings["services"]);
  });

  it("tell the platform's team as it asked, by mail and Slack", () => {
    const { receivers, groupBy, groupWait, groupInterval, repeatInterval, defaultReceiver, smtp } =
      settings.alertmanager;
    assert.deepEqual(receivers, [
      {
        name: "team-bilten",
        email: { to: "team@bilten.com", sendResolved: true },
        slack: { channel: "#alerts", sendResolved: true },
      },
    ]);
    assert.deepEqual(groupBy, ["alertname", "cluster", "service"]);
    assert.deepEqual([groupWait, groupInterval, repeatInterval], ["30s", "5m", "4h"]);
    assert.equal(defaultReceiver, "team-bilten");
    assert.equal(smtp.smarthost, "smtp.gmail.com:587");
    assert.equal(smtp.from, "alerts@bilten.com");
  });

  it("scrape and evaluate every 15 seconds", () => {
    assert.equal(settings.prometheus.scrapeInterval, "15s");
    assert.equal(settings.prometheus.evaluationInterval, "15s");
  });

  it("link to port-forwards", () => {
    assert.deepEqual(
      [settings.prometheus, settings.alertmanager, settings.grafana].map(({ externalUrl }) => externalUrl),
      ["http://localhost:9090", "http://localhost:9093", "http://localhost:3000"],
    );
  });
});

describe("settings from configuration", () => {
  it("read values the same way as text and as typed values", () => {
    const typed = { prometheusReplicas: 2, mailCatcher: true, services: [{ name: "a", port: 80 }] };
    const texts = { prometheusReplicas: "2", mailCatcher: "true", services: '[{"name":"a","port":80}]' };
    assert.deepEqual(parse(typed), parse(texts));
  });

  it("fill in what a further service leaves out", () => {
    const { settings } = parse({
      services: [
        { name: "bilten-api", port: 3000 },
        { name: "payments", port: 8080, objectives: { availability: "99.95%", meanResponseTime: "1s" } },
      ],
    });
    assert.deepEqual(settings.services[1], {
      name: "payments",
      namespace: "bilten",
      port: 8080,
      metricsPath: "/metrics",
      scrapeInterval: "10s",
      probes: { health: "/health", interval: "15s" },
      objectives: { availability: 0.9995, errorRate: 0.001, meanResponseTime: 1, p95ResponseTime: 0.5 },
      ...loggingAndTracing,
    });
  });

  it("fill in Prometheus' own queue settings for a remote write", () => {
    const { settings } = parse({
      remoteWrite: { url: "https://metrics.example.com/w", queue: { maxShards: 10 } },
    });
    assert.deepEqual(settings.prometheus.remoteWrite, {
      url: "https://metrics.example.com/w",
      queue: {
        capacity: 10_000,
        minShards: 1,
        maxShards: 10,
        maxSamplesPerSend: 2_000,
        batchSendDeadline: "5s",
        minBackoff: "30ms",
        maxBackoff: "5s",
      },
    });
  });

  it("take CPU as a bare number", () => {
    const { settings } = parse({ resources: { prometheus: { requests: { cpu: 2, memory: "2Gi" } } } });
    assert.deepEqual(settings.resources, { prometheus: { requests: { cpu: "2", memory: "2Gi" } } });
  });

  it("take null in an object's place as not set", () => {
    assert.equal(
      parse({ alertEscalation: null, remoteWrite: "null" }).settings.alertmanager.escalation,
      undefined,
    );
  });

  it("drop the slash at the end of addresses", () => {
    assert.equal(
      parse({ grafanaUrl: "https://g.example.com/x/" }).settings.grafana.externalUrl,
      "https://g.example.com/x",
    );
  });

  it("send mail to the catcher where there is one, without user and TLS", () => {
    const { settings } = parse({ mailCatcher: true, namespace: "mon", smtpUsername: "me" }, ["smtpPassword"]);
    assert.deepEqual(settings.alertmanager.smtp, {
      smarthost: "mailpit.mon.svc:1025",
      from: "alerts@bilten.com",
      requireTls: false,
    });
  });

  it("log in to the mail server as the sender unless a user is named, and only with a password", () => {
    const username = (raw: object, encrypted: string[] = []) =>
      parse({ ...raw }, encrypted).settings.alertmanager.smtp.username;
    assert.equal(username({}, ["smtpPassword"]), "alerts@bilten.com");
    assert.equal(username({ smtpUsername: "AKIA" }, ["smtpPassword"]), "AKIA");
    assert.equal(username({ smtpUsername: "AKIA" }), undefined);
  });

  it("turn the dead man's switch on with its address", () => {
    assert.equal(parse({}).settings.alertmanager.deadMansSwitch.enabled, false);
    assert.deepEqual(
      parse({ deadMansSwitchInterval: "1m" }, ["deadMansSwitchUrl"]).settings.alertmanager.deadMansSwitch,
      {
        enabled: true,
        repeatInterval: "1m",
      },
    );
  });

  it("accept a receiver that only the escalation names", () => {
    const { settings } = parse({
      alertReceivers: [
        { name: "team-bilten", email: { to: "team@bilten.com" } },
        { name: "lead", email: { to: "lead@bilten.com" } },
      ],
      alertEscalation: { receiver: "lead" },
    });
    assert.deepEqual(settings.alertmanager.escalation, {
      receiver: "lead",
      after: "30m",
      repeatInterval: "1h",
    });
  });
});

describe("notes on a configuration", () => {
  const notes = (raw: Record<string, unknown>, encrypted: string[] = []): string =>
    parse(raw, encrypted).notes.join("\n");

  it("say that a receiver goes without Slack, and its settings do", () => {
    const { settings, notes: said } = parse({ mailCatcher: true });
    assert.equal(settings.alertmanager.receivers[0]?.slack, undefined);
    assert.equal(said.length, 1);
    assert.match(said[0]!, /team-bilten goes without Slack.*slackWebhookUrl/);
  });

  it("are silent about a complete configuration", () => {
    assert.equal(notes({ mailCatcher: true }, ["slackWebhookUrl"]), "");
  });

  it("warn of intervals that one missed scrape turns into gaps", () => {
    const raw = { prometheusScrapeInterval: "3m", services: [{ name: "a", port: 1, scrapeInterval: "4m" }] };
    assert.match(notes(raw), /prometheusScrapeInterval is 3m: above 2m/);
    assert.match(notes(raw), /services\[0\]\.scrapeInterval is 4m: above 2m/);
  });

  it("warn of rules computed more often than samples arrive", () => {
    assert.match(
      notes({ prometheusScrapeInterval: "1m" }),
      /longer than prometheusEvaluationInterval \(15s\)/,
    );
    assert.doesNotMatch(notes({ prometheusScrapeInterval: "10s" }), /EvaluationInterval/);
  });

  it("warn of mail without a password, of an unused password, of local links in prod and of too short a repetition", () => {
    assert.match(notes({}), /Mail goes to smtp\.gmail\.com:587 without a password/);
    assert.match(notes({}, ["remoteWritePassword"]), /remoteWritePassword is not used/);
    assert.match(
      notes(
        {
          environment: "prod",
          tracesEnabled: false,
          prometheusReplicas: 2,
          alertmanagerReplicas: 3,
          logsEnabled: false,
        },
        ["smtpPassword", "slackWebhookUrl"],
      ),
      /grafanaUrl is http:\/\/localhost:3000/,
    );
    assert.match(notes({ alertRepeatInterval: "1m" }), /shorter than alertGroupInterval/);
    const grouped = (alertGroupInterval: string, alertmanagerReplicas: number) =>
      notes({ mailCatcher: true, alertGroupInterval, alertmanagerReplicas }, ["slackWebhookUrl"]);
    assert.match(
      grouped("29s", 3),
      /alertGroupInterval \(29s\) is shorter than the 30 s that the last of 3 /,
    );
    assert.equal(grouped("30s", 3), "");
    assert.equal(grouped("1s", 1), "");
  });
});

describe("loading settings from Pulumi config", () => {
  const config = () => new pulumi.Config("bilten-monitoring");
  const given = (values: Record<string, string>, secret: string[] = []): void =>
    pulumi.runtime.setAllConfig(
      Object.fromEntries(Object.entries(values).map(([key, value]) => [`bilten-monitoring:${key}`, value])),
      secret.map((key) => `bilten-monitoring:${key}`),
    );

  afterEach(() => pulumi.runtime.setAllConfig({}, []));

  it("hands secrets over as secret outputs, beside the settings", async () => {
    given({ smtpPassword: "hunter2", slackWebhookUrl: "", clusterName: "c1" }, ["smtpPassword"]);
    const { settings, secrets } = loadSettings(config());
    assert.equal(settings.clusterName, "c1");
    assert.ok(secrets.smtpPassword);
    assert.equal(await pulumi.isSecret(secrets.smtpPassword), true);
    assert.equal(await new Promise((resolve) => secrets.smtpPassword!.apply(resolve)), "hunter2");
    assert.equal(secrets.slackWebhookUrl, undefined);
    assert.ok(!JSON.stringify(settings).includes("hunter2"));
  });

  it("finds unknown keys, and keys of other projects are none of its business", () => {
    given({ grafanaURL: "https://g.example.com" });
    assert.throws(() => loadSettings(config()), /bilten-monitoring:grafanaURL[^]*the nearest is grafanaUrl/);
    pulumi.runtime.setAllConfig({ "kubernetes:context": "kind", "bilten-monitoring-x:y": "1" }, []);
    loadSettings(config());
  });

  it("refuses a secret that is not encrypted, without showing it", () => {
    given({ smtpPassword: "hunter2" });
    assert.throws(
      () => loadSettings(config()),
      (error) =>
        error instanceof SettingsError &&
        /smtpPassword/.test(error.message) &&
        !/hunter2/.test(error.message),
    );
  });

  it("takes an empty secret for one that is not set", () => {
    given({ smtpPassword: "" }, ["smtpPassword"]);
    assert.equal(loadSettings(config()).secrets.smtpPassword, undefined);
  });

  it("refuses a malformed secret without showing it", () => {
    given({ slackWebhookUrl: "T0KEN" }, ["slackWebhookUrl"]);
    assert.throws(
      () => loadSettings(config()),
      (error) =>
        error instanceof SettingsError && /webhook/.test(error.message) && !/T0KEN/.test(error.message),
    );
  });
});
