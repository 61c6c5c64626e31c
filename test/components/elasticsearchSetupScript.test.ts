import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { elasticsearchSetupSteps, kibanaSetupSteps } from "../../components/elasticsearchSetup";
import type { SetupStep } from "../../components/elasticsearchSetup/steps";
import { freePort } from "../../lab/parts/ports";
import { findOnPath } from "../../lab/tools/path";
import { selfSigned } from "../../lab/providers/tls/certificates";
import { FakeElasticsearch, type FakeOptions } from "../opensearch/fakeElasticsearch";
import { runSetupScript, type ScriptOptions, type ScriptRun } from "../opensearch/setupScript";

/** The characters that JSON, curl and bash each treat in their own way. */
const awkward = `a"b\\c$d\`e'f&g%s *?@x`;

const passwords = {
  elastic: "elastic-pass",
  kibana_system: "kibana-pass",
  bilten_logstash: awkward,
  bilten_exporter: "exporter-pass",
  bilten_json_exporter: "json-exporter-pass",
  bilten_grafana: "grafana-pass",
  bilten_jaeger: "jaeger-pass",
};

const put = (name: string): SetupStep => ({ name, method: "PUT", path: `/${name}`, body: { name } });

describe("the set-up script, run against a server that stands in for Elasticsearch", function () {
  this.timeout(60_000);
  let server: FakeElasticsearch | undefined;

  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  async function start(options?: FakeOptions): Promise<FakeElasticsearch> {
    return (server = await new FakeElasticsearch({ password: passwords.elastic, ...options }).start());
  }

  function run(options: Partial<ScriptOptions> = {}): Promise<ScriptRun> {
    const url = server?.url ?? assert.fail("no server");
    return runSetupScript({ url, passwords, steps: [put("one"), put("two"), put("three")], ...options });
  }

  const all = elasticsearchSetupSteps({
    retention: "30d",
    nodes: 3,
    snapshots: { type: "s3", settings: { bucket: "logs" } },
  });

  it("applies every step in its order and reports each", async () => {
    await start();
    const { code, output } = await run({ steps: all });
    assert.equal(code, 0, output);
    assert.deepEqual(
      server!.changes.map(({ method, path }) => `${method} ${path}`),
      all.map(({ method, path }) => `${method} ${path}`),
    );
    all.forEach(({ name }, index) =>
      assert.match(
        output,
        new RegExp(`^\\[${index + 1}/${all.length}\\] ${escaped(name)}: ok \\(200\\)$`, "m"),
      ),
    );
    assert.match(output, new RegExp(`All ${all.length} steps are applied`));
  });

  it("leaves the same state when it runs again", async () => {
    const { state } = await start();
    assert.equal((await run({ steps: all })).code, 0);
    const first = new Map(state);
    assert.equal((await run({ steps: all })).code, 0);
    assert.ok(first.size > 10);
    assert.deepEqual(state, first);
  });

  it("takes away a schedule that is no longer wanted, and does not mind that it is gone", async () => {
    const { state } = await start();
    await run({ steps: all });
    const without = elasticsearchSetupSteps({ retention: "30d", nodes: 3 });
    for (const expected of ["200", "404"]) {
      const { code, output } = await run({ steps: without });
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(`no snapshot schedule: ok \\(${expected}\\)`));
    }
    assert.deepEqual(
      [...state.keys()].filter((path) => /_slm|_snapshot/.test(path)),
      [],
    );
  });

  it("sets passwords as they are, whatever characters they hold", async () => {
    const { state } = await start();
    const { code, output } = await run({ steps: all });
    assert.equal(code, 0, output);
    const user = (name: string) => state.get(`/_security/user/${name}`) as { password: string };
    assert.equal(user("bilten_logstash").password, awkward);
    assert.equal(user("bilten_grafana").password, passwords.bilten_grafana);
    assert.equal(user("kibana_system/_password").password, passwords.kibana_system);
  });

  it("logs in with a password of whatever characters", async () => {
    await start({ password: awkward });
    const { code, output } = await run({ passwords: { elastic: awkward } });
    assert.equal(code, 0, output);
  });

  it("prints no password, not even one that the server's answer holds", async () => {
    await start({
      answer: ({ path, body }) =>
        path.endsWith("bilten_logstash") && body.includes("password")
          ? { status: 400, body: { error: `cannot parse ${body}` } }
          : undefined,
    });
    const { code, output } = await run({ steps: all });
    assert.equal(code, 5, output);
    assert.match(output, /cannot parse .*\*\*\*/);
    for (let forms = Object.values(passwords), nested = 0; nested < 3; nested++) {
      for (const form of forms) assert.ok(!output.includes(form), `${form} in ${output}`);
      forms = forms.map((form) => JSON.stringify(form).slice(1, -1));
    }
  });

  it("waits for a server that is not up yet", async () => {
    const port = await freePort();
    const late = sleep(1500).then(() => start({ port }));
    const { code, output } = await runSetupScript({
      url: `http://127.0.0.1:${port}`,
      passwords,
      steps: [put("one")],
    });
    await late;
    assert.equal(code, 0, output);
    assert.match(output, /^Waiting for .*no answer: .*\n.* is ready\.$/m);
  });

  it("waits for a server that answers but is not ready, and for users that are being recovered", async () => {
    const answers = [503, 503, 408, 401, 401];
    await start({
      answer: ({ method }) => {
        const status = method === "GET" ? answers.shift() : undefined;
        return status ? { status, body: { error: "not yet" } } : undefined;
      },
    });
    const { code, output } = await run();
    assert.equal(code, 0, output);
    assert.deepEqual(answers, []);
  });

  it("tries a step again while the server is busy, and gives up in the end", async () => {
    const answers = [429, 503];
    await start({
      answer: ({ path }) => {
        const status = path === "/two" ? answers.shift() : undefined;
        return status ? { status, body: { reason: "busy" } } : undefined;
      },
    });
    const { code, output } = await run();
    assert.equal(code, 0, output);
    assert.match(output, /^\[2\/3\] two: 429: .*busy.*; again \.\.\.$/m);
    answers.push(...Array.from({ length: 1000 }, () => 503));
    const second = await run({ env: { SETUP_RETRY_SECONDS: "1" } });
    assert.equal(second.code, 1, second.output);
    assert.match(second.output, /^FAILED: \[2\/3\] two: PUT \/two: 503: /m);
  });

  it("imports Kibana's objects as a file, with the header that Kibana wants", async () => {
    const { state } = await start();
    const objects = [
      { type: "index-pattern", id: "logs", attributes: { title: "bilten-logs-*" } },
      { type: "search", id: "errors", attributes: { title: "Errors" } },
    ];
    const { code, output } = await run({ steps: kibanaSetupSteps(objects) });
    assert.equal(code, 0, output);
    const sent = String(state.get("/api/saved_objects/_import"));
    assert.match(sent, /name="file"; filename="objects\.ndjson"/);
    const lines = sent.split(/\r?\n/).filter((line) => line.startsWith("{"));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      objects,
    );
  });

  it("speaks TLS with a server whose authority it knows, and with no other", async () => {
    const [own, other] = await Promise.all([serverKeys(), serverKeys()]);
    await start({ tls: own });
    const known = await run({ ca: own.cert });
    assert.equal(known.code, 0, known.output);
    const unknown = await run({ ca: other.cert });
    assert.equal(unknown.code, 4, unknown.output);
    assert.match(unknown.output, /^FAILED: the certificate of https:\S+ is not accepted: .*certificate/m);
    assert.equal((await run()).code, 4);
  });

  it("gives no program a password in its arguments or environment", async () => {
    await start();
    const folder = mkdtempSync(join(tmpdir(), "setup-programs-"));
    try {
      // Goes before curl, writes down what everybody could read, and becomes curl.
      const seen = join(folder, "seen");
      const curl = findOnPath("curl") ?? assert.fail("no curl");
      const spy = `#!/bin/bash\n{ printf '%s\\n' "$@"; env; } >>'${seen}'\nexec '${curl}' "$@"\n`;
      writeFileSync(join(folder, "curl"), spy, { mode: 0o755 });
      const { code, output } = await run({ steps: all, programs: [folder] });
      assert.equal(code, 0, output);
      const text = readFileSync(seen, "utf8");
      assert.match(text, /_security\/user\/bilten_logstash$/m);
      for (const password of Object.values(passwords)) assert.ok(!text.includes(password), password);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

async function serverKeys(): Promise<{ key: string; cert: string }> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = await selfSigned(
    privateKey,
    { subject: { commonName: "elasticsearch" }, ipAddresses: ["127.0.0.1"] },
    { validityPeriodHours: 1, allowedUses: ["digital_signature", "server_auth"], isCaCertificate: true },
  );
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert };
}
