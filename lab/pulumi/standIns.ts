/** Turns the stand-ins into programs that the engine can start like any plugin. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundle, bundleKey } from "../bundle";
import type { Log } from "../state";

const sources = join(dirname(__dirname), "providers");

/** A command line, without the arguments that the engine adds. */
export type Command = [program: string, ...args: string[]];

/**
 * The command that runs a stand-in: a bundle of its sources and packages, made anew when any of them has changed.
 * Loading one file takes a fraction of the time of transpiling and resolving hundreds, and the engine starts the plugins
 * in every run. Without a working bundler, the sources are run as they are.
 * @param name of the plugin it stands in for
 * @param directory where the bundle is kept
 */
export async function standInCommand(name: string, directory: string, log: Log): Promise<Command> {
  const entry = join(sources, name, "main.ts");
  try {
    const target = join(directory, `${name}-${bundleKey(sources)}.cjs`);
    if (!existsSync(target)) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const temporary = `${target}.${process.pid}.tmp`;
      writeFileSync(temporary, await bundle(entry));
      renameSync(temporary, target);
      for (const file of readdirSync(directory)) {
        const path = join(directory, file);
        if (file.startsWith(`${name}-`) && path !== target) rmSync(path, { force: true });
      }
    }
    return [process.execPath, target];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log(`The stand-in for ${name} could not be bundled and starts slower: ${reason}`);
    return [process.execPath, "--import", createRequire(__filename).resolve("tsx"), entry];
  }
}

/** The second line of every launcher, by which it is told from a plugin that was installed. */
const marker = "# Launcher of the lab";

/** Makes the plugin's program in its folder: a shell script, because the engine passes it only its own arguments. */
export function writeLauncher(path: string, command: Command): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const words = command.map(quote).join(" ");
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `#!/bin/sh\n${marker}\nexec ${words} "$@"\n`, { mode: 0o700 });
  renameSync(temporary, path);
}

/** Whether this program is one of ours. */
export function isLauncher(path: string): boolean {
  const start = readFileSync(path).subarray(0, 100).toString();
  return start.startsWith("#!/bin/sh") && start.includes(marker);
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
