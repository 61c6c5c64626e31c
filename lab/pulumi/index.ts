/** Runs the real Pulumi engine with a state, plugins and a passphrase that belong to the lab. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { stateVariable } from "../parts/process";
import { LabError, openState, readJson, writePrivate, type LabState, type Log } from "../state";
import { kubernetesProviderVersion } from "../tools/catalogue";
import { cacheDirectory } from "../tools/cache";
import { Engine, type OutputOptions, type StackOptions } from "./engine";
import type { RunRecord } from "./events";
import { selectPlugins, type Plugin } from "./plugins";

export { PulumiError, type OutputOptions, type StackOptions } from "./engine";
export type { ChangedResource, Changes, RunRecord } from "./events";
export type { Plugin } from "./plugins";

/** The programs that it runs, to be had from `ensureTools`. */
export const pulumiTools: ("pulumi" | "pulumi-language-nodejs")[] = ["pulumi", "pulumi-language-nodejs"];

/** The official Kubernetes provider, built: it is run instead of the stand-in by who asks `ensureTools` for it, too. */
export const officialProvider = "pulumi-resource-kubernetes" as const;

export interface PreparePulumiOptions {
  /** The lab's state folder. */
  stateDir: string;
  /** Absolute paths of the programs. */
  tools: Record<(typeof pulumiTools)[number], string> & Partial<Record<typeof officialProvider, string>>;
  /** Path of the kubeconfig of the cluster that programs deploy to. */
  kubeconfig: string;
  /** Gets progress, a line at a time. */
  log: Log;
  /** Interrupts the preparation, and every run that has no signal of its own. */
  signal?: AbortSignal;
}

/** Runs one operation at a time on a stack; a second one fails with the engine's message about its lock. */
export interface PulumiRunner {
  /** The plugins that the engine runs, and why it is these. */
  plugins: Plugin[];
  /** Environment in which `pulumi` works on the lab's stacks. */
  env: NodeJS.ProcessEnv;
  /** Creates the stack when it is not there. */
  up(stack: string, options?: StackOptions): Promise<RunRecord>;
  /** What `up` would do. */
  preview(stack: string, options?: StackOptions): Promise<RunRecord>;
  /** Reads what is there into the state: what was updated had drifted, what was deleted is gone. `up` repairs it. */
  refresh(stack: string, options?: StackOptions): Promise<RunRecord>;
  /** Deletes what the stack has made. */
  destroy(stack: string, options?: StackOptions): Promise<RunRecord>;
  /** The state, secrets encrypted. */
  exportStack(stack: string, options?: { programDir?: string }): Promise<unknown>;
  outputs(stack: string, options?: OutputOptions): Promise<Record<string, unknown>>;
}

/**
 * Prepares PULUMI_HOME, backend, passphrase and plugins in the state folder; a second time finds all of it there.
 * @throws LabError when a program is missing
 */
export async function preparePulumi(options: PreparePulumiOptions): Promise<PulumiRunner> {
  const { tools, kubeconfig, log, signal } = options;
  const state = openState(options.stateDir);
  for (const tool of pulumiTools) {
    if (!existsSync(tools[tool]))
      throw new LabError(`${tool} is not at ${tools[tool]}: build the tools again.`);
  }
  const directory = join(state.directory, "pulumi");
  const home = join(directory, "home");
  const backend = join(state.directory, "pulumi-state");
  const temporary = join(directory, "tmp");
  for (const path of [home, backend, temporary]) mkdirSync(path, { recursive: true, mode: 0o700 });
  // Who reads the state can read this, too: it keeps secrets out of what is copied from the state.
  const passphraseFile = join(directory, "passphrase");
  if (!existsSync(passphraseFile)) writePrivate(passphraseFile, randomBytes(32).toString("base64url"));

  const program = tools[officialProvider];
  const built = program ? [{ name: "kubernetes", version: kubernetesProviderVersion, program }] : [];
  const memory = join(cacheDirectory(), "plugin-installations.json");
  const select = { pulumi: tools.pulumi, home, directory, memory, env: process.env, log, signal, built };
  const plugins = await selectPlugins(select);
  writePrivate(pluginsFile(state), JSON.stringify(plugins, undefined, 2));
  const env: NodeJS.ProcessEnv = {
    ...withoutSettings(process.env),
    // The language host looks for `node` there: let it be this one.
    PATH: [
      dirname(tools.pulumi),
      dirname(tools["pulumi-language-nodejs"]),
      dirname(process.execPath),
      process.env["PATH"] ?? "",
    ].join(delimiter),
    KUBECONFIG: kubeconfig,
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: pathToFileURL(backend).href,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile,
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The option --event-log, from which the numbers come, is one of these.
    PULUMI_DEBUG_COMMANDS: "true",
    // What a run that was killed has made, and not written down, is taken over by the next one.
    PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true",
    // An engine that is interrupted leaves the pipes to its language host.
    TMPDIR: temporary,
    // So that `stop` finds an engine whose `start` was killed.
    [stateVariable]: state.directory,
  };
  const host = tools["pulumi-language-nodejs"];
  // One that was found on the machine is of the engine's own age, as far as anybody knows.
  const languageHost = host.startsWith(cacheDirectory()) ? host : undefined;
  const engine = new Engine({ pulumi: tools.pulumi, languageHost, directory, backend, env, log, signal });
  return {
    plugins,
    env,
    up: (stack, given) => engine.operate("up", stack, given),
    preview: (stack, given) => engine.operate("preview", stack, given),
    refresh: (stack, given) => engine.operate("refresh", stack, given),
    destroy: (stack, given) => engine.operate("destroy", stack, given),
    exportStack: (stack, given) => engine.exportStack(stack, given),
    outputs: (stack, given) => engine.outputs(stack, given),
  };
}

/** The plugins of the last run, for `status`. */
export function lastPlugins(state: LabState): Plugin[] | undefined {
  return readJson<Plugin[]>(pluginsFile(state));
}

function pluginsFile({ directory }: LabState): string {
  return join(directory, "plugins.json");
}

/** What users have set for their own stacks (backend, passphrase, token) must not reach the lab's. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([key]) => !key.startsWith("PULUMI_") && key !== "NODE_OPTIONS"),
  );
}
