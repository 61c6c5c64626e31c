import assert from "node:assert/strict";
import { kibanaSetupSteps } from "../../components/elasticsearchSetup";
import type { SetupStep } from "../../components/elasticsearchSetup/steps";
import { freePort } from "../../lab/parts/ports";
import { FakeElasticsearch, type FakeOptions } from "../opensearch/fakeElasticsearch";
import { runSetupScript, type ScriptOptions, type ScriptRun } from "../opensearch/setupScript";

const passwords = { elastic: "secret" };

const put = (name: string): SetupStep => ({ name, method: "PUT", path: `/${name}`, body: { name } });

describe("the set-up script, when the server that stands in for Elasticsearch does not do its part,", function () {
  this.timeout(60_000);
  let server: FakeElasticsearch | undefined;

  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  async function start(options?: FakeOptions): Promise<FakeElasticsearch> {
    return (server = await new FakeElasticsearch(options).start());
  }

  function run(options: Partial<ScriptOptions> = {}): Promise<ScriptRun> {
    const url = server?.url ?? assert.fail("no server");
    return runSetupScript({ url, passwords, steps: [put("one"), put("two"), put("three")], ...options });
  }

  it("gives up on a server that does not come up, and says what it last heard", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { code, output } = await runSetupScript({
      url,
      passwords,
      steps: [put("one")],
      env: { SETUP_WAIT_SECONDS: "1" },
    });
    assert.equal(code, 3, output);
    assert.match(output, /^FAILED: http:\S+ is not ready after 1 s \(no answer: .*onnect/m);
  });

  it("fails with the server's answer on 500, and applies nothing after it", async () => {
    await start({
      answer: ({ path }) =>
        path === "/two" ? { status: 500, body: { error: { reason: "disk is on fire" } } } : undefined,
    });
    const { code, output } = await run();
    assert.equal(code, 1, output);
    assert.match(output, /^FAILED: \[2\/3\] two: PUT \/two: 500: .*disk is on fire/m);
    assert.deepEqual(
      server!.changes.map(({ path }) => path),
      ["/one", "/two"],
    );
  });

  it("fails with the server's answer on 400", async () => {
    await start({
      answer: ({ path }) =>
        path === "/two" ? { status: 400, body: { reason: "unknown setting" } } : undefined,
    });
    const { code, output } = await run();
    assert.equal(code, 5, output);
    assert.match(output, /^FAILED: \[2\/3\] two: PUT \/two was refused: 400: .*unknown setting/m);
  });

  it("fails on 401 at the start, and says what to compare", async () => {
    await start({ password: "another" });
    const { code, output } = await run({ env: { SETUP_REFUSAL_SECONDS: "1" } });
    assert.equal(code, 4, output);
    assert.match(
      output,
      /^FAILED: http:\S+ does not accept user elastic \(401: .*unable to authenticate.*\)\. Its password/m,
    );
    assert.deepEqual(server!.requests, []);
  });

  it("fails on 401 and 403 in a step at once", async () => {
    for (const status of [401, 403]) {
      await start({
        answer: ({ path }) => (path === "/two" ? { status, body: { reason: "not you" } } : undefined),
      });
      const { code, output } = await run();
      assert.equal(code, 4, output);
      assert.match(output, new RegExp(`two: PUT /two is not allowed to user elastic: ${status}: .*not you`));
      assert.equal(server!.changes.length, 2);
      await server!.stop();
    }
  });

  it("says which password is missing or empty before it changes anything", async () => {
    await start();
    const step: SetupStep = { ...put("user"), body: { password: "@password@" }, passwordOf: "anna" };
    const missing = await run({ steps: [put("one"), step] });
    assert.equal(missing.code, 2, missing.output);
    assert.match(missing.output, /^FAILED: there is no password of user anna: /m);
    const empty = await run({ steps: [put("one"), step], passwords: { ...passwords, anna: "" } });
    assert.equal(empty.code, 2, empty.output);
    assert.match(empty.output, /^FAILED: the password of user anna is empty: /m);
    assert.deepEqual(server!.changes, []);
  });

  it("fails when Kibana refuses an object, although its status is 200", async () => {
    await start({
      answer: ({ method }) =>
        method === "POST"
          ? { status: 200, body: { success: false, errors: [{ id: "logs", error: "missing_references" }] } }
          : undefined,
    });
    const { code, output } = await run({ steps: kibanaSetupSteps([{ type: "a", id: "b", attributes: {} }]) });
    assert.equal(code, 5, output);
    assert.match(output, /answered without "success":true: 200: .*missing_references/);
  });
});
