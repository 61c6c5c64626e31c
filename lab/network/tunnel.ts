/** TCP connections between the machine's network and a real node's, which share no network: through HTTP CONNECT on Unix sockets. */
import { request as httpRequest, createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";

/** Opens a connection to an address in some network. */
export type Dial = (host: string, port: number) => Promise<Socket>;

const dialSeconds = 10;

/** Connects in the network that this process is in. Fails when nobody answers within 10 s. */
export const dialHere: Dial = (host, port) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(dialSeconds * 1000, () =>
      socket.destroy(new Error(`No answer from ${host}:${port} within ${dialSeconds} s.`)),
    );
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("error", reject);
      resolve(socket);
    });
  });

/** Connects in the network of the process that serves the Unix socket with `serveConnect`. */
export function dialThrough(socketPath: string): Dial {
  return (host, port) =>
    new Promise((resolve, reject) => {
      const path = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      const asked = httpRequest({ socketPath, method: "CONNECT", path, timeout: (dialSeconds + 2) * 1000 });
      asked.once("timeout", () => asked.destroy(new Error(`${socketPath} does not answer.`)));
      asked.once("error", reject);
      asked.once("connect", (response, socket: Socket, head: Buffer) => {
        socket.setTimeout(0);
        if (response.statusCode === 200) {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        } else {
          socket.destroy();
          reject(new Error(response.statusMessage ?? `answer ${response.statusCode}`));
        }
      });
      asked.end();
    });
}

/** A server of HTTP CONNECT. A target that cannot be reached is answered with 502 and the reason. */
export function serveConnect(dial: Dial): Server {
  const server = createServer((_, response) => {
    response.writeHead(405).end();
  });
  server.on("connect", (asked, client: Socket, head: Buffer) => {
    client.on("error", () => client.destroy());
    const target = parseTarget(asked.url ?? "");
    if (!target) {
      client.end("HTTP/1.1 400 Expected host:port\r\n\r\n");
      return;
    }
    dial(target.host, target.port).then(
      (upstream) => {
        client.write("HTTP/1.1 200 Connected\r\n\r\n");
        if (head.length > 0) upstream.write(head);
        join(client, upstream);
      },
      (error: unknown) => {
        const reason = (error instanceof Error ? error.message : String(error)).replace(/[^\x20-\x7e]/g, " ");
        client.end(`HTTP/1.1 502 ${reason}\r\n\r\n`);
      },
    );
  });
  return server;
}

/** Passes everything on in both directions, also that one side says no more, until both are done. */
export function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.setNoDelay(true);
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}

/** `10.0.0.1:80` or `[::1]:80`. */
function parseTarget(text: string): { host: string; port: number } | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  return host && port > 0 && port < 65536 ? { host, port } : undefined;
}
