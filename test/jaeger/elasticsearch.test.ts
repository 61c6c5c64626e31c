/**
 * A collector and a query apart, as prod has them, with the tests' OpenSearch in Elasticsearch's place. It has no
 * passwords and no TLS: elasticsearchSecured.test.ts has both.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { JaegerConfigurationArgs } from "../../components/jaeger/configuration";
import { indexCleanerArguments } from "../../components/jaeger/indexCleaner";
import type { ElasticsearchStorage } from "../../components/jaeger/storage";
import { ensureTools } from "../../lab/tools";
import { JAEGER_ELASTICSEARCH } from "../../metrics/jaeger";
import { assertAsDeclared } from "../exporters/program";
import { startOpenSearch, type OpenSearch } from "../opensearch";
import { until } from "../live-services/service";
import { asStored, valueOf } from "./metrics";
import { JaegerProcess } from "./process";
import { sendSpans, span, tagOf, type FoundTrace, type Span } from "./spans";

describe("Jaeger with Elasticsearch", function () {
  this.timeout(120_000);
  let server: OpenSearch;
  let collector: JaegerProcess;
  let query: JaegerProcess;
  let storage: ElasticsearchStorage;

  const start = async (role: "collector" | "query"): Promise<JaegerProcess> => {
    const configuration: JaegerConfigurationArgs = { role, storage, retention: "3d", memory: "512Mi" };
    return new JaegerProcess({ configuration, password: "not asked for here" }).start();
  };

  before(async function () {
    this.timeout(1_200_000);
    server = await startOpenSearch({ log: console.log });
    storage = { kind: "elasticsearch", url: server.url, nodes: 1 };
    collector = await start("collector");
    query = await start("query");
  });

  after(async () => {
    await collector?.stop();
    await query?.stop();
    await server?.stop();
  });

  const traceOf = async (one: Span): Promise<FoundTrace | undefined> => {
    const answer = await fetch(query.url("query", `/api/traces/${one.traceId}`));
    return answer.ok ? ((await answer.json()) as { data: FoundTrace[] }).data[0] : undefined;
  };
  const indices = async (): Promise<string[]> =>
    ((await (await fetch(`${server.url}/_cat/indices?format=json`)).json()) as { index: string }[])
      .map(({ index }) => index)
      .sort();
  const root = span({ name: "GET /api/events", attributes: { "baggage.requestId": "r-1" } });

  it("finds through the query what the collector took in, with tags and parent links", async () => {
    const child = span({ name: "select events", parent: root });
    assert.equal((await sendSpans(collector.url("otlpHttp"), "bilten-api", [root, child])).status, 200);
    await until(
      async () => (await traceOf(root))?.spans.length === 2,
      () => collector.output,
      30,
    );
    const trace = (await traceOf(root))!;
    assert.equal(tagOf(trace, "GET /api/events", "baggage.requestId"), "r-1");
    const link = trace.spans.find(({ spanID }) => spanID === child.spanId)?.references[0];
    assert.deepEqual([link?.refType, link?.spanID], ["CHILD_OF", root.spanId]);
  });

  it("finds it again after both were restarted", async () => {
    await collector.stop();
    await query.stop();
    collector = await start("collector");
    query = await start("query");
    assert.equal((await traceOf(root))?.spans.length, 2);
    const found = await query.json<{ data: FoundTrace[] }>("query", "/api/traces?service=bilten-api");
    assert.deepEqual(
      found.data.map(({ traceID }) => traceID),
      [root.traceId],
    );
  });

  it("keeps them in an index a day, of the prefix that its user may write to", async () => {
    const day = new Date().toISOString().slice(0, 10);
    assert.deepEqual(await indices(), [`jaeger-jaeger-service-${day}`, `jaeger-jaeger-span-${day}`]);
    const settings = (await (await fetch(`${server.url}/jaeger-*/_settings`)).json()) as Record<
      string,
      { settings: { index: { number_of_shards: string; number_of_replicas: string } } }
    >;
    for (const { settings: all } of Object.values(settings)) {
      assert.deepEqual([all.index.number_of_shards, all.index.number_of_replicas], ["1", "0"]);
    }
  });

  it("answers with the metrics of its writes, by name, type and labels", async () => {
    await sendSpans(collector.url("otlpHttp"), "bilten-api", [span({ name: "written" })]);
    const errors = "jaeger_storage_bulk_index_errors_total";
    await until(
      async () => (await collector.text("metrics", "/metrics")).includes(errors),
      () => collector.output,
      30,
    );
    const metrics = asStored(await collector.text("metrics", "/metrics"));
    // There is none that failed.
    assertAsDeclared(metrics, JAEGER_ELASTICSEARCH, /latency_err/);
  });

  it("has the cleaner leave the indices of the retention, and delete older ones", async () => {
    const tools = await ensureTools(["es-index-cleaner"]);
    const clean = (retention: string) =>
      spawnSync(tools["es-index-cleaner"], indexCleanerArguments({ retention, storage }), {
        encoding: "utf8",
        env: { ES_PASSWORD: "not asked for here" },
        timeout: 30_000,
      });
    const before = await indices();
    const kept = clean("3d");
    assert.equal(kept.status, 0, kept.stderr);
    assert.deepEqual(await indices(), before);
    // The age is that of the index, which cannot be made older: so that all are too old, none is to be kept.
    await fetch(`${server.url}/bilten-logs-2020.01.01`, { method: "PUT" });
    const cleaned = clean("1s");
    assert.equal(cleaned.status, 0, cleaned.stderr);
    assert.deepEqual(await indices(), ["bilten-logs-2020.01.01"]);
  });

  it("counts writes that get no answer by their latency alone", async () => {
    await server.stop();
    await sendSpans(collector.url("otlpHttp"), "bilten-api", [span({ name: "not written" })]);
    const failed = JAEGER_ELASTICSEARCH.filter(({ name }) => name.includes("latency_err"));
    await until(
      async () => (await collector.text("metrics", "/metrics")).includes(`${failed[0]?.name}_count`),
      () => collector.output,
      60,
    );
    const metrics = asStored(await collector.text("metrics", "/metrics"));
    assertAsDeclared(metrics, failed);
    assert.equal(valueOf(metrics, "jaeger_storage_bulk_index_errors_total"), 0);
  });
});
