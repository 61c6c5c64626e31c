import assert from "node:assert/strict";
import "reflect-metadata";
import type { KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { probeFiles, probeUser } from "../../components/elasticsearch/configuration";
import { certificateRequest, locallySigned, selfSigned } from "../../lab/providers/tls/certificates";
import { generateKey } from "../../lab/providers/tls/keys";
import { Folder, run } from "./elasticsearchScript";

/** A certificate for localhost with the uses of our components', and its authority's. */
async function certificate() {
  const [caKey, key] = [1, 2].map(() => generateKey({ algorithm: "ECDSA", ecdsaCurve: "P256" })) as [
    KeyObject,
    KeyObject,
  ];
  const ca = await selfSigned(
    caKey,
    { subject: { commonName: "authority" } },
    {
      validityPeriodHours: 1,
      allowedUses: ["cert_signing", "crl_signing"],
      isCaCertificate: true,
      maxPathLength: 0,
    },
  );
  const request = await certificateRequest(key, {
    subject: { commonName: "server" },
    dnsNames: ["localhost"],
  });
  const cert = await locallySigned(request, caKey, ca, {
    validityPeriodHours: 1,
    allowedUses: ["digital_signature", "server_auth"],
  });
  return { ca, cert, key };
}

// No image of Elasticsearch runs here: these run the script as the container does, with stand-ins for its programs.
describe("Elasticsearch's ready.sh, without Elasticsearch", () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  const password = 'pass"word\\1';
  let server: Server;
  let requests: { path: string; authorization?: string }[];
  let answer: (path: string) => { status: number; body: object };

  beforeEach(async () => {
    const { ca, cert, key } = await certificate();
    folder.write("ca.crt", ca);
    const pem = key.export({ type: "pkcs8", format: "pem" });
    folder.write("curlrc", probeFiles(password, "hash")["curlrc"]!);
    requests = [];
    server = createServer({ key: pem, cert }, (request, response) => {
      requests.push({ path: request.url ?? "", authorization: request.headers.authorization });
      const { status, body } = answer(request.url ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const health = (status: string, initializing = 0, delayed = 0) => ({
    status: 200,
    body: {
      cluster_name: "bilten-cluster",
      status,
      timed_out: false,
      initializing_shards: initializing,
      unassigned_shards: 7,
      delayed_unassigned_shards: delayed,
    },
  });

  function ready(environment: Record<string, string> = {}) {
    return run("ready.sh", {
      DATA: folder.file("data"),
      STATE: folder.file("state"),
      URL: `https://localhost:${(server.address() as AddressInfo).port}`,
      AUTHORITY: folder.file("ca.crt"),
      CREDENTIALS: folder.file("curlrc"),
      ...environment,
    });
  }

  const cases: [string, ReturnType<typeof health>, boolean][] = [
    ["green", health("green"), true],
    ["green while shards move", health("green", 1), true],
    ["yellow with nothing on its way, as with one node", health("yellow"), true],
    ["yellow while copies are built", health("yellow", 2), false],
    ["yellow while copies are waited for", health("yellow", 0, 2), false],
    ["red", health("red"), false],
    ["not to be understood", { status: 200, body: { hello: "world" } as never }, false],
  ];
  for (const [what, given, expected] of cases) {
    it(`is ${expected ? "" : "not "}ready when the cluster is ${what}`, async () => {
      answer = () => given;
      const { code, output } = await ready();
      assert.equal(code === 0, expected, output);
      assert.equal(existsSync(folder.file("state/ready")), expected);
    });
  }

  it("logs in with the password of the file, which stands nowhere else", async () => {
    answer = () => health("red");
    const { output } = await ready();
    const expected = Buffer.from(`${probeUser}:${password}`).toString("base64");
    assert.deepEqual(
      requests.map(({ authorization }) => authorization),
      [`Basic ${expected}`],
    );
    assert.equal(output.includes("word"), false);
  });

  it("writes down that the node is in a cluster, ready or not", async () => {
    answer = () => health("red");
    await ready();
    assert.ok(existsSync(folder.file("data/joined-cluster")));
  });

  it("does not write it down while there is no master", async () => {
    answer = () => ({ status: 503, body: { error: { type: "master_not_discovered_exception" } } });
    const { code, output } = await ready();
    assert.notEqual(code, 0);
    assert.match(output, /no cluster yet.*503.*master_not_discovered/s);
    assert.equal(existsSync(folder.file("data/joined-cluster")), false);
  });

  it("needs the server's certificate to be of the authority", async () => {
    answer = () => health("green");
    folder.write("ca.crt", (await certificate()).ca);
    const { code, output } = await ready();
    assert.notEqual(code, 0);
    assert.match(output, /certificate/);
    assert.deepEqual(requests, []);
  });

  it("does not wait for a red cluster for ever", async () => {
    answer = () => health("red");
    folder.write("state/started", String(Math.floor(Date.now() / 1000) - 100));
    assert.notEqual((await ready({ READY_WAIT_SECONDS: "200" })).code, 0);
    const { code, output } = await ready({ READY_WAIT_SECONDS: "90" });
    assert.equal(code, 0, output);
    assert.match(output, /still red after 1\d\d s/);
  });

  it("asks for no more than an answer once it has been ready", async () => {
    folder.write("state/ready", "");
    answer = (path) => (path === "/" ? { status: 200, body: {} } : health("red"));
    assert.equal((await ready()).code, 0);
    assert.deepEqual(
      requests.map(({ path }) => path),
      ["/"],
    );
    answer = () => ({ status: 401, body: { error: "who are you" } });
    const { code, output } = await ready();
    assert.notEqual(code, 0);
    assert.match(output, /401.*who are you/s);
  });

  it("is not ready when nothing answers", async () => {
    const { code, output } = await ready({ URL: "https://localhost:1" });
    assert.notEqual(code, 0);
    assert.match(output, /connect/);
  });
});
