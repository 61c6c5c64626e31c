import { stopLab } from "../controlplane";
import { stateAt } from "../state";
import type { CommandOptions } from "./start";

/** Ends all processes of the lab, also those whose records or folder are gone. Data stays. */
export async function stop({ stateDir }: CommandOptions): Promise<number> {
  const log = (line: string) => console.log(line);
  const stopped = await stopLab(stateAt(stateDir), { log });
  log(stopped.length > 0 ? `Stopped: ${stopped.join(", ")}.` : "The lab is stopped.");
  return 0;
}
