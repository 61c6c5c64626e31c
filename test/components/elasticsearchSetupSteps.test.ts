import assert from "node:assert/strict";
import { elasticsearchSetupSteps, kibanaSetupSteps, programUsers } from "../../components/elasticsearchSetup";
import { roles } from "../../components/elasticsearchSetup/access";
import {
  fieldLimit,
  indexTemplate,
  ingestPipeline,
  lifecyclePolicy,
} from "../../components/elasticsearchSetup/indices";
import { fieldCount, logFields, shapeOf, strayField } from "../../components/elasticsearchSetup/mappings";
import { s3Snapshots, snapshotSteps } from "../../components/elasticsearchSetup/snapshots";
import { knownFields } from "../../components/logstash/parsing";
import { setupFiles, type SetupStep } from "../../components/elasticsearchSetup/steps";

/** Plain JSON, whose fields tests look at. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies of Elasticsearch's API have no types here
const plain = (value: object | undefined): any => JSON.parse(JSON.stringify(value));

const put = (over: Partial<SetupStep> = {}): SetupStep => ({ name: "a", method: "PUT", path: "/a", ...over });

describe("the steps of the set-up", () => {
  const steps = elasticsearchSetupSteps({ retention: "30d", nodes: 3 });
  const position = (path: string) => steps.findIndex((step) => step.path === path);

  it("put everything before what names it", () => {
    const template = position("/_index_template/bilten-logs");
    assert.ok(position("/_ilm/policy/bilten-logs") < template);
    assert.ok(position("/_ingest/pipeline/bilten-logs") < template);
    for (const user of Object.keys(roles))
      assert.ok(position(`/_security/role/${user}`) < position(`/_security/user/${user}`), user);
    assert.ok(steps.every((step) => position(step.path) >= 0));
  });

  it("can all be repeated: none adds anything anew", () => {
    for (const { method, path } of steps)
      assert.ok(method !== "POST" || path.endsWith("/_password"), `${method} ${path}`);
  });

  it("delete an index when its day is older than the retention", () => {
    const { phases } = plain(lifecyclePolicy("30d")).policy;
    assert.deepEqual(phases.delete, { min_age: `${30 * 24 * 3600}s`, actions: { delete: {} } });
    assert.deepEqual(Object.keys(phases), ["hot", "delete"]);
    assert.equal(plain(lifecyclePolicy("36h")).policy.phases.delete.min_age, "129600s");
    assert.throws(() => lifecyclePolicy("a month"), /"a month" is not a duration/);
  });

  it("give daily indices their policy and pipeline by the names under which these are put", () => {
    const { index } = plain(indexTemplate({ nodes: 3 })).template.settings;
    assert.ok(position(`/_ilm/policy/${index.lifecycle.name}`) >= 0);
    assert.ok(position(`/_ingest/pipeline/${index.default_pipeline}`) >= 0);
  });

  it("keep a copy of each index when there is another node for it", () => {
    const copies = (nodes: number) =>
      plain(indexTemplate({ nodes })).template.settings.index.number_of_replicas;
    assert.deepEqual([1, 2, 3].map(copies), [0, 1, 1]);
  });

  describe("about fields", () => {
    it("map those that the log format names", () => {
      const { mappings } = plain(indexTemplate({ nodes: 1 })).template;
      assert.equal(mappings.dynamic, false);
      const { properties } = mappings;
      for (const name of [
        "timestamp",
        "level",
        "message",
        "service",
        "version",
        "trace_id",
        "span_id",
        "request_id",
      ])
        assert.ok(properties[name]?.type, name);
      assert.equal(properties["@timestamp"].type, "date");
      assert.ok(properties.http.properties.status_code && properties.error.properties.stack_trace);
    });

    it("map all that Logstash makes of a JSON line", () => {
      for (const name of Object.keys(knownFields)) assert.ok(logFields[name], name);
    });

    it("stay below the limit", () => {
      assert.ok(fieldCount(logFields) < fieldLimit - 10, `${fieldCount(logFields)} of ${fieldLimit}`);
    });

    it("search words in fields that are there, and indexed as text", () => {
      const { settings, mappings } = plain(indexTemplate({ nodes: 1 })).template;
      for (const path of settings.index.query.default_field as string[]) {
        const mapping = path.split(".").reduce((at, name) => at.properties[name], mappings);
        assert.match(mapping.type, /^(keyword|match_only_text)$/, path);
      }
    });

    it("tell the pipeline which shape each has", () => {
      const [{ script }] = plain(ingestPipeline()).processors;
      assert.deepEqual(script.params.shape, shapeOf(logFields));
      assert.equal(script.params.shape.http.status_code, "value");
      assert.equal(script.params.shape.kubernetes.labels, "any");
      assert.equal(script.params.shape[strayField], "any");
    });
  });

  describe("about users", () => {
    it("give every program a user with the role of its name, and Kibana only a password", () => {
      for (const user of programUsers) {
        const step = steps.find(({ name }) => name === `user ${user}`);
        assert.equal(step?.passwordOf, user);
        assert.equal(plain(step.body).password, "@password@");
        assert.deepEqual(plain(step.body).roles, user === "kibana_system" ? undefined : [user]);
      }
    });

    it("let Logstash add lines and do nothing else to them", () => {
      assert.deepEqual(roles.bilten_logstash.role.indices, [
        { names: ["bilten-logs-*"], privileges: ["auto_configure", "create_doc"] },
      ]);
    });

    it("let nobody but Jaeger do everything to an index, and Jaeger only to its own", () => {
      for (const [user, { role }] of Object.entries(roles)) {
        const all = role.indices.filter(({ privileges }) =>
          privileges.some((it) => /^(all|manage|write|delete)/.test(it)),
        );
        assert.deepEqual(
          all.flatMap(({ names }) => names),
          user === "bilten_jaeger" ? ["jaeger-*"] : [],
          user,
        );
      }
    });

    it("let only Grafana and the json-exporter, which counts them, read lines", () => {
      const readers = Object.entries(roles).filter(([, { role }]) =>
        role.indices.some(
          ({ names, privileges }) =>
            privileges.some((it) => /^(all|read)$/.test(it)) &&
            names.some((name) => /^(\*|bilten)/.test(name)),
        ),
      );
      assert.deepEqual(
        readers.map(([user]) => user),
        ["bilten_json_exporter", "bilten_grafana"],
      );
    });

    it("let nobody administer the cluster", () => {
      const administration =
        /^(all|manage|manage_security|manage_(ilm|slm|pipeline|snapshot).*|create_snapshot)$/;
      for (const [user, { role }] of Object.entries(roles))
        assert.deepEqual(
          role.cluster.filter((privilege) => administration.test(privilege)),
          [],
          user,
        );
    });
  });

  describe("about snapshots", () => {
    it("register the repository, then fill it by schedule and keep what was asked for", () => {
      const [repository, schedule] = snapshotSteps({
        type: "s3",
        settings: { bucket: "b" },
        retention: "90d",
      });
      assert.deepEqual(plain(repository?.body), { type: "s3", settings: { bucket: "b" } });
      const body = plain(schedule?.body);
      assert.equal(`/_snapshot/${body.repository}`, repository?.path);
      assert.equal(body.retention.expire_after, `${90 * 24 * 3600}s`);
      assert.equal(body.schedule, "0 30 1 * * ?");
      assert.ok(body.retention.min_count >= 1);
    });

    it("go into a bucket, in a folder of it when one is given", () => {
      const settings = (basePath?: string) =>
        s3Snapshots({ bucket: "b", basePath, retention: "7d" }).settings;
      assert.deepEqual(settings(), { bucket: "b", client: "default" });
      assert.deepEqual(settings("logs"), { bucket: "b", client: "default", base_path: "logs" });
      const [, schedule] = snapshotSteps(
        s3Snapshots({ bucket: "b", schedule: "0 0 3 * * ?", retention: "7d" }),
      );
      assert.equal(plain(schedule?.body).schedule, "0 0 3 * * ?");
      assert.equal(plain(schedule?.body).retention.expire_after, `${7 * 24 * 3600}s`);
    });

    it("take both away without settings, the schedule first, whether or not they are there", () => {
      const gone = snapshotSteps(undefined);
      assert.deepEqual(
        gone.map(({ method, path }) => `${method} ${path}`),
        ["DELETE /_slm/policy/bilten-daily", "DELETE /_snapshot/bilten"],
      );
      assert.ok(gone.every(({ expect }) => expect?.includes(404)));
    });
  });

  describe("as files", () => {
    const line = (step: SetupStep) => setupFiles([step])["steps.tsv"]!.trimEnd().split("\t");

    it("are a line each, with eight columns and a file for the body", () => {
      const files = setupFiles(steps);
      const lines = files["steps.tsv"]!.trimEnd().split("\n");
      assert.equal(lines.length, steps.length);
      lines.forEach((text, index) => {
        const columns = text.split("\t");
        assert.equal(columns.length, 8, text);
        const file = columns[4]!;
        if (steps[index]!.body) assert.deepEqual(JSON.parse(files[file]!), plain(steps[index]!.body));
        else assert.equal(file, "-");
      });
    });

    it("fit into a ConfigMap", () => {
      const files = setupFiles(steps);
      const bytes = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
      assert.ok(bytes < 500_000, `${bytes} bytes`);
      for (const name of Object.keys(files)) assert.match(name, /^[-._a-zA-Z0-9]+$/);
    });

    it("say which status and text mean success", () => {
      assert.deepEqual(line(put()).slice(6), ["200", "-"]);
      assert.deepEqual(line(put({ expect: [200, 404], expectText: "done" })).slice(6), ["200,404", "done"]);
      assert.deepEqual(line(kibanaSetupSteps([])[0]!).slice(3, 5), ["form", "01.ndjson"]);
    });

    it("are refused when the script could not read them", () => {
      assert.throws(
        () => setupFiles([put({ name: "a\tb" })]),
        /"a\tb" has a value that is empty or holds a tab/,
      );
      assert.throws(() => setupFiles([put({ path: "" })]), /has a value that is empty/);
      assert.throws(() => setupFiles([put({ body: {}, objects: [] })]), /both a body and objects/);
      assert.throws(
        () => setupFiles([put({ body: { password: "" }, passwordOf: "anna" })]),
        /needs the password of anna, but not in its body/,
      );
    });
  });
});
