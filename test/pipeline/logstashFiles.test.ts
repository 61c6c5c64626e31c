import assert from "node:assert/strict";
import { parse } from "yaml";
import { logstashFiles, logstashPipelines, standardRedactions } from "../../components/logstash";
import { knownOptions, parsePipeline, type Plugin } from "./logstashSyntax";

const args = {
  services: [
    { name: "bilten-web", namespace: "bilten", maxLinesPerSecond: 200 },
    { name: "bilten-api", namespace: "bilten", maxLinesPerSecond: 500 },
  ],
  otherMaxLinesPerSecond: 300,
  redactions: [],
  queueSize: "4Gi",
  deadLetterQueueSize: "1Gi",
};
const events = "service-bilten-bilten-api.conf";
const pipelines = (given: object = {}) =>
  Object.fromEntries(
    Object.entries(logstashFiles({ ...args, ...given }))
      .filter(([name]) => name.endsWith(".conf"))
      .map(([name, source]) => [name, parsePipeline(source)]),
  );
const find = (plugins: Plugin[] | undefined, section: string, name: string) => {
  const found = plugins?.filter((plugin) => plugin.section === section && plugin.name === name) ?? [];
  assert.ok(found.length > 0, `no ${section} ${name}`);
  return found;
};

describe("Logstash's files, read by a parser of the tests (Logstash itself does not run)", () => {
  it("are in its language, and use plugins and options that it has", () => {
    const all = Object.values(pipelines()).flat();
    assert.ok(all.length > 50, `${all.length} plugins`);
    for (const { section, name, options } of all) {
      const known = knownOptions[`${section} ${name}`];
      assert.ok(known, `${section} ${name}`);
      for (const option of options.keys()) assert.ok(known.includes(option), `${section} ${name}: ${option}`);
    }
  });

  it("take lines from whoever shows a certificate of the authority, and from nobody else", () => {
    const [beats] = find(pipelines()["intake.conf"], "input", "beats");
    assert.equal(beats?.options.get("ssl_client_authentication"), "required");
    assert.equal(beats?.options.get("ssl_enabled"), "true");
    assert.equal(beats?.options.get("port"), 5044);
  });

  it("give each service a pipeline and a queue of its own, and all others one together", () => {
    const files = logstashFiles(args);
    const list = parse(files["pipelines.yml"] ?? "") as Record<string, unknown>[];
    const ids = ["intake", "service-bilten-bilten-api", "service-bilten-bilten-web", "other"];
    assert.deepEqual(
      list.map((each) => each["pipeline.id"]),
      ids,
    );
    for (const each of list) {
      const file = String(each["path.config"]).split("/").at(-1) ?? "";
      assert.ok(files[file], `no ${file}`);
      assert.equal(each["queue.max_bytes"], "1024mb");
    }
    assert.equal(parse(files["logstash.yml"] ?? "")["queue.type"], "persisted");
    const sent = find(pipelines()["intake.conf"], "output", "pipeline").map(({ options, conditions }) => [
      options.get("send_to"),
      conditions[0],
    ]);
    assert.deepEqual(sent[0], [
      ["service-bilten-bilten-api"],
      '[service] == "bilten-api" and [kubernetes][namespace] == "bilten"',
    ]);
    assert.deepEqual(
      sent.map(([to]) => (to as string[])[0]),
      ids.slice(1),
    );
    for (const id of ids.slice(1)) {
      const [input] = find(pipelines()[`${id}.conf`], "input", "pipeline");
      assert.equal(input?.options.get("address"), id);
    }
  });

  it("shed of each service, and of all others together, what is above its limit, before the line is handed on", () => {
    const intake = pipelines()["intake.conf"] ?? [];
    const routes = find(intake, "output", "pipeline");
    const limits = find(intake, "filter", "throttle");
    const drops = find(intake, "filter", "drop");
    assert.deepEqual(
      limits.map(({ options }) => [options.get("key"), options.get("after_count")]),
      [
        ["service-bilten-bilten-api", 15_000],
        ["service-bilten-bilten-web", 6_000],
        ["other", 9_000],
      ],
    );
    limits.forEach(({ options, conditions }, index) => {
      // Exactly the lines that go to the pipeline by whose name they are counted.
      assert.deepEqual(conditions, routes[index]?.conditions);
      assert.deepEqual(routes[index]?.options.get("send_to"), [options.get("key")]);
      assert.equal(options.get("period"), "30");
      // Without it, nothing is below it.
      assert.ok(!options.has("before_count"));
      // At least twice the period, or lines that come out of order begin it anew.
      assert.ok(Number(options.get("max_age")) >= 60);
      assert.deepEqual(options.get("add_field"), new Map([["[@metadata][shed]", "true"]]));
      assert.deepEqual(drops[index]?.conditions, [...conditions, "[@metadata][shed]"]);
      assert.equal(drops[index]?.options.get("id"), `shed-${String(options.get("key"))}`);
    });
    const filters = intake.filter(({ section }) => section === "filter");
    assert.deepEqual(
      filters.map(({ name }) => name),
      limits.flatMap(() => ["throttle", "drop"]),
    );
  });

  it("shed of a Logstash without services, too, and are told apart by their ids", () => {
    const intake = pipelines({ services: [] })["intake.conf"] ?? [];
    const [only, ...more] = find(intake, "filter", "throttle");
    assert.deepEqual([only?.options.get("key"), only?.conditions, more], ["other", [], []]);
    const ids = (pipelines()["intake.conf"] ?? []).flatMap(({ options }) => options.get("id") ?? []);
    assert.equal(new Set(ids).size, 6);
  });

  it("name the filter that sheds to who asks for its count", () => {
    const dropping = find(pipelines()["intake.conf"], "filter", "drop").map(({ options }) =>
      options.get("id"),
    );
    const named = logstashPipelines(args.services).map(({ shedBy }) => shedBy);
    assert.equal(named[0], undefined);
    assert.deepEqual(
      named.slice(1),
      dropping.map((filter) => ({ pipeline: "intake", filter })),
    );
  });

  it("drop nothing else between the pipelines, and keep what Elasticsearch refuses", () => {
    for (const { options } of find(pipelines()["intake.conf"], "output", "pipeline")) {
      assert.equal(options.get("ensure_delivery"), "true");
    }
    const list = parse(logstashFiles(args)["pipelines.yml"] ?? "") as Record<string, unknown>[];
    assert.deepEqual(
      list.map((each) => each["dead_letter_queue.enable"]),
      [undefined, true, true, true],
    );
    assert.ok(
      !Object.entries(pipelines())
        .flatMap(([file, plugins]) => (file === "intake.conf" ? [] : plugins))
        .some(({ name }) => name === "drop"),
    );
  });

  it("have the same content in whatever order the services are given, and when one is given twice", () => {
    const [first] = args.services;
    const given = { ...args, services: [...args.services].reverse().concat(first ?? []) };
    assert.deepEqual(logstashFiles(given), logstashFiles(args));
  });

  it("take out before they parse, by the same patterns that the tests run", () => {
    const plugins = pipelines()[events];
    const filters = plugins?.filter(({ section }) => section === "filter") ?? [];
    const gsub = filters[0]?.options.get("gsub") as string[];
    const quote = (pattern: string) => pattern.replaceAll("'", "\\x27");
    assert.deepEqual(
      gsub,
      standardRedactions.flatMap(({ pattern, replacement }) => ["message", quote(pattern), replacement]),
    );
    assert.ok(filters.findIndex(({ name }) => name === "json") > 0);
  });

  it("take out of one field what is to be taken out of that one, wherever the line has it", () => {
    const redactions = [
      { field: "message", pattern: "a'b\"c${x}%{y}\\\\", replacement: "-" },
      { field: "http.path", pattern: "x", replacement: '"' },
    ];
    const lists = find(pipelines({ redactions })[events], "filter", "mutate")
      .filter(({ options }) => options.has("gsub"))
      .slice(1)
      .map(({ options, conditions }) => [conditions, options.get("gsub")]);
    const pattern = 'a\\x27b"c$\\{x}%\\{y}\\\\(?:)';
    assert.deepEqual(lists, [
      [
        ["[@metadata][line]"],
        ["[@metadata][line][message]", pattern, "-", "[@metadata][line][http][path]", "x", '"'],
      ],
      [["not ([@metadata][line])"], ["message", pattern, "-"]],
    ]);
  });

  it("refuse a replacement that the language cannot hold", () => {
    for (const replacement of ["%{field}", "${VARIABLE}", "a\\", `'"`]) {
      assert.throws(
        () => logstashFiles({ ...args, redactions: [{ pattern: "x", replacement }] }),
        /cannot be written in Logstash's language/,
        replacement,
      );
    }
  });

  it("refuse queues that are too small for so many pipelines, and say how large they must be", () => {
    assert.throws(() => logstashFiles({ ...args, queueSize: "200Mi" }), /queueSize is 200Mi.*at least 256Mi/);
    assert.throws(
      () => logstashFiles({ ...args, deadLetterQueueSize: "10Mi" }),
      /deadLetterQueueSize is 10Mi.*at least 60Mi/,
    );
    assert.ok(logstashFiles({ ...args, queueSize: "256Mi", deadLetterQueueSize: "60Mi" }));
  });

  it("index by day over TLS, as the least privileged user, and a line once", () => {
    const [output] = find(pipelines()[events], "output", "elasticsearch");
    const option = (name: string) => output?.options.get(name);
    assert.equal(option("index"), "bilten-logs-%{+YYYY.MM.dd}");
    assert.equal(option("user"), "bilten_logstash");
    assert.equal(option("password"), "${ELASTICSEARCH_PASSWORD}");
    assert.equal(option("ssl_verification_mode"), "full");
    // The user may create documents, and nothing else.
    assert.equal(option("action"), "create");
    assert.equal(option("document_id"), "%{[@metadata][_id]}");
    assert.deepEqual(
      [option("manage_template"), option("ilm_enabled"), option("data_stream")],
      ["false", "false", "false"],
    );
    assert.equal(output?.conditions.length, 0);
  });

  it("leave the time at which a line was written when its own is far from it", () => {
    const far = find(pipelines()[events], "filter", "mutate").find(({ conditions }) =>
      conditions.some((condition) => condition.includes("[late] > 604800 or [@metadata][late] < -3600")),
    );
    assert.deepEqual(far?.options.get("copy"), new Map([["[@metadata][written]", "@timestamp"]]));
    assert.deepEqual(far?.options.get("add_tag"), ["_timefaraway"]);
  });
});

describe("the tests' parser of Logstash's language", () => {
  for (const [what, source] of [
    ["a brace that is missing", "filter { mutate { add_tag => ['x'] }"],
    ["a plugin without its options", "filter { mutate }"],
    ["an option that stands twice", "filter { uuid { target => 'a' target => 'b' } }"],
    ["a list without commas", "filter { mutate { add_tag => ['x' 'y'] } }"],
    ["a text that does not end", 'filter { uuid { target => "a } }'],
    ["a condition without a field", "filter { if == 1 { } }"],
    ["a section that is none", "filters { }"],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => parsePipeline(source), /^Error: line 1: expected/));
  }
});
