/** Loopback ports: chosen once, remembered, chosen anew when somebody else has taken them. */
import { createServer } from "node:net";
import { readJson, writePrivate, type LabState } from "../state";

/**
 * Below the range from which systems take ports for outgoing connections (32768 on Linux, 49152 elsewhere), so that
 * a remembered port is seldom taken by one of those.
 */
const range = { from: 20_000, below: 32_000 };

/** Ports by name, such as `kube-apiserver` or `etcd-peer`. */
export type Ports = Record<string, number>;

/** The ports that the lab has chosen so far. */
export function readPorts(state: LabState): Ports {
  return readJson<Ports>(state.ports) ?? {};
}

/** Gives each name a port that is free now: the remembered one if possible. */
export async function choosePorts(state: LabState, names: string[]): Promise<Ports> {
  const ports = readPorts(state);
  for (const name of names) {
    const remembered = ports[name];
    if (remembered !== undefined && (await isFree(remembered))) continue;
    ports[name] = await freePort(Object.values(ports));
  }
  writePrivate(state.ports, `${JSON.stringify(ports, undefined, 2)}\n`);
  return ports;
}

/** Forgets ports that turned out to be taken. */
export function forgetPorts(state: LabState, names: string[]): void {
  const kept = Object.entries(readPorts(state)).filter(([name]) => !names.includes(name));
  writePrivate(state.ports, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`);
}

/** A port on 127.0.0.1 on which nobody listens, and none of the given. */
export async function freePort(except: number[] = []): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = range.from + Math.floor(Math.random() * (range.below - range.from));
    if (!except.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`No free port on 127.0.0.1 between ${range.from} and ${range.below}.`);
}

/** Whether one can listen on a port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
