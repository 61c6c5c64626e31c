import { lastReady, statusOf, type PartStatus } from "../controlplane";
import { findStrays } from "../controlplane/lifecycle";
import { stateAt } from "../state";
import type { CommandOptions } from "./start";

/** Exit codes that init scripts use: 0 for running, 3 for not running. */
const stoppedCode = 3;

/** Prints how each part is. Returns 0 when all parts are healthy, else 3. */
export async function status({ stateDir, json }: CommandOptions & { json: boolean }): Promise<number> {
  const state = stateAt(stateDir);
  const parts = await statusOf(state);
  const strays = findStrays(state);
  const running = parts.length > 0 && parts.every((part) => part.state === "healthy");
  const ready = lastReady(state);
  if (json) {
    console.log(
      JSON.stringify({ running, stateDir, ready, parts, strays: strays.map(({ pid }) => pid) }, undefined, 2),
    );
    return running ? 0 : stoppedCode;
  }
  if (parts.length === 0) console.log("The lab is stopped. Start it with: npm start");
  for (const group of new Set(parts.map((part) => part.group))) {
    console.log(`${group}:`);
    for (const line of table(parts.filter((part) => part.group === group))) console.log(`  ${line}`);
  }
  if (parts.length > 0) {
    const total = parts.reduce((sum, part) => sum + (part.residentMemory ?? 0), 0);
    console.log(`memory in all: ${mebibytes(total)}`);
    console.log(`kubeconfig: ${state.kubeconfig}`);
    if (!parts.some((part) => part.group === "real nodes"))
      console.log("nodes: all simulated; no container really runs");
  }
  if (ready) console.log(`last start: control plane ready after ${ready.seconds.toFixed(1)} s (${ready.at})`);
  if (strays.length > 0) {
    console.log(
      `left by a crash: processes ${strays.map(({ pid }) => pid).join(", ")}; end them with: npm run lab -- stop`,
    );
  }
  return running ? 0 : stoppedCode;
}

function table(parts: PartStatus[]): string[] {
  const rows = [
    ["part", "state", "pid", "port", "memory", "log"],
    ...parts.map((part) => [
      part.name,
      part.state,
      part.state === "stopped" ? "-" : String(part.pid),
      String(part.port),
      part.residentMemory === undefined ? "-" : mebibytes(part.residentMemory),
      part.log,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
