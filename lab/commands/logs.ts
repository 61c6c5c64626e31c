import { existsSync, readdirSync, readFileSync, statSync, createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { findState, LabError } from "../state";
import { findPod } from "./exec";
import { kubectl } from "./kubectl";
import type { CommandOptions } from "./start";

export interface LogsOptions extends CommandOptions {
  part: string;
  lines: number;
  follow: boolean;
}

/** Prints the end of the log of a part or, when no part has that name, of a pod. */
export async function logs({ stateDir, part, lines, follow }: LogsOptions): Promise<number> {
  const state = findState(stateDir);
  const parts =
    state && existsSync(state.logs) ? readdirSync(state.logs).filter((file) => file.endsWith(".log")) : [];
  if (!state || parts.length === 0)
    throw new LabError("There are no logs: the lab has never been started here.");
  if (!parts.includes(`${part}.log`)) return podLogs({ stateDir, part, lines, follow }, parts);
  const file = join(state.logs, `${part}.log`);
  const content = readFileSync(file);
  process.stdout.write(`${content.toString().trimEnd().split("\n").slice(-lines).join("\n")}\n`);
  let position = content.length;
  while (follow) {
    const size = statSync(file).size;
    // A new log has taken its place.
    if (size < position) position = 0;
    if (size > position)
      await pipeline(createReadStream(file, { start: position, end: size - 1 }), process.stdout, {
        end: false,
      });
    position = size;
    await sleep(500);
  }
  return 0;
}

async function podLogs({ stateDir, part, lines, follow }: LogsOptions, logFiles: string[]): Promise<number> {
  const parts = logFiles.map((file) => file.slice(0, -".log".length)).join(", ");
  const pod = await findPod(stateDir, part).catch((error: unknown) => {
    if (!(error instanceof LabError)) throw error;
    throw new LabError(`There is no part "${part}" (there are ${parts}).\n${error.message}`);
  });
  const { namespace, name } = pod.metadata;
  const args = ["logs", "--namespace", namespace, name, "--all-containers", `--tail=${lines}`];
  return kubectl({ stateDir, args: follow ? [...args, "--follow"] : args });
}
