/**
 * Which plugin the engine runs for each package: the official one wherever it can be had, else one that was built, else
 * the lab's stand-in.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { readJson, writePrivate, type Log } from "../state";
import { run } from "./process";
import { isLauncher, standInCommand, writeLauncher, type Command } from "./standIns";

export interface Plugin {
  name: string;
  /** Of the package in node_modules, which demands the plugin of the same version. */
  version: string;
  /** A built one is official, too, but of another version. */
  kind: "official" | "built" | "stand-in";
  /** Where it was found, or why there is none of that version. */
  why: string;
  /** Its own, where it was built. */
  builtVersion?: string;
}

/** An official plugin that was built from its module, of whatever version can be had. */
export interface BuiltPlugin {
  name: string;
  version: string;
  program: string;
}

export interface SelectOptions {
  /** Path of the CLI. */
  pulumi: string;
  /** PULUMI_HOME of the lab: the engine looks for plugins in its folder `plugins`. */
  home: string;
  /** Folder of what is built. */
  directory: string;
  /** File that remembers failed installations, for all labs of a machine. */
  memory: string;
  /** The user's environment: PATH and PULUMI_HOME tell where plugins may be. */
  env: NodeJS.ProcessEnv;
  log: Log;
  signal?: AbortSignal;
  /** Folder with node_modules. @default the checkout */
  checkout?: string;
  /** They are run rather than stand-ins. @default none */
  built?: BuiltPlugin[];
  /** For all attempts to install together. @default 10 */
  installSeconds?: number;
  /** The command of a stand-in. @default its bundle */
  standIn?: (name: string) => Promise<Command>;
}

const pluginNames = ["kubernetes", "random", "tls"];

/** How long a failed installation is not tried again, as with images. */
const rememberHours = 1;

/** Places a plugin for every package into the lab's PULUMI_HOME. */
export async function selectPlugins(options: SelectOptions): Promise<Plugin[]> {
  const checkout = options.checkout ?? dirname(dirname(__dirname));
  const wanted = pluginNames.map((name) => ({ name, version: versionOf(checkout, name) }));
  const found = new Map(wanted.map((plugin) => [plugin.name, findOfficial(plugin, options)]));
  const missing = wanted.filter(({ name }) => found.get(name) === undefined);
  const standIn =
    options.standIn ?? ((name) => standInCommand(name, join(options.directory, "stand-ins"), options.log));
  const failures = await install(missing, options);
  return Promise.all(
    wanted.map(async (plugin): Promise<Plugin> => {
      const failure = failures.get(plugin.name);
      if (failure === undefined) {
        return { ...plugin, kind: "official", why: found.get(plugin.name) ?? "installed from the network" };
      }
      const launcher = programPath(options.home, plugin);
      const built = options.built?.find(({ name }) => name === plugin.name);
      if (built) {
        // Not a copy or a link: the next start, which may want the stand-in, would take it for an installed one.
        writeLauncher(launcher, [built.program]);
        return { ...plugin, kind: "built", why: failure, builtVersion: built.version };
      }
      writeLauncher(launcher, [...(await standIn(plugin.name)), plugin.version]);
      return { ...plugin, kind: "stand-in", why: failure };
    }),
  );
}

interface Wanted {
  name: string;
  version: string;
}

function versionOf(checkout: string, name: string): string {
  const file = join(checkout, "node_modules", "@pulumi", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function folderName({ name, version }: Wanted): string {
  return `resource-${name}-v${version}`;
}

function programPath(home: string, plugin: Wanted): string {
  return join(home, "plugins", folderName(plugin), `pulumi-resource-${plugin.name}`);
}

/** Where an official plugin was found that the engine will run, or undefined. */
function findOfficial(plugin: Wanted, { home, env }: SelectOptions): string | undefined {
  const program = `pulumi-resource-${plugin.name}`;
  const onPath = (env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .find((folder) => isExecutable(join(folder, program)));
  // The engine prefers it to all others, whatever its version.
  if (onPath) return `on PATH, in ${onPath}`;
  const own = programPath(home, plugin);
  if (existsSync(own) && !isLauncher(own)) return "found for the lab by an earlier start";
  const users = env["PULUMI_HOME"] ?? join(homedir(), ".pulumi");
  const cached = programPath(users, plugin);
  if (resolve(users) === resolve(home) || !isExecutable(cached) || isPartial(users, plugin)) return undefined;
  rmSync(dirname(own), { recursive: true, force: true });
  mkdirSync(dirname(own), { recursive: true, mode: 0o700 });
  // Every file, because a plugin may need those beside it. Not the folder: the engine takes no link for a folder.
  for (const name of readdirSync(dirname(cached))) {
    symlinkSync(join(dirname(cached), name), join(dirname(own), name));
  }
  return `in the plugin cache ${join(users, "plugins")}`;
}

/** The engine marks a plugin whose download was broken off. */
function isPartial(home: string, plugin: Wanted): boolean {
  return existsSync(join(home, "plugins", `${folderName(plugin)}.partial`));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Failure {
  at: string;
  why: string;
}

/** Tries to install the plugins, all at the same time. Returns why it failed, by name. */
async function install(plugins: Wanted[], options: SelectOptions): Promise<Map<string, string>> {
  const { memory } = options;
  const remembered = readJson<Record<string, Failure>>(memory) ?? {};
  const seconds = options.installSeconds ?? 10;
  const failures = new Map<string, string>();
  const toTry: Wanted[] = [];
  for (const plugin of plugins) {
    const earlier = remembered[folderName(plugin)];
    const hours = earlier ? (Date.now() - Date.parse(earlier.at)) / 3_600_000 : Infinity;
    if (earlier && hours >= 0 && hours < rememberHours) failures.set(plugin.name, earlier.why);
    else toTry.push(plugin);
  }
  if (toTry.length === 0) return failures;
  const names = toTry.map(({ name, version }) => `${name} ${version}`).join(", ");
  options.log(`Trying to install Pulumi's plugins ${names} (at most ${seconds} s) ...`);
  await Promise.all(
    toTry.map(async (plugin) => {
      const why = await installOne(plugin, seconds, options);
      delete remembered[folderName(plugin)];
      if (why === undefined) return;
      remembered[folderName(plugin)] = { at: new Date().toISOString(), why };
      failures.set(plugin.name, why);
    }),
  );
  writePrivate(memory, JSON.stringify(remembered, null, 2));
  return failures;
}

/** Returns why it failed, or undefined. */
async function installOne(
  plugin: Wanted,
  seconds: number,
  options: SelectOptions,
): Promise<string | undefined> {
  const folder = join(options.home, "plugins", folderName(plugin));
  const clear = () => {
    for (const suffix of ["", ".partial", ".lock"]) rmSync(folder + suffix, { recursive: true, force: true });
  };
  // A stand-in of an earlier start would count as installed.
  clear();
  const args = ["plugin", "install", "resource", plugin.name, `v${plugin.version}`];
  const env = { ...options.env, PULUMI_HOME: options.home, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { code, stderr } = await run(options.pulumi, [...args, "--non-interactive", "--color", "never"], {
    cwd: options.directory,
    env,
    seconds,
    signal: options.signal,
  });
  if (code === 0 && isExecutable(programPath(options.home, plugin))) return undefined;
  clear();
  options.signal?.throwIfAborted();
  if (code === undefined) return `could not be installed within ${seconds} s`;
  const last = stderr
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^error: /, "");
  return `could not be installed: ${last?.slice(0, 150) || `exit code ${code}`}`;
}
