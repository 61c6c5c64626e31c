/** The language host that the lab can build is older than the engine, which no longer tells it options in its way. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeLauncher } from "./standIns";

/** `runtime` of a Pulumi.yaml. */
export type Runtime = string | { name: string; options?: { typescript?: boolean; nodeargs?: string } };

/**
 * Puts a program of the host's name into the folder, for the front of PATH. It starts the host with the options of
 * Pulumi.yaml as flags, as engines of its age did; without them it would compile the program with ts-node, types and all.
 * @returns the folder with that program
 */
export function languageHostLauncher(folder: string, host: string, runtime: Runtime): string {
  const { typescript, nodeargs } = (typeof runtime === "object" && runtime.options) || {};
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true, mode: 0o700 });
  writeLauncher(join(bin, "pulumi-language-nodejs"), [
    host,
    ...(typescript === undefined ? [] : [`-typescript=${typescript}`]),
    ...(nodeargs === undefined ? [] : [`-nodeargs=${nodeargs}`]),
  ]);
  return bin;
}
