/** Addresses on loopback that lead into a real node's network. The gateway listens on what the file says. */
import { join } from "node:path";
import { readJson, writePrivate, type LabState } from "../state";

export interface Forward {
  /** For people: the Service's name. */
  name: string;
  /** What is spoken there. */
  scheme: "http" | "https";
  /** On 127.0.0.1. */
  port: number;
  /** An address in the node's network, and the port there. */
  host: string;
  targetPort: number;
}

export function forwardsFile(state: LabState): string {
  return join(state.directory, "forwards.json");
}

export function readForwards(state: LabState): Forward[] {
  return readJson<Forward[]>(forwardsFile(state)) ?? [];
}

/** The gateway follows within half a second. */
export function writeForwards(state: LabState, forwards: Forward[]): void {
  writePrivate(forwardsFile(state), `${JSON.stringify(forwards, undefined, 2)}\n`);
}

/** The address on this machine. */
export function forwardUrl({ scheme, port }: Pick<Forward, "scheme" | "port">): string {
  return `${scheme}://127.0.0.1:${port}`;
}

/** A line for each address, for people. */
export function forwardLines(forwards: Pick<Forward, "name" | "scheme" | "port">[]): string[] {
  const width = Math.max(...forwards.map(({ name }) => name.length));
  return forwards.map((forward) => `${forward.name.padEnd(width)}  ${forwardUrl(forward)}`);
}
