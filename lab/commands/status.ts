import { lastReady, statusOf, type PartStatus } from "../controlplane";
import { findStrays } from "../parts/lifecycle";
import { stateAt } from "../state";
import { lastChoice } from "../nodes/choose";
import type { CommandOptions } from "./start";
import { lastPlugins } from "../pulumi";
import { whatIsSimulated, whichPlugins } from "./summary";
import { mebibytes, table } from "./table";

/** Exit codes that init scripts use: 0 for running, 3 for not running. */
const stoppedCode = 3;

/** Prints how each part is. Returns 0 when all parts are healthy, else 3. */
export async function status({ stateDir, json }: CommandOptions & { json: boolean }): Promise<number> {
  const state = stateAt(stateDir);
  const parts = await statusOf(state);
  const strays = findStrays(state);
  const running = parts.length > 0 && parts.every((part) => part.state === "healthy");
  const ready = lastReady(state);
  const plugins = lastPlugins(state) ?? [];
  if (json) {
    const found = { running, stateDir, ready, parts, plugins, strays: strays.map(({ pid }) => pid) };
    console.log(JSON.stringify(found, undefined, 2));
    return running ? 0 : stoppedCode;
  }
  if (parts.length === 0) console.log("The lab is stopped. Start it with: npm start");
  for (const group of new Set(parts.map((part) => part.group))) {
    console.log(`${group}:`);
    for (const line of table(rows(parts.filter((part) => part.group === group)))) console.log(`  ${line}`);
  }
  if (parts.length > 0) {
    const total = parts.reduce((sum, part) => sum + (part.residentMemory ?? 0), 0);
    console.log(`memory in all: ${mebibytes(total)}`);
    console.log(`kubeconfig: ${state.kubeconfig}`);
    const choice = lastChoice(state);
    if (choice) for (const line of whatIsSimulated(choice)) console.log(line);
    for (const line of whichPlugins(plugins)) console.log(line);
  }
  if (ready) console.log(`last start: control plane ready after ${ready.seconds.toFixed(1)} s (${ready.at})`);
  if (strays.length > 0) {
    console.log(
      `left by a crash: processes ${strays.map(({ pid }) => pid).join(", ")}; end them with: npm run lab -- stop`,
    );
  }
  return running ? 0 : stoppedCode;
}

function rows(parts: PartStatus[]): string[][] {
  return [
    ["part", "state", "pid", "port", "memory", "log"],
    ...parts.map((part) => [
      part.name,
      part.state,
      part.state === "stopped" ? "-" : String(part.pid),
      String(part.port ?? "-"),
      part.residentMemory === undefined ? "-" : mebibytes(part.residentMemory),
      part.log,
    ]),
  ];
}
