/**
 * Jaeger and its cleaner as prod has them: by TLS, with the user that the set-up gives to Jaeger, and no more than its role
 * allows. OpenSearch has no users here, so what stands before it enforces the role for the requests that they make.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { roles } from "../../components/elasticsearchSetup/access";
import { files, paths } from "../../components/jaeger/addresses";
import { indexCleanerArguments } from "../../components/jaeger/indexCleaner";
import type { ElasticsearchStorage } from "../../components/jaeger/storage";
import { ensureTools } from "../../lab/tools";
import { until } from "../live-services/service";
import { startOpenSearch, type OpenSearch } from "../opensearch";
import { JaegerProcess } from "./process";
import { missingPrivilege, SecuredElasticsearch } from "./securedElasticsearch";
import { sendSpans, span } from "./spans";

const password = "pass-of-jaeger";
const { role } = roles.bilten_jaeger;

describe("Jaeger with Elasticsearch's TLS and its own user", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "jaeger-cleaner-"));
  let server: OpenSearch;
  let secured: SecuredElasticsearch;
  let storage: ElasticsearchStorage;

  const jaeger = (which: "collector" | "query", given: { password?: string; caPem?: string } = {}) =>
    new JaegerProcess({
      configuration: { role: which, storage, retention: "3d", memory: "512Mi" },
      password,
      caPem: secured.caPem,
      ...given,
    });

  before(async function () {
    this.timeout(1_200_000);
    server = await startOpenSearch({ log: console.log });
    secured = await new SecuredElasticsearch({
      target: server.url,
      username: "bilten_jaeger",
      password,
      role,
    }).start();
    storage = { kind: "elasticsearch", url: secured.url, nodes: 1 };
  });

  after(async () => {
    secured?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("writes and finds traces, and asks for nothing that its role does not allow", async () => {
    const collector = await jaeger("collector").start();
    const query = await jaeger("query").start();
    try {
      const one = span({ name: "GET /api/events" });
      assert.equal((await sendSpans(collector.url("otlpHttp"), "bilten-api", [one])).status, 200);
      await until(
        async () => (await fetch(query.url("query", `/api/traces/${one.traceId}`))).ok,
        () => `${collector.output}\n${secured.refused.join("\n")}`,
        30,
      );
      for (const path of [
        "/api/services",
        "/api/services/bilten-api/operations",
        "/api/traces?service=bilten-api&operation=GET%20%2Fapi%2Fevents",
        `/api/dependencies?endTs=${Date.now()}&lookback=3600000`,
      ])
        assert.notEqual(await query.text("query", path), "");
      assert.deepEqual(secured.refused, []);
    } finally {
      await collector.stop();
      await query.stop();
    }
  });

  it("has its cleaner delete old indices with the same user and authority", async () => {
    const tools = await ensureTools(["es-index-cleaner"]);
    writeFileSync(join(folder, files.authority), secured.caPem);
    const indices = async () =>
      ((await (await fetch(`${server.url}/_cat/indices?format=json`)).json()) as { index: string }[])
        .map(({ index }) => index)
        .sort();
    await fetch(`${server.url}/bilten-logs-2020.01.01`, { method: "PUT" });
    assert.equal((await indices()).length, 3);
    // The age is that of the index, which cannot be made older: so that all are too old, none is to be kept.
    const given = indexCleanerArguments({ retention: "1s", storage }).map((argument) =>
      argument.replace(paths.elasticsearch, folder),
    );
    const clean = (secret: string) =>
      promisify(execFile)(tools["es-index-cleaner"], given, {
        env: { ES_PASSWORD: secret },
        timeout: 30_000,
      });
    await assert.rejects(clean("another"), /401|authenticate/);
    assert.equal((await indices()).length, 3);
    secured.refused.length = 0;
    await clean(password);
    assert.deepEqual(secured.refused, []);
    assert.deepEqual(await indices(), ["bilten-logs-2020.01.01"]);
  });

  it("does not start with another password, or when another authority signed the certificate", async () => {
    const other = await new SecuredElasticsearch({
      target: server.url,
      username: "",
      password,
      role,
    }).start();
    other.stop();
    for (const [given, reason] of [
      [{ password: "another" }, /401/],
      [{ caPem: other.caPem }, /certificate signed by unknown authority/],
    ] as const) {
      const process = jaeger("collector", given);
      await assert.rejects(process.start(), reason);
      await process.stop();
    }
  });

  it("would be refused what its role does not allow", () => {
    const bulk = (index: string) => `${JSON.stringify({ index: { _index: index } })}\n{}\n`;
    assert.equal(missingPrivilege(role, "POST", "/_bulk", bulk("jaeger-jaeger-span-2026-01-01")), undefined);
    assert.match(String(missingPrivilege(role, "POST", "/_bulk", bulk("bilten-logs-1"))), /on bilten-logs-1/);
    assert.match(String(missingPrivilege(role, "DELETE", "/jaeger-a,bilten-logs-1", "")), /on bilten-logs-1/);
    assert.match(String(missingPrivilege(role, "GET", "/*/_settings", "")), /on \*/);
    assert.match(String(missingPrivilege(role, "GET", "/_security/user", "")), /is not known/);
    assert.match(
      String(missingPrivilege({ ...role, cluster: [] }, "PUT", "/_template/jaeger-span", "")),
      /manage_index_templates/,
    );
  });
});
