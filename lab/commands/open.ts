import { forwardLines, forwardUrl } from "../network/forwards";
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
  if (json) console.log(JSON.stringify(forwards.map((each) => ({ name: each.name, url: forwardUrl(each) }))));
  else for (const line of forwardLines(forwards)) console.log(line);
  return 0;
}
