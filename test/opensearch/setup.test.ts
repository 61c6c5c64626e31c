/** The set-up against a real server. What OpenSearch does not have is tested against a stand-in: test/components. */
import assert from "node:assert/strict";
import { createServer, connect, type Server } from "node:net";
import { elasticsearchSetupSteps } from "../../components/elasticsearchSetup";
import { freePort } from "../../lab/parts/ports";
import { startOpenSearch, type OpenSearch } from ".";
import { forOpenSearch } from "./dialect";
import { runSetupScript, type ScriptRun } from "./setupScript";

describe("the set-up of a real OpenSearch (no lifecycle policies, users or schedules there)", function () {
  this.timeout(60_000);
  let server: OpenSearch;
  const steps = forOpenSearch(elasticsearchSetupSteps({ retention: "30d", nodes: 1 }));

  before(async function () {
    this.timeout(600_000);
    server = await startOpenSearch({ log: console.log });
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

  const run = (url = server.url): Promise<ScriptRun> =>
    runSetupScript({ url, steps, passwords: { elastic: "not asked for here" } });

  /** All that the steps can have changed. */
  const endState = async () => {
    const paths = ["/_index_template/bilten-*", "/_ingest/pipeline", "/_snapshot", "/_cluster/settings"];
    return Promise.all(paths.map(async (path) => (await call(`GET`, path)).body));
  };

  it("ends in the same state when it runs twice", async () => {
    const first = await run();
    assert.equal(first.code, 0, first.output);
    assert.match(first.output, /index template bilten-logs: ok \(200\)/);
    const state = await endState();
    assert.match(JSON.stringify(state), /"index_patterns":\["bilten-logs-\*"\]/);
    const second = await run();
    assert.equal(second.code, 0, second.output);
    assert.deepEqual(await endState(), state);
  });

  it("waits when the server is not up yet", async () => {
    const port = await freePort();
    const { hostname, port: real } = new URL(server.url);
    let door: Server | undefined;
    const opened = setTimeout(() => {
      door = createServer((client) => {
        const inside = connect(Number(real), hostname);
        for (const socket of [client, inside]) socket.on("error", () => undefined);
        client.pipe(inside).pipe(client);
      }).listen(port, "127.0.0.1");
    }, 1500);
    try {
      const { code, output } = await run(`http://127.0.0.1:${port}`);
      assert.equal(code, 0, output);
      assert.match(output, /Waiting for .*no answer/);
    } finally {
      clearTimeout(opened);
      door?.close();
    }
  });

  it("shows what the server says of a step that it refuses", async () => {
    const { code, output } = await runSetupScript({
      url: server.url,
      passwords: { elastic: "not asked for here" },
      steps: [
        {
          name: "a pipeline",
          method: "PUT",
          path: "/_ingest/pipeline/wrong",
          body: { processors: [{ nosuch: {} }] },
        },
      ],
    });
    assert.equal(code, 5, output);
    assert.match(output, /was refused: 400: .*No processor type exists with name \[nosuch\]/);
  });

  it("registers a folder for snapshots, and lets go of it", async () => {
    const settings = (location: string) => ({
      retention: "30d",
      nodes: 1,
      snapshots: { type: "fs", settings: { location } },
    });
    const apply = (wanted: Parameters<typeof elasticsearchSetupSteps>[0]) =>
      runSetupScript({
        url: server.url,
        steps: forOpenSearch(elasticsearchSetupSteps(wanted)),
        passwords: { elastic: "x" },
      });
    const refused = await apply(settings("/somewhere/else"));
    assert.equal(refused.code, 1, refused.output);
    assert.match(refused.output, /FAILED: .*snapshot repository bilten: .*500: .*path\.repo/);
    const made = await apply(settings("daily"));
    assert.equal(made.code, 0, made.output);
    const repository = await call<Record<string, { type: string }>>("GET", "/_snapshot/bilten");
    assert.equal(repository.body["bilten"]?.type, "fs");
    const gone = await apply({ retention: "30d", nodes: 1 });
    assert.equal(gone.code, 0, gone.output);
    assert.equal((await call("GET", "/_snapshot/bilten")).status, 404);
  });
});
