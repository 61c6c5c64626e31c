import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  elasticsearchExporterFlags,
  jsonExporterConfiguration,
  moduleNames,
} from "../../components/exporters";
import { ensureTools } from "../../lab/tools";
import { ELASTICSEARCH_EXPORTER } from "../../metrics/logExporters";
import { startOpenSearch, type OpenSearch } from "../opensearch";
import { buildTimeout, folderWith } from "../rendered/tool";
import { assertAsDeclared, Program, samples } from "./program";

/** What OpenSearch has not, or not without more: index lifecycle, a repository for snapshots. */
const notInOpenSearch = /^elasticsearch_(ilm|snapshot_stats)_/;

const resolved = (flags: pulumi.Input<string>[]) =>
  new Promise<string[]>((resolve) => pulumi.all(flags).apply((all) => resolve(all)));

describe("the exporters, in front of a real OpenSearch in the place of Elasticsearch", function () {
  this.timeout(60_000);
  let server: OpenSearch;
  let exporter: Program;
  let tools: Record<"elasticsearch_exporter" | "json_exporter", string>;

  const put = async (method: string, path: string, body: object) => {
    const answer = await fetch(server.url + path, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.text());
  };
  /** Without the authority's certificate and the address, which are those of a pod. */
  const start = async (url: string) => {
    const flags = (await resolved(elasticsearchExporterFlags({ url }))).filter(
      (flag) => !/^--(es\.ca|web\.listen-address)=/.test(flag),
    );
    const environment = { ES_USERNAME: "bilten_exporter", ES_PASSWORD: "not-a-real-one" };
    return new Program(tools.elasticsearch_exporter, flags, environment).start();
  };

  before(async function () {
    this.timeout(buildTimeout);
    tools = await ensureTools(["elasticsearch_exporter", "json_exporter"]);
    server = await startOpenSearch({ log: () => undefined });
    await put("PUT", "/bilten-logs-2026.01.01", {
      mappings: { properties: { "@timestamp": { type: "date" }, service: { type: "keyword" } } },
    });
    for (const service of ["bilten-api", "bilten-api", "bilten-web"])
      await put("POST", "/bilten-logs-2026.01.01/_doc?refresh=true", {
        "@timestamp": new Date().toISOString(),
        service,
      });
    exporter = await start(server.url);
  });

  after(async () => {
    await exporter?.stop();
    await server?.stop();
  });

  it("exposes what the catalogue declares, but for what OpenSearch has not", async () => {
    const { body } = await exporter.get("/metrics");
    assertAsDeclared(body, ELASTICSEARCH_EXPORTER, notInOpenSearch);
  });

  it("says that its lifecycle collector fails there, which is why that part is not proven here", async () => {
    const { body } = await exporter.get("/metrics");
    const failing = samples(body).filter(
      ({ name, value }) => name === "elasticsearch_scrape_success" && value === 0,
    );
    assert.deepEqual(
      failing.map(({ labels }) => labels.collector),
      ["ilm"],
    );
  });

  it("sees the index turn read-only, as the flood stage does it, and writable again", async () => {
    const readOnly = async () => {
      const { body } = await exporter.get("/metrics");
      return samples(body).find(({ name }) => /read_only_indices$/.test(name))?.value;
    };
    assert.equal(await readOnly(), 0);
    await put("PUT", "/bilten-logs-*/_settings", { "index.blocks.read_only_allow_delete": true });
    assert.equal(await readOnly(), 1);
    await put("PUT", "/bilten-logs-*/_settings", { "index.blocks.read_only_allow_delete": null });
    assert.equal(await readOnly(), 0);
  });

  it("sees that shards are no longer placed", async () => {
    const restrict = (enable: string | null) =>
      put("PUT", "/_cluster/settings", { persistent: { "cluster.routing.allocation.enable": enable } });
    const code = async () => {
      const { body } = await exporter.get("/metrics");
      return samples(body).find(({ name }) => /shard_allocation_enabled$/.test(name))?.value;
    };
    await restrict("none");
    assert.equal(await code(), 3);
    await restrict(null);
    assert.equal(await code(), 0);
  });

  it("has no health of a cluster that does not answer, on which ElasticsearchDown relies", async () => {
    const alone = await start("http://127.0.0.1:1");
    try {
      const { status, body } = await alone.get("/metrics");
      assert.equal(status, 200);
      assert.doesNotMatch(body, /^elasticsearch_cluster_health_number_of_nodes/m);
      assert.ok(!alone.output.includes("not-a-real-one"), "the password must not be in the log");
    } finally {
      await alone.stop();
    }
  });

  it("count the events in the index by service", async () => {
    const configuration = jsonExporterConfiguration({
      logIndex: { username: "", passwordFile: "", caFile: "" },
    });
    const folder = folderWith({ "config.yaml": configuration });
    const json = await new Program(tools.json_exporter, [`--config.file=${folder}/config.yaml`]).start();
    try {
      const target = `${server.url}/bilten-logs-*/_search`;
      const { body } = await json.get("/probe", { module: moduleNames.logIndex, target });
      const counts = samples(body).map(({ labels, value }) => [labels.service, value]);
      assert.deepEqual(counts, [
        ["bilten-api", 2],
        ["bilten-web", 1],
      ]);
    } finally {
      await json.stop();
    }
  });
});
