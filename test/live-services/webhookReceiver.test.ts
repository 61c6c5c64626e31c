import assert from "node:assert/strict";
import { Service } from "./service";

interface Record {
  number: number;
  kind: string;
  time: string;
  valid: boolean;
  reason?: string;
  status: number;
  body: unknown;
}

/** As Alertmanager sends it. */
const slack = {
  channel: "#alerts",
  username: "Alertmanager",
  attachments: [
    {
      title: "[FIRING 1] critical: HighErrorRate (bilten-api)",
      title_link: "http://alertmanager:9093/#/alerts?receiver=team-bilten",
      text: "*High error rate* (firing)",
      fallback: "High error rate",
      callback_id: "",
      footer: "",
      color: "danger",
      mrkdwn_in: ["fallback", "pretext", "text"],
    },
  ],
};
const ping = {
  receiver: "dead-mans-switch",
  status: "firing",
  alerts: [
    {
      status: "firing",
      labels: { alertname: "Watchdog" },
      annotations: { summary: "Alerting works" },
      startsAt: "2026-01-02T03:04:05.678Z",
      endsAt: "0001-01-01T00:00:00Z",
      generatorURL: "http://prometheus:9090/graph?g0.expr=vector%281%29",
      fingerprint: "e6f2a5b0c3d4e5f6",
    },
  ],
  groupLabels: {},
  commonLabels: { alertname: "Watchdog" },
  commonAnnotations: {},
  externalURL: "http://alertmanager:9093",
  version: "4",
  groupKey: "{}:{}",
  truncatedAlerts: 0,
};
const without = (message: object, name: string) =>
  Object.fromEntries(Object.entries(message).filter(([key]) => key !== name));
const attached = (changes: object) => ({ ...slack, attachments: [{ ...slack.attachments[0], ...changes }] });
const alerted = (changes: object) => ({ ...ping, alerts: [{ ...ping.alerts[0], ...changes }] });

describe("the receiver of webhooks in the live tests", function () {
  this.timeout(30_000);
  let service: Service;

  beforeEach(async () => {
    service = await new Service("webhookReceiver.mjs").start();
  });
  afterEach(() => service.stop());

  const received = async (query = "") => (await service.call<Record[]>("GET", `/received${query}`)).body;

  it("takes what Alertmanager sends, and keeps it in order with the time", async () => {
    const since = Date.now();
    assert.deepEqual(await service.call("POST", "/slack", slack), {
      status: 200,
      type: "text/plain",
      body: "ok",
    });
    assert.equal((await service.call("POST", "/ping", ping)).status, 200);
    const all = await received();
    assert.deepEqual(
      all.map(({ time, ...rest }) => {
        assert.ok(Date.parse(time) >= since - 1000 && Date.parse(time) <= Date.now());
        return rest;
      }),
      [
        { number: 1, kind: "slack", valid: true, status: 200, body: slack },
        { number: 2, kind: "ping", valid: true, status: 200, body: ping },
      ],
    );
    assert.deepEqual(await received("?kind=ping"), [all[1]]);
    assert.deepEqual(await received("?kind=slack"), [all[0]]);
    assert.deepEqual(await received("?since=1"), [all[1]]);
    assert.equal((await service.call("DELETE", "/received")).status, 200);
    assert.deepEqual(await received(), []);
    await service.call("POST", "/ping", ping);
    assert.equal((await received())[0]?.number, 3, "numbers are not used again");
  });

  const slackCases: [what: string, body: unknown, code: string, reason: RegExp][] = [
    ["no JSON", "payload=x", "invalid_payload", /^not JSON$/],
    ["a list", [slack], "invalid_payload", /message is not an object/],
    ["nothing to say", without(slack, "attachments"), "no_text", /says anything/],
    ["only blanks", { ...slack, attachments: [], text: " " }, "no_text", /says anything/],
    ["an unknown field", { ...slack, subject: "x" }, "invalid_payload", /message\.subject is unknown/],
    ["a text that is none", { ...slack, text: 5 }, "invalid_payload", /message\.text is not a string/],
    [
      "an unknown field of an attachment",
      attached({ titel: "x" }),
      "invalid_payload",
      /message\.attachments\[0\]\.titel is unknown/,
    ],
    [
      "a link that is none",
      attached({ title_link: "/#/alerts" }),
      "invalid_payload",
      /title_link is not an http/,
    ],
    ["a colour that is none", attached({ color: "<no value>" }), "invalid_payload", /color is not a colour/],
    [
      "a field without a value",
      attached({ fields: [{ title: "x" }] }),
      "invalid_payload",
      /fields\[0\]\.value is missing/,
    ],
  ];
  for (const [what, body, code, reason] of slackCases) {
    it(`refuses ${what} as Slack, with ${code}, and keeps why`, async () => {
      const answer = await service.call("POST", "/slack", body);
      assert.equal(answer.status, 400);
      assert.equal(answer.body, code);
      const [record] = await received();
      assert.equal(record?.valid, false);
      assert.match(record?.reason ?? "", reason);
      assert.deepEqual(record?.body, body);
    });
  }

  it("takes a text or blocks alone as Slack", async () => {
    for (const body of [{ text: "hello" }, { blocks: [{ type: "divider" }] }]) {
      assert.equal((await service.call("POST", "/slack", body)).status, 200);
    }
  });

  const pingCases: [what: string, body: unknown, reason: RegExp][] = [
    ["no JSON", "{", /^not JSON$/],
    ["another version", { ...ping, version: "3" }, /message\.version is not one of 4/],
    ["no alerts", { ...ping, alerts: [] }, /message\.alerts is empty/],
    ["a missing group key", without(ping, "groupKey"), /message\.groupKey is missing/],
    [
      "a status that is none",
      alerted({ status: "pending" }),
      /alerts\[0\]\.status is not one of firing, resolved/,
    ],
    ["a time that is none", alerted({ startsAt: "yesterday" }), /alerts\[0\]\.startsAt is not a time/],
    [
      "labels that are none",
      alerted({ labels: { a: 1 } }),
      /alerts\[0\]\.labels is not an object of strings/,
    ],
    ["a missing fingerprint", alerted({ fingerprint: undefined }), /alerts\[0\]\.fingerprint is missing/],
  ];
  for (const [what, body, reason] of pingCases) {
    it(`refuses ${what} as the dead man's switch, and keeps why`, async () => {
      assert.equal((await service.call("POST", "/ping", body)).status, 400);
      const [record] = await received("?kind=ping");
      assert.equal(record?.valid, false);
      assert.match(record?.reason ?? "", reason);
    });
  }

  it("refuses a message that is not sent as JSON, or is too large", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    assert.equal((await service.call("POST", "/slack", JSON.stringify(slack), form)).status, 400);
    const large = { ...slack, text: "x".repeat(1024 * 1024) };
    assert.equal((await service.call("POST", "/slack", large)).status, 400);
    assert.deepEqual(
      (await received()).map(({ reason }) => reason),
      ["content type application/x-www-form-urlencoded is not application/json", "larger than 1 MiB"],
    );
  });

  it("answers as it was told to, and keeps what it got then too", async () => {
    assert.deepEqual((await service.call("POST", "/control", { slackStatus: 500 })).body, {
      slackStatus: 500,
      pingStatus: 200,
    });
    assert.equal((await service.call("POST", "/slack", slack)).status, 500);
    assert.equal((await service.call("POST", "/ping", ping)).status, 200);
    await service.call("POST", "/control", { slackStatus: 200 });
    assert.equal((await service.call("POST", "/slack", slack)).status, 200);
    assert.deepEqual(
      (await received("?kind=slack")).map(({ valid, status }) => [valid, status]),
      [
        [true, 500],
        [true, 200],
      ],
    );
  });

  it("refuses settings and questions that make no sense", async () => {
    for (const body of [{ slackStatus: 700 }, { slackStatus: "500" }, { slack: 500 }, [], null, "{"]) {
      const { status, body: answer } = await service.call<{ error: string }>("POST", "/control", body);
      assert.equal(status, 400, JSON.stringify(body));
      assert.ok(answer.error);
    }
    for (const path of ["/received?kind=mail", "/received?since=x"]) {
      assert.equal((await service.call("GET", path)).status, 400, path);
    }
    assert.equal((await service.call("GET", "/slack")).status, 404);
    assert.equal((await service.call("POST", "/slack", slack)).status, 200, "Slack answers as before");
  });

  it("keeps the last thousand, and ends at once", async () => {
    for (let sent = 0; sent < 1010; sent++) await service.call("POST", "/slack", { text: String(sent) });
    const all = await received();
    assert.equal(all.length, 1000);
    assert.equal(all.at(-1)?.number, 1010);
    assert.equal((await service.call("GET", "/healthz")).status, 200);
    service.kill("SIGTERM");
    assert.equal(await service.ended, 0);
  });
});
