import { existsSync } from "node:fs";
import { resetLab } from "../controlplane";
import type { CommandOptions } from "./start";
import { stop } from "./stop";

/** Ends all processes of the lab and removes all that it kept. */
export async function reset({ stateDir }: CommandOptions): Promise<number> {
  if (!existsSync(stateDir)) {
    await stop({ stateDir });
    console.log(`There is nothing to remove: ${stateDir} does not exist.`);
    return 0;
  }
  await resetLab(stateDir, { log: (line) => console.log(line) });
  console.log("The lab is gone. The built tools stay in the cache, so the next start is quick.");
  return 0;
}
