import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePki, type Pki } from "../../lab/controlplane/certificates";
import { ApiClient } from "../../lab/controlplane/client";

/** What the server does with a request; undefined is to leave it without an answer. */
type Behaviour = { status: number; body?: object } | undefined;

const manifest = {
  collection: "/api/v1/nodes",
  object: { apiVersion: "v1", kind: "Node", metadata: { name: "a" } },
};

describe("the lab's connection to an API server", () => {
  let folder: string;
  let pki: Pki;
  let server: Server;
  let client: ApiClient;
  /** For one request after the other. */
  let behaviours: Behaviour[];
  let asked: string[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "bilten-client-"));
    ({ pki } = await ensurePki(folder));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    asked = [];
    const { certFile, keyFile } = pki.credentials("kube-apiserver");
    server = createServer(
      { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      (request, response) => {
        asked.push(`${request.method} ${request.url?.split("?")[0]}`);
        answer(response, behaviours.shift());
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    client = new ApiClient(`https://127.0.0.1:${port}`, pki.credentials("admin"), 0.3);
  });
  afterEach(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });

  function answer(response: ServerResponse, behaviour: Behaviour): void {
    if (!behaviour) return;
    response.writeHead(behaviour.status).end(JSON.stringify(behaviour.body ?? {}));
  }

  it("asks again what was not answered in time, and what could not be served", async () => {
    behaviours = [undefined, { status: 500 }, { status: 200, body: { kind: "Node" } }];
    assert.deepEqual(await client.get("/api/v1/nodes/a"), { kind: "Node" });
    assert.equal(asked.length, 3);
    behaviours = [{ status: 429 }, undefined, { status: 200 }];
    await client.apply(manifest);
    behaviours = [undefined, { status: 404 }];
    await client.delete("/api/v1/nodes/a");
    assert.deepEqual(asked.slice(3), [
      ...Array<string>(3).fill("PATCH /api/v1/nodes/a"),
      ...Array<string>(2).fill("DELETE /api/v1/nodes/a"),
    ]);
  });

  it("gives up after the sixth time, with what happened at last", async () => {
    behaviours = [...Array<Behaviour>(6).fill(undefined), { status: 200 }];
    await assert.rejects(client.get("/api/v1/nodes/a"), /^NoAnswerError: No answer from .* within 0\.3 s/);
    behaviours = [undefined, ...Array<Behaviour>(4).fill({ status: 503 }), { status: 500 }];
    await assert.rejects(client.get("/api/v1/nodes/a"), { name: "ApiError", status: 500 });
    assert.equal(asked.length, 12);
  });

  it("asks once for what may have been made, and for what is refused", async () => {
    behaviours = [undefined, { status: 201 }];
    await assert.rejects(client.create(manifest), { name: "NoAnswerError" });
    for (const status of [403, 409, 422]) {
      behaviours = [{ status }, { status: 200 }];
      await assert.rejects(client.apply(manifest), { status });
    }
    assert.equal(asked.length, 4);
  });

  it("fails at once when nobody listens", async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(client.get("/api/v1/nodes/a"), { code: "ECONNREFUSED" });
  });
});
