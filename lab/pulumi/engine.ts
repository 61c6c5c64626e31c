/** Runs the CLI on the lab's stacks. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { LabError, writePrivate, type Log } from "../state";
import { mergeStackFile, qualified, settingsAsVariables, type StackFile } from "./configFile";
import { readEvents, type RunRecord } from "./events";
import { languageHostLauncher, type Runtime } from "./languageHost";
import { hasOnlyStaleLocks } from "./locks";
import { run } from "./process";

export interface StackOptions {
  /** Settings over those of the stack's file; a value that is a JSON object or list becomes one. */
  config?: Record<string, string>;
  /** The same for secrets: they are encrypted, and reach the engine neither as arguments nor in plain text. */
  secrets?: Record<string, string>;
  /** Folder of Pulumi.yaml. @default the checkout */
  programDir?: string;
  /** Gets what the engine prints. @default nothing */
  onLine?: (line: string) => void;
  /** Interrupts the engine: it finishes what it has begun and leaves a state that the next run continues. */
  signal?: AbortSignal;
}

export interface OutputOptions {
  programDir?: string;
  /** Secret outputs in plain text instead of "[secret]". @default false */
  showSecrets?: boolean;
}

/** A run that failed. */
export class PulumiError extends LabError {
  override name = "PulumiError";
  constructor(
    message: string,
    /** What the run did before. */
    readonly record: RunRecord,
    /** All that the engine printed; secrets are masked in it. */
    readonly output: string,
  ) {
    super(message);
  }
}

export interface EngineOptions {
  /** Path of the CLI. */
  pulumi: string;
  /** A language host that takes the program's options as flags. @default the one on PATH, which the engine tells them */
  languageHost?: string;
  /** Folder for projects and files of runs. */
  directory: string;
  /** Folder of the local backend. */
  backend: string;
  env: NodeJS.ProcessEnv;
  log: Log;
  signal?: AbortSignal;
}

/** Content of a `Pulumi.yaml`. */
interface ProjectFile {
  name: string;
  runtime: Runtime;
  config?: Record<string, unknown>;
}

interface Project {
  project: string;
  /** Where the lab keeps what it has of it. */
  folder: string;
  runtime: Runtime;
  /** Settings of all its stacks. */
  defaults: Record<string, unknown>;
}

const checkout = dirname(dirname(__dirname));

/** What a command gets besides what all get. */
const operations = {
  up: ["--yes", "--skip-preview"],
  preview: [],
  // What a killed run was making is taken out of the state, and applied again by the next `up`, made or not.
  refresh: ["--yes", "--skip-preview", "--clear-pending-creates"],
  destroy: ["--yes", "--skip-preview"],
};

export class Engine {
  constructor(private readonly options: EngineOptions) {}

  /** @throws PulumiError with the engine's errors; the signal's reason when it was interrupted */
  async operate(
    operation: keyof typeof operations,
    stack: string,
    options: StackOptions = {},
  ): Promise<RunRecord> {
    const programDir = options.programDir ?? checkout;
    const signal = options.signal ?? this.options.signal;
    const known = await this.ensureStack(stack, programDir);
    const { project, folder, defaults } = known;
    const { configFile, config } = await this.writeConfig(stack, project, folder, programDir, options);
    if (hasOnlyStaleLocks(this.options.backend, project, stack)) {
      this.options.log(`An earlier run of stack ${stack} was killed: its lock is removed.`);
      await this.cli(["cancel", "--yes", "--stack", stack], folder);
    }
    const eventLog = join(folder, `events.${stack}.json`);
    rmSync(eventLog, { force: true });
    const args = [operation, "--stack", stack, "--config-file", configFile, "--event-log", eventLog];
    args.push(...operations[operation], "--non-interactive", "--color", "never", "--suppress-progress");
    const { code, stdout, stderr } = await run(this.options.pulumi, args, {
      cwd: programDir,
      env: { ...this.environment(known), ...settingsAsVariables(defaults, config) },
      onLine: options.onLine,
      signal,
    });
    const record = readEvents(existsSync(eventLog) ? readFileSync(eventLog, "utf8") : "");
    rmSync(eventLog, { force: true });
    if (code === 0) return record;
    // The engine has ended by itself, and the state is whole.
    signal?.throwIfAborted();
    const output = stdout + stderr;
    const messages = record.errors.length > 0 ? record.errors : [lastLines(output)];
    throw new PulumiError(
      `pulumi ${operation} of stack ${stack} failed:\n${messages.join("\n")}`,
      record,
      output,
    );
  }

  async exportStack(
    stack: string,
    { programDir = checkout }: { programDir?: string } = {},
  ): Promise<unknown> {
    const { folder } = await this.ensureStack(stack, programDir);
    return JSON.parse(await this.cli(["stack", "export", "--stack", stack], folder)) as unknown;
  }

  async outputs(
    stack: string,
    { programDir = checkout, showSecrets = false }: OutputOptions = {},
  ): Promise<Record<string, unknown>> {
    const { folder } = await this.ensureStack(stack, programDir);
    const args = ["stack", "output", "--json", "--stack", stack, ...(showSecrets ? ["--show-secrets"] : [])];
    return JSON.parse(await this.cli(args, folder)) as Record<string, unknown>;
  }

  /**
   * Makes the stack when it is not there. That is done in a folder of the lab's own with a project of the same name,
   * because `stack init` writes the salt of the encryption into the project's file of the stack.
   */
  private async ensureStack(stack: string, programDir: string): Promise<Project> {
    const file = readFileSync(join(programDir, "Pulumi.yaml"), "utf8");
    const { name, runtime, config = {} } = parse(file) as ProjectFile;
    const folder = join(this.options.directory, "projects", name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writePrivate(join(folder, "Pulumi.yaml"), stringify({ name, runtime: "nodejs" }));
    const record = join(this.options.backend, ".pulumi", "stacks", name, `${stack}.json`);
    if (!existsSync(record) && !existsSync(`${record}.gz`)) {
      rmSync(join(folder, `Pulumi.${stack}.yaml`), { force: true });
      await this.cli(["stack", "init", stack, "--no-select", "--secrets-provider", "passphrase"], folder);
    }
    return { project: name, folder, runtime, defaults: config };
  }

  /** Environment of a run of the program. */
  private environment({ folder, runtime }: Project): NodeJS.ProcessEnv {
    const { env, languageHost } = this.options;
    if (!languageHost) return env;
    const bin = languageHostLauncher(folder, languageHost, runtime);
    return { ...env, PATH: [bin, env["PATH"] ?? ""].join(delimiter) };
  }

  /** Writes the stack's file of this run. Returns its path, and the settings in it. */
  private async writeConfig(
    stack: string,
    project: string,
    folder: string,
    programDir: string,
    { config, secrets }: StackOptions,
  ): Promise<{ configFile: string; config: Record<string, unknown> }> {
    const own = join(programDir, `Pulumi.${stack}.yaml`);
    const salted = join(folder, `Pulumi.${stack}.yaml`);
    const { content, leftOut } = mergeStackFile(
      project,
      existsSync(own) ? readFileSync(own, "utf8") : "",
      existsSync(salted) ? (parse(readFileSync(salted, "utf8")) as StackFile) : {},
      config,
    );
    const given = new Set(Object.keys({ ...config, ...secrets }).map((key) => qualified(project, key)));
    const missing = leftOut.filter((key) => !given.has(qualified(project, key)));
    if (missing.length > 0) {
      const what = `${missing.join(", ")} of Pulumi.${stack}.yaml`;
      this.options.log(`Left out: ${what}, encrypted with another passphrase than the lab's.`);
    }
    // Beside that with the salt, not in it: overrides are for this run only.
    const file = join(folder, `run.${stack}.yaml`);
    writePrivate(file, stringify(content));
    for (const [key, value] of Object.entries(secrets ?? {})) {
      const args = ["config", "set", qualified(project, key), "--secret"];
      await this.cli([...args, "--stack", stack, "--config-file", file], folder, value);
    }
    return { configFile: file, config: content.config ?? {} };
  }

  /** A command that answers at once. Returns what it prints. */
  private async cli(args: string[], cwd: string, input?: string): Promise<string> {
    const { pulumi, env } = this.options;
    const all = [...args, "--non-interactive", "--color", "never"];
    const { code, stdout, stderr } = await run(pulumi, all, { cwd, env, input, seconds: 120 });
    if (code === 0) return stdout;
    const what = args.slice(0, 2).join(" ");
    throw new PulumiError(`pulumi ${what} failed:\n${lastLines(stderr || stdout)}`, readEvents(""), stderr);
  }
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-20).join("\n");
}
