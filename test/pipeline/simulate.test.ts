import assert from "node:assert/strict";
import { standardRedactions } from "../../components/logstash/redaction";
import { startOpenSearch, type OpenSearch } from "../opensearch";
import { eventPipeline, gsub, simulate } from "./ingest";
import { innocentLines, secretLines } from "./secrets";

describe("the patterns of the log pipeline, on a real OpenSearch (Logstash itself does not run)", function () {
  this.timeout(600_000);
  let server: OpenSearch;
  before(async () => {
    server = await startOpenSearch({ log: () => undefined });
  });
  after(() => server?.stop());
  const event = async (line: string) => {
    const [found] = await simulate(server.url, eventPipeline(), [line]);
    return found as Record<string, unknown>;
  };

  it("parses a line of JSON as the platform's services write it", async () => {
    const line = {
      timestamp: "2026-11-23T10:00:00.123Z",
      level: "info",
      message: "Event created",
      service: "bilten-api",
      version: "2.0",
      trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
      http: { method: "POST", status_code: 201 },
      eventId: 7,
    };
    const { timestamp, ...rest } = line;
    const { eventId, ...known } = rest;
    assert.deepEqual(await event(JSON.stringify(line)), {
      ...known,
      timestamp,
      "@timestamp": "2026-11-23T10:00:00.123Z",
      fields: { eventId },
    });
  });

  it("parses a line of pino: its number for the level, milliseconds for the time, msg and err", async () => {
    const found = await event(
      '{"level":50,"time":1795428000123,"pid":7,"msg":"broken","err":{"type":"TypeError"}}',
    );
    assert.equal(found.level, "error");
    assert.equal(found.message, "broken");
    assert.deepEqual(found.error, { type: "TypeError" });
    assert.equal(found["@timestamp"], new Date(1795428000123).toISOString());
    assert.deepEqual(found.fields, { pid: 7 });
  });

  it("reads a time in seconds, and as Python and others write it", async () => {
    const times = [
      "1795428000",
      '"2026-11-23 10:00:00,123"',
      '"2026-11-23 10:00:00"',
      '"2026-11-23T10:00:00+02:00"',
    ];
    const found = await simulate(
      server.url,
      eventPipeline(),
      times.map((time) => `{"ts":${time}}`),
    );
    assert.deepEqual(
      found.map((each) => each["@timestamp"]),
      [
        new Date(1795428000_000).toISOString(),
        "2026-11-23T10:00:00.123Z",
        "2026-11-23T10:00:00.000Z",
        "2026-11-23T08:00:00.000Z",
      ],
    );
  });

  it("parses a plain line with the platform's pattern, and normalises its level", async () => {
    assert.deepEqual(await event("2026-11-23T10:00:00.123Z WARNING Pool is nearly exhausted"), {
      timestamp: "2026-11-23T10:00:00.123Z",
      "@timestamp": "2026-11-23T10:00:00.123Z",
      level: "warn",
      message: "Pool is nearly exhausted",
    });
  });

  it("keeps a stack trace with the plain line that it belongs to", async () => {
    const trace = "Payment failed\nError: refused\n    at pay (pay.js:3:1)\nCaused by: Timeout";
    const found = await event(`2026-11-23T10:00:00.123Z ERROR ${trace}`);
    assert.equal(found.level, "error");
    assert.equal(found.message, trace);
  });

  it("keeps and tags what is neither JSON nor a plain line", async () => {
    const lines = [
      "Server listening on 3000",
      '{"message":"cut of',
      "at 10 INFO it broke",
      "123",
      "[1]",
      '"text"',
    ];
    const found = await simulate(server.url, eventPipeline(), lines);
    assert.deepEqual(
      found.map(({ message }) => message),
      lines,
    );
    for (const [index, { tags }] of found.entries()) {
      assert.deepEqual(tags, index === 1 ? ["_jsonparsefailure", "_unparsed"] : ["_unparsed"], lines[index]);
    }
  });

  it("tags a time that it cannot read, and keeps it", async () => {
    const found = await event('{"time":"yesterday","message":"x"}');
    assert.deepEqual(found.tags, ["_dateparsefailure"]);
    assert.equal(found.timestamp, "yesterday");
  });

  for (const { what, line, secrets, kept } of secretLines) {
    it(`takes out ${what}`, async () => {
      const found = await event(line);
      const text = JSON.stringify(found);
      for (const secret of secrets) {
        assert.ok(line.includes(secret), `the line has no ${secret}`);
        assert.ok(!text.includes(secret), `${secret} is in ${text}`);
      }
      for (const word of kept) assert.ok(text.includes(word), `${word} is not in ${text}`);
      // What was JSON still is.
      assert.equal(found.tags, undefined, text);
    });
  }

  it("leaves alone what only looks like it", async () => {
    const processors = standardRedactions.map((redaction) => gsub("message", redaction));
    const found = await simulate(server.url, { processors }, innocentLines);
    assert.deepEqual(
      found.map(({ message }) => message),
      innocentLines,
    );
  });

  it("changes nothing in what it has been through already", async () => {
    const processors = standardRedactions.map((redaction) => gsub("message", redaction));
    const once = await simulate(
      server.url,
      { processors },
      secretLines.map(({ line }) => line),
    );
    const messages = once.map(({ message }) => message as string);
    const twice = await simulate(server.url, { processors }, messages);
    assert.deepEqual(
      twice.map(({ message }) => message),
      messages,
    );
  });

  it("matches with Ruby's expressions, which Logstash uses, what it matches with Java's", async () => {
    const lines = [...secretLines.map(({ line }) => line), ...innocentLines];
    for (const redaction of standardRedactions) {
      const java = await simulate(server.url, { processors: [gsub("message", redaction)] }, lines);
      // The server's grok is Ruby's engine, Joni, as in Logstash.
      const grok = { field: "message", patterns: [redaction.pattern], ignore_failure: false };
      const ruby = await simulate(
        server.url,
        { processors: [{ grok: { ...grok, on_failure: [{ set: { field: "missed", value: true } }] } }] },
        lines,
      );
      const hits = java.map(({ message }, index) => message !== lines[index]);
      assert.deepEqual(
        ruby.map(({ missed }) => missed !== true),
        hits,
        redaction.pattern,
      );
      assert.ok(hits.includes(true), `no line shows what this is for: ${redaction.pattern}`);
    }
  });

  it("takes out what the settings say as well, everywhere or in one field", async () => {
    const pipeline = eventPipeline([
      { pattern: "sk_live_[0-9A-Za-z]+", replacement: "[KEY]" },
      { field: "http.path", pattern: "(/users/)\\d+", replacement: "\\1[ID]" },
    ]);
    const [found] = await simulate(server.url, pipeline, [
      '{"message":"sk_live_abc /users/7","http":{"path":"/users/42/orders"}}',
    ]);
    assert.equal(found?.message, "[KEY] /users/7");
    assert.deepEqual(found?.http, { path: "/users/[ID]/orders" });
  });

  it("takes out of long lines in a time that grows with their length, not faster", async () => {
    const processors = standardRedactions.map((redaction) => gsub("message", redaction));
    const worst = ["a", "eyJ", "a.", "1", "4111 ", '"', '\\"', "a@", "://", "token", " cookie", "é"];
    const seconds = async (length: number) => {
      const lines = worst.map((part) => part.repeat(Math.ceil(length / part.length)));
      const start = performance.now();
      await simulate(server.url, { processors }, lines);
      return (performance.now() - start) / 1000;
    };
    await seconds(10_000);
    const long = await seconds(128 * 1024);
    // Measured 10 s for all twelve on two busy cores; the square of the length would take hours.
    assert.ok(long < 30, `${long} s`);
  });
});
