import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { jsonExporterConfiguration, logIndexSearch, moduleNames } from "../../components/exporters";
import { ensureTools } from "../../lab/tools";
import { FILEBEAT, LOG_INDEX, LOGSTASH } from "../../metrics/logExporters";
import { lint } from "../live-services/service";
import { buildTimeout, folderWith } from "../rendered/tool";
import { Answers, assertAsDeclared, Program, samples } from "./program";

const answer = (program: string) => readFileSync(join(__dirname, "answers", `${program}.json`), "utf8");
const shedBy = (pipeline: string) => ({ pipeline: "intake", filter: `shed-${pipeline}` });
const buckets = (services: Record<string, number>) =>
  JSON.stringify({
    aggregations: {
      services: { buckets: Object.entries(services).map(([key, doc_count]) => ({ key, doc_count })) },
    },
  });

describe("the json-exporter, asked as Prometheus asks it", function () {
  this.timeout(30_000);
  let program: Program;
  let folder: string;
  let url: string;
  const pages = new Answers({
    "/_node/stats": answer("logstash"),
    "/stats": answer("filebeat"),
    "/bilten-logs-*/_search": buckets({ "bilten-api": 6, "bilten-web": 2 }),
    "/empty/_search": buckets({}),
  });

  before(async function () {
    this.timeout(buildTimeout);
    const { json_exporter } = await ensureTools(["json_exporter"]);
    folder = folderWith({ password: "not-a-real-one", "ca.pem": "" });
    // Without its authority, since these answers come over plain HTTP.
    const configuration = jsonExporterConfiguration({
      logstash: {
        pipelines: [
          { id: "bilten-api", deadLetterQueue: true, shedBy: shedBy("bilten-api") },
          { id: "other", deadLetterQueue: false, shedBy: shedBy("other") },
          { id: "intake", deadLetterQueue: false },
        ],
      },
      filebeat: true,
      logIndex: { username: "reader", passwordFile: join(folder, "password"), caFile: "" },
    });
    const file = folderWith({ "config.yaml": configuration });
    program = await new Program(json_exporter, [`--config.file=${join(file, "config.yaml")}`]).start();
    rmSync(file, { recursive: true });
    url = await pages.start();
  });

  after(async () => {
    await program?.stop();
    pages.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const probe = async (module: string, path: string) => {
    const { status, body } = await program.get("/probe", { module, target: `${url}${path}` });
    assert.equal(status, 200, body);
    return body;
  };

  it("says of Logstash what the catalogue declares, and nothing else", async () => {
    const body = await probe(moduleNames.logstash, "/_node/stats");
    assertAsDeclared(body, LOGSTASH);
    const known = LOGSTASH.map(({ name }) => name);
    assert.deepEqual(
      samples(body).filter(({ name }) => !known.includes(name)),
      [],
    );
    const value = (name: string, labels: Record<string, string> = {}) =>
      samples(body).find(
        (sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels),
      )?.value;
    assert.equal(value("logstash_jvm_heap_used_bytes"), 358612992);
    assert.equal(value("logstash_pipeline_queue_events", { pipeline: "bilten-api" }), 125);
    assert.equal(value("logstash_pipeline_queue_events", { pipeline: "other" }), 0);
    // What went into the filter that drops, not into the one that counts; zero is there to begin an increase with.
    assert.equal(value("logstash_pipeline_events_shed_total", { pipeline: "bilten-api" }), 4210);
    assert.equal(value("logstash_pipeline_events_shed_total", { pipeline: "other" }), 0);
    assert.equal(value("logstash_pipeline_events_shed_total", { pipeline: "intake" }), undefined);
    const index = { pipeline: "bilten-api", plugin: "index" };
    assert.equal(value("logstash_output_documents_rejected_total", index), 48);
    assert.equal(value("logstash_output_bulk_requests_failed_total", index), 26);
  });

  it("complains of nothing when a pipeline has not yet written anything", async () => {
    const before = program.output.length;
    const body = await probe(moduleNames.logstash, "/_node/stats");
    assert.ok(!/logstash_output_\w+\{pipeline="other"/.test(body));
    assert.doesNotMatch(program.output.slice(before), /level.*(error|ERROR)/);
  });

  it("says of Filebeat what the catalogue declares, and nothing else", async () => {
    const body = await probe(moduleNames.filebeat, "/stats");
    assertAsDeclared(body, FILEBEAT);
    assert.equal(samples(body).length, FILEBEAT.length);
    const values = Object.fromEntries(samples(body).map(({ name, value }) => [name, value]));
    assert.equal(values.filebeat_queue_filled_ratio, 0.25);
    assert.equal(values.filebeat_output_events_dropped_total, 2);
    assert.equal(values.filebeat_max_handles, 524287);
  });

  it("counts the events of each service in the index, as the user that it was given", async () => {
    const body = await probe(moduleNames.logIndex, "/bilten-logs-*/_search");
    assertAsDeclared(body, LOG_INDEX);
    assert.deepEqual(
      samples(body).map(({ labels, value }) => [labels.service, value]),
      [
        ["bilten-api", 6],
        ["bilten-web", 2],
      ],
    );
    const search = pages.asked.find(({ path }) => path === "/bilten-logs-*/_search");
    assert.deepEqual(JSON.parse(search?.body ?? ""), logIndexSearch());
    const credentials = Buffer.from("reader:not-a-real-one").toString("base64");
    assert.equal(search?.authorization, `Basic ${credentials}`);
  });

  it("says nothing, and does not fail, when the index is empty", async () => {
    assert.deepEqual(samples(await probe(moduleNames.logIndex, "/empty/_search")), []);
  });

  it("fails the scrape when the program does not answer well, so that up is 0", async () => {
    const { status } = await program.get("/probe", { module: "filebeat", target: `${url}/missing` });
    assert.equal(status, 503);
    const none = await program.get("/probe", { module: "filebeat", target: "http://127.0.0.1:1/stats" });
    assert.equal(none.status, 503);
  });

  it("makes metrics to which Prometheus' linter has no objection", async () => {
    for (const [module, path] of [
      [moduleNames.logstash, "/_node/stats"],
      [moduleNames.filebeat, "/stats"],
      [moduleNames.logIndex, "/bilten-logs-*/_search"],
    ] as const)
      assert.deepEqual(await lint(await probe(module, path)), []);
  });

  it("never writes the password", () => {
    assert.ok(program.output.length > 0);
    assert.ok(!program.output.includes("not-a-real-one"));
  });
});
