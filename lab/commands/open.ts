import { openAddresses } from "../network/open";
import { LabError } from "../state";
import { runningLab } from "./connection";
import type { CommandOptions } from "./start";

/** Prints an address on this machine for each Service whose pods really run. */
export async function open({ stateDir, json }: CommandOptions & { json: boolean }): Promise<number> {
  const lab = await runningLab(stateDir);
  if (!lab.healthy.has("gateway"))
    throw new LabError("All nodes are simulated: nothing runs that could answer. Why: npm run lab -- status");
  const forwards = await openAddresses(lab);
  if (json) console.log(JSON.stringify(forwards.map(({ name, port }) => ({ name, url: url(port) }))));
  else for (const { name, port } of forwards) console.log(`${name.padEnd(20)} ${url(port)}`);
  return 0;
}

function url(port: number): string {
  return `http://127.0.0.1:${port}`;
}
