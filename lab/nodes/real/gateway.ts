/**
 * The process between a real node's network and the machine's: it passes connections on into either, keeps the
 * addresses on loopback under which parts of the stack can be reached, and looks after the node's volumes.
 *
 *   gateway.ts <state folder>
 */
import { rmSync, watchFile } from "node:fs";
import { createServer, type Server } from "node:net";
import { Pki } from "../../controlplane/certificates";
import { ApiClient } from "../../controlplane/client";
import { apiServerUrl } from "../../controlplane/parts";
import { readPorts } from "../../parts/ports";
import { readForwards, forwardsFile, type Forward } from "../../network/forwards";
import { dialHere, dialThrough, join, serveConnect, type Dial } from "../../network/tunnel";
import { stateAt } from "../../state";
import { runProvisioner } from "../../volumes";
import { pathsOfNode } from "./paths";

const state = stateAt(process.argv[2] ?? "");
const paths = pathsOfNode(state);
const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);
const dialNode = dialThrough(paths.dialerSocket);

/** Of this machine only what belongs to the lab: its API server, and kwok, which answers for simulated nodes. */
const dial: Dial = (host, port) => {
  if (host !== "127.0.0.1") return dialNode(host, port);
  const ports = readPorts(state);
  if (port === ports["kube-apiserver"] || port === ports.kwok) return dialHere(host, port);
  return Promise.reject(new Error(`127.0.0.1:${port} is no part of this lab.`));
};

rmSync(paths.gatewaySocket, { force: true });
serveConnect(dial).listen(paths.gatewaySocket);

const listening = new Map<string, Server>();

/** Listens for what the file says, and no longer for what it does not. */
function listen(): void {
  const wanted = new Map(readForwards(state).map((forward) => [JSON.stringify(forward), forward]));
  for (const [key, server] of listening) {
    if (wanted.has(key)) continue;
    server.close();
    listening.delete(key);
  }
  for (const [key, forward] of wanted) if (!listening.has(key)) listening.set(key, serve(forward));
}

function serve({ name, port, host, targetPort }: Forward): Server {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on("error", () => client.destroy());
    dialNode(host, targetPort).then(
      (upstream) => join(client, upstream),
      (error: Error) => {
        log(`${name}: ${error.message}`);
        client.destroy();
      },
    );
  });
  server.on("error", (error) => log(`${name} on port ${port}: ${error.message}`));
  return server.listen(port, "127.0.0.1");
}

listen();
watchFile(forwardsFile(state), { interval: 300 }, listen);

const end = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
const client = new ApiClient(apiServerUrl(readPorts(state)), new Pki(state.pki).credentials("admin"));
void runProvisioner({ client, directory: paths.volumes, signal: end.signal, log });
