/**
 * The process that keeps a real node's namespaces, and connects the node's network with the machine's: it takes
 * connections on a Unix socket and opens them in the node's network, and what the node sends to the API server's port
 * it hands to the gateway.
 *
 *   dialer.ts <socket to listen on> <address>:<port of the API server> <the gateway's socket>
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { dialHere, dialThrough, join, serveConnect } from "../../network/tunnel";

const [socket = "", apiServer = "", gateway = ""] = process.argv.slice(2);
const [address = "", port = ""] = apiServer.split(":");

const toMachine = dialThrough(gateway);
createServer({ allowHalfOpen: true }, (client) => {
  client.on("error", () => client.destroy());
  toMachine("127.0.0.1", Number(port)).then(
    (upstream) => join(client, upstream),
    () => client.destroy(),
  );
}).listen(Number(port), address);

rmSync(socket, { force: true });
serveConnect(dialHere).listen(socket);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
