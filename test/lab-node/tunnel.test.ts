/** Connections between networks, with real sockets. Needs no cluster. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { dialHere, dialThrough, serveConnect, type Dial } from "../../lab/network/tunnel";
import { isHealthy } from "../../lab/parts/health";

let folder: string;
let socket: string;
const closers: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bilten-tunnel-"));
  socket = join(folder, "proxy.sock");
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
  rmSync(folder, { recursive: true, force: true });
});

async function listening(server: Server, on: string | number): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  if (typeof on === "string") server.listen(on);
  else server.listen(on, "127.0.0.1");
  await once(server, "listening");
  return typeof on === "string" ? 0 : (server.address() as AddressInfo).port;
}

const proxy = (dial: Dial = dialHere) => listening(serveConnect(dial), socket);

/** Says what it has heard when the other side says no more. */
const echo = () =>
  listening(
    createServer({ allowHalfOpen: true }, (client) => {
      const heard: Buffer[] = [];
      client.on("data", (data) => heard.push(data));
      client.on("end", () => client.end(Buffer.concat(heard)));
    }),
    0,
  );

/** What the proxy answers to a request for a connection, as raw text. */
async function asked(line: string): Promise<string> {
  const client = connect(socket);
  closers.push(() => client.destroy());
  client.write(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return text(client);
}

describe("a tunnel", () => {
  it("passes on that one side says no more, and then the answer", async () => {
    await proxy();
    const connection = await dialThrough(socket)("127.0.0.1", await echo());
    connection.end("ping");
    assert.equal(await text(connection), "ping");
  });

  it("passes megabytes on unchanged, on many connections at once", async () => {
    await proxy();
    const port = await echo();
    const sent = Array.from({ length: 40 }, (_, index) => Buffer.alloc(200_000, index + 1));
    const received = await Promise.all(
      sent.map(async (data) => {
        const connection = await dialThrough(socket)("127.0.0.1", port);
        connection.end(data);
        return buffer(connection);
      }),
    );
    assert.ok(received.every((data, index) => data.equals(sent[index]!)));
  });

  it("passes on what a server says first", async () => {
    await proxy();
    const port = await listening(
      createServer((client) => client.end("welcome")),
      0,
    );
    assert.equal(await text(await dialThrough(socket)("127.0.0.1", port)), "welcome");
  });

  it("passes on what a client sends together with its request", async () => {
    await proxy();
    const client = connect(socket);
    client.end(`CONNECT 127.0.0.1:${await echo()} HTTP/1.1\r\nHost: x\r\n\r\nearly`);
    assert.match(await text(client), /^HTTP\/1\.1 200 .*\r\n\r\nearly$/s);
  });

  it("says why there is no connection, with status 502", async () => {
    await proxy();
    const port = await listening(createServer(), 0);
    closers.pop()!();
    assert.match(await asked(`CONNECT 127.0.0.1:${port} HTTP/1.1`), /^HTTP\/1\.1 502 .*ECONNREFUSED/);
    await assert.rejects(dialThrough(socket)("127.0.0.1", port), /ECONNREFUSED/);
  });

  it("lets no reason end the line of its answer", async () => {
    await proxy(() => Promise.reject(new Error("first\r\nsecond: ü")));
    assert.match(await asked("CONNECT a:1 HTTP/1.1"), /^HTTP\/1\.1 502 first {2}second:  \r\n\r\n$/);
  });

  for (const target of ["nowhere", "127.0.0.1:0", "127.0.0.1:65536", "[::1]:", "a:b"]) {
    it(`refuses ${target}, which is no address, with status 400`, async () => {
      await proxy(() => assert.fail("dialled"));
      assert.match(await asked(`CONNECT ${target} HTTP/1.1`), /^HTTP\/1\.1 400 /);
    });
  }

  it("understands IPv6 addresses", async () => {
    const dialled: unknown[] = [];
    await proxy((...args) => {
      dialled.push(args);
      return Promise.reject(new Error("enough"));
    });
    await assert.rejects(dialThrough(socket)("::1", 80), /enough/);
    assert.deepEqual(dialled, [["::1", 80]]);
  });

  for (const method of ["GET", "POST"]) {
    it(`answers ${method} with status 405`, async () => {
      await proxy();
      assert.match(await asked(`${method} /other HTTP/1.1`), /^HTTP\/1\.1 405 /);
    });
  }

  it("fails at once when nobody serves its socket", async () => {
    await assert.rejects(dialThrough(socket)("127.0.0.1", 1), /ENOENT/);
  });

  it("ends the connection behind it when a client breaks off, also when the server goes on", async () => {
    await proxy();
    let broken = () => undefined as void;
    const ended = new Promise<void>((resolve) => (broken = resolve));
    const server = createServer({ allowHalfOpen: true }, (upstream) => {
      const goingOn = setInterval(() => upstream.write("more"), 5);
      upstream.resume().on("error", () => {
        clearInterval(goingOn);
        broken();
      });
    });
    const client = await dialThrough(socket)("127.0.0.1", await listening(server, 0));
    client.destroy();
    await ended;
  });
});

describe("the health of a part", () => {
  const answering = (status: number) =>
    listening(
      createHttpServer((_, answer) => answer.writeHead(status).end()),
      0,
    );

  it("is that of what answers 200, and of nothing else", async () => {
    assert.ok(await isHealthy({ url: `http://127.0.0.1:${await answering(200)}/healthz` }));
    assert.ok(!(await isHealthy({ url: `http://127.0.0.1:${await answering(500)}/healthz` })));
    assert.ok(!(await isHealthy({ url: `http://127.0.0.1:${await answering(401)}/healthz` })));
  });

  it("is asked in another network through its proxy", async () => {
    const dialled: string[] = [];
    await proxy((host, port) => {
      dialled.push(`${host}:${port}`);
      return dialHere(host, port);
    });
    const port = await answering(200);
    assert.ok(await isHealthy({ url: `http://127.0.0.1:${port}/healthz`, via: socket }));
    assert.deepEqual(dialled, [`127.0.0.1:${port}`]);
  });

  it("is bad when the proxy is gone, or nobody answers behind it", async () => {
    assert.ok(!(await isHealthy({ url: "http://127.0.0.1:1/", via: socket })));
    await proxy();
    assert.ok(!(await isHealthy({ url: "http://127.0.0.1:1/", via: socket })));
  });

  it("is that of a Unix socket that takes connections, not of its file", async () => {
    assert.ok(!(await isHealthy({ socket })));
    const server = createServer((client) => client.end());
    await listening(server, socket);
    assert.ok(await isHealthy({ socket }));
    server.close();
    await once(server, "close");
    assert.ok(!(await isHealthy({ socket })));
  });
});
