/** Turns the stand-ins into programs that the engine can start like any plugin. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Log } from "../state";

const sources = join(dirname(__dirname), "providers");
const checkout = dirname(dirname(__dirname));

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
    const target = join(directory, `${name}-${contentKey()}.cjs`);
    if (!existsSync(target)) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      await bundle(entry, target);
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

/** The second line of every launcher, by which it is told from an official plugin. */
const marker = "# Stand-in of the lab";

/** Makes the plugin's program in its folder: a shell script, because the engine passes it only its own arguments. */
export function writeLauncher(path: string, command: Command, version: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const words = [...command, version].map(quote).join(" ");
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

/** Of the sources and of the versions of all packages. */
function contentKey(): string {
  const hash = createHash("sha256");
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => join(sources, name));
  for (const file of [...files, join(checkout, "package-lock.json"), __filename]) {
    hash.update(file).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}

/** esbuild comes with tsx; of its types only this one call is needed. */
interface Bundler {
  build(options: Record<string, unknown>): Promise<unknown>;
}

async function bundle(entry: string, target: string): Promise<void> {
  const fromTsx = createRequire(createRequire(__filename).resolve("tsx/package.json"));
  const { build } = fromTsx("esbuild") as Bundler;
  const temporary = `${target}.${process.pid}.tmp`;
  await build({
    entryPoints: [entry],
    outfile: temporary,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    minifyWhitespace: true,
    // Some libraries look at the names of classes.
    keepNames: true,
    logLevel: "silent",
  });
  renameSync(temporary, target);
}
