/** What becomes of a log line in a real server, with the template and the ingest pipeline of the set-up. */
import assert from "node:assert/strict";
import { elasticsearchSetupSteps } from "../../components/elasticsearchSetup";
import { fieldCount, logFields } from "../../components/elasticsearchSetup/mappings";
import { startOpenSearch, type OpenSearch } from ".";
import { forOpenSearch } from "./dialect";
import { runSetupScript } from "./setupScript";

const index = "bilten-logs-2026.11.23";

interface Hit {
  _source: Record<string, unknown>;
  _ignored?: string[];
}

describe("log lines in a real OpenSearch that is set up", function () {
  this.timeout(60_000);
  let server: OpenSearch;

  before(async function () {
    this.timeout(600_000);
    server = await startOpenSearch({ log: console.log });
    const { code, output } = await runSetupScript({
      url: server.url,
      steps: forOpenSearch(elasticsearchSetupSteps({ retention: "30d", nodes: 1 })),
      passwords: { elastic: "not asked for here" },
    });
    assert.equal(code, 0, output);
  });

  after(async () => server?.stop());

  async function call<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { "content-type": "application/json" },
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  /** Indexes a line as Logstash does, and returns it as it can then be found. */
  async function indexed(line: object, query: string): Promise<Hit> {
    const { status, body } = await call("POST", `/${index}/_doc?refresh=true`, line);
    assert.equal(status, 201, JSON.stringify(body));
    return only(await found(query), query);
  }

  async function found(query: string): Promise<Hit[]> {
    const path = `/bilten-logs-*/_search?q=${encodeURIComponent(query)}`;
    return (await call<{ hits: { hits: Hit[] } }>("GET", path)).body.hits.hits;
  }

  it("lets people search a line by each of its fields, and by its words", async () => {
    const line = {
      "@timestamp": "2026-11-23T10:00:00.123Z",
      timestamp: "2026-11-23T10:00:00.123Z",
      level: "error",
      message: "Payment of order 4711 was declined by the bank",
      service: "bilten-api",
      version: "2.0",
      trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
      span_id: "00f067aa0ba902b7",
      request_id: "req-1",
      http: { method: "POST", route: "/api/orders/:id", status_code: 502, duration_ms: 12.5 },
      error: {
        type: "PaymentError",
        message: "declined",
        stack_trace: "PaymentError: declined\n  at pay (a.js:1)",
      },
      kubernetes: {
        namespace: "bilten",
        pod: { name: "api-1" },
        labels: { "app.kubernetes.io/name": "api" },
      },
      tags: ["json", "checked"],
    };
    const hit = await indexed(line, "trace_id:4bf92f3577b34da6a3ce929d0e0e4736");
    // Nothing of it was moved or changed.
    assert.deepEqual(hit._source, line);
    for (const query of [
      'message:"declined by the bank"',
      "level:error AND service:bilten-api AND version:2.0",
      "http.status_code:[500 TO 599]",
      "http.duration_ms:>9",
      "@timestamp:[2026-11-23T09:59:00Z TO 2026-11-23T10:01:00Z]",
      "error.type:PaymentError AND error.stack_trace:pay",
      "span_id:00f067aa0ba902b7 AND request_id:req\\-1",
      "kubernetes.pod.name:api\\-1 AND tags:checked",
      // Without a field: the words of the message.
      "declined",
    ])
      assert.equal((await found(query)).length, 1, query);
    assert.equal((await found("level:info")).length, 0);
  });

  describe("makes a line fit", () => {
    it("that has fields which nobody has declared", async () => {
      const hit = await indexed(
        { message: "stray", customer: { id: 7, cart: [{ sku: "a" }, { sku: "b" }] }, http: { cache: "hit" } },
        'fields.customer.id:7 AND fields.customer.cart.sku:b AND fields.http.cache:"hit"',
      );
      assert.deepEqual(hit._source["fields"], {
        "customer.id": "7",
        "customer.cart.sku": ["a", "b"],
        "http.cache": "hit",
      });
      assert.equal(hit._source["customer"], undefined);
    });

    it("that has a text where an error belongs", async () => {
      const hit = await indexed({ message: "texterror", error: "socket hang up" }, 'error.message:"hang up"');
      assert.deepEqual(hit._source["error"], { message: "socket hang up" });
    });

    it("that has an object where a value belongs, or a value where an object belongs", async () => {
      const hit = await indexed(
        { message: "swapped", service: { name: "api", version: 3 }, http: 200, level: ["warn", "error"] },
        "message:swapped",
      );
      assert.deepEqual(hit._source["fields"], { "service.name": "api", "service.version": "3", http: "200" });
      assert.deepEqual(hit._source["level"], ["warn", "error"]);
    });

    it("that has values of the wrong kind, which are kept though they cannot be searched", async () => {
      const hit = await indexed(
        { message: "malformed", timestamp: "yesterday", http: { status_code: "teapot", client_ip: "me" } },
        "message:malformed",
      );
      assert.deepEqual(hit._ignored?.sort(), ["http.client_ip", "http.status_code", "timestamp"]);
      assert.deepEqual(hit._source["http"], { status_code: "teapot", client_ip: "me" });
    });

    it("that has no time, which gets that of its arrival", async () => {
      const hit = await indexed({ message: "timeless" }, "message:timeless");
      const age = Date.now() - Date.parse(String(hit._source["@timestamp"]));
      assert.ok(Math.abs(age) < 60_000, String(hit._source["@timestamp"]));
      const dated = await indexed(
        { message: "dated", "@timestamp": "2026-11-23T01:02:03Z" },
        "message:dated",
      );
      assert.equal(dated._source["@timestamp"], "2026-11-23T01:02:03Z");
    });

    it("that names fields with dots, as the mapping reads them", async () => {
      const hit = await indexed(
        { message: "dotted", "http.method": "PATCH", "http.unknown": 1, "a.b": 2 },
        "http.method:PATCH",
      );
      assert.deepEqual(hit._source["fields"], { "http.unknown": "1", "a.b": "2" });
    });

    it("that the index would refuse otherwise", async () => {
      const deep = JSON.parse(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`) as object;
      const hit = await indexed(
        {
          message: "refused",
          "": "no name",
          "a..b": 1,
          ".": 2,
          deep,
          ["n".repeat(5000)]: 1,
          "nul\u0000": "x",
          nothing: null,
          empty: {},
          none: [],
        },
        "message:refused",
      );
      const fields = hit._source["fields"] as Record<string, unknown>;
      assert.equal(fields["(no name)"], "no name");
      assert.equal(fields["a..b"], "1");
      assert.equal(fields["nul"], "x");
      assert.ok(Object.keys(fields).some((name) => name.startsWith("deep.a.a.a")));
      assert.ok(Object.keys(fields).every((name) => name.length <= 256));
    });

    it("that has fields of its own from the shipper, beside its strays", async () => {
      const hit = await indexed(
        { message: "shipped", fields: { service: "api" }, other: true },
        "fields.service:api AND fields.other:true",
      );
      assert.deepEqual(hit._source["fields"], { service: "api", other: "true" });
    });
  });

  it("has no more fields after a thousand lines with different ones", async () => {
    const lines = Array.from({ length: 1000 }, (_, number) => [
      { create: {} },
      { message: "explosion", [`field_${number}`]: number, http: { [`x_${number}`]: { y: number } } },
    ]).flat();
    const response = await fetch(`${server.url}/${index}/_bulk?refresh=true`, {
      method: "POST",
      body: `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`,
      headers: { "content-type": "application/x-ndjson" },
    });
    const { errors } = (await response.json()) as { errors: boolean };
    assert.equal(errors, false);
    assert.equal((await found("fields.http.x_999.y:999")).length, 1);
    const { body } = await call<Record<string, { mappings: { properties: typeof logFields } }>>(
      "GET",
      `/${index}/_mapping`,
    );
    assert.equal(fieldCount(body[index]!.mappings.properties), fieldCount(logFields));
  });

  it("would take lines whose fields differ apart without its template", async () => {
    const other = "without-template";
    await call("POST", `/${other}/_doc?refresh=true`, { message: "a", field_1: 1, field_2: 2 });
    const { body } = await call<Record<string, { mappings: { properties: object } }>>(
      "GET",
      `/${other}/_mapping`,
    );
    assert.deepEqual(Object.keys(body[other]!.mappings.properties), ["field_1", "field_2", "message"]);
  });

  it("gives each day's index the pipeline, the limits and no copy on a single node", async () => {
    const { body } = await call<Record<string, { settings: { index: Record<string, unknown> } }>>(
      "GET",
      `/${index}/_settings`,
    );
    const settings = body[index]!.settings.index;
    assert.equal(settings["default_pipeline"], "bilten-logs");
    assert.equal(settings["number_of_replicas"], "0");
    assert.deepEqual(settings["mapping"], { total_fields: { limit: "100" }, ignore_malformed: "true" });
  });
});

function only(hits: Hit[], query: string): Hit {
  assert.equal(hits.length, 1, `lines for ${query}`);
  return hits[0]!;
}
