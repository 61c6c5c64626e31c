/** A lab of a test's own, driven through its command line as a user does. */
import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cgroupOf, processesIn } from "../../lab/parts/cgroups";
import { kubectlEnvironment } from "../../lab/commands/kubectl";
import { readRecords } from "../../lab/parts/part";
import { findMarked, isAlive, programOf } from "../../lab/parts/process";
import type { PartStatus } from "../../lab/parts/part";
import { stateAt } from "../../lab/state";
import { ensureTools } from "../../lab/tools";
import { differences, heldBy, stillThere, type Held, type Host } from "./host";
import { hostReader } from "./machine";

const cli = join(__dirname, "..", "..", "lab", "cli.ts");

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Status {
  running: boolean;
  parts: PartStatus[];
  strays: number[];
}

/** A `start` that runs. */
export interface Running {
  child: ChildProcess;
  /** All that it has printed. */
  output(): string;
  /** Its exit code; undefined when a signal has ended it. */
  ended: Promise<number | undefined>;
}

/** Waits until a question has an answer. What it throws meanwhile is thrown at the end. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  seconds = 60,
): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    let problem: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > until) throw new Error(`Not within ${seconds} s: ${what}`, { cause: problem });
    await sleep(100);
  }
}

function runToEnd(
  program: string,
  args: string[],
  { env, input }: { env: NodeJS.ProcessEnv; input: string },
): Promise<Result> {
  return new Promise((resolve) => {
    const options = { env, maxBuffer: 64 * 1024 * 1024, timeout: 240_000 };
    const child = execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

/** What a command has printed; fails when it did. */
function printed(args: string[], { code, stdout, stderr }: Result): string {
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stdout.slice(-3000)}${stderr}`);
  return stdout;
}

export class Lab {
  private readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "bilten-node-")));
  readonly directory = join(this.folder, "state");
  /** Where its commands put temporary files. */
  private readonly temporary = join(this.folder, "tmp");
  readonly state = stateAt(this.directory);
  private host: (() => Host) | undefined;
  private before: Host | undefined;

  constructor() {
    mkdirSync(this.temporary);
  }

  private get env(): NodeJS.ProcessEnv {
    return { ...process.env, TMPDIR: this.temporary };
  }

  private args(args: string[]): string[] {
    return ["--require", "./scripts/typescript.cjs", cli, "--state-dir", this.directory, ...args];
  }

  /** Runs `npm run lab -- <args>` to its end. */
  run(...args: string[]): Promise<Result> {
    return this.runWith("", ...args);
  }

  private runWith(input: string, ...args: string[]): Promise<Result> {
    return runToEnd(process.execPath, this.args(args), { env: this.env, input });
  }

  /** Runs it, and fails when it does. Returns what it prints. */
  async succeeds(...args: string[]): Promise<string> {
    return this.succeedsWith("", ...args);
  }

  async succeedsWith(input: string, ...args: string[]): Promise<string> {
    return printed(args, await this.runWith(input, ...args));
  }

  /** Control plane and nodes, without a stack, from what was built before. */
  start(...args: string[]): Promise<string> {
    return this.succeeds("start", "--no-pull", "--no-stack", ...args);
  }

  /** The same in a process group of its own, which can be interrupted or killed. */
  launch(...args: string[]): Running {
    const child = spawn(process.execPath, this.args(["start", "--no-pull", ...args]), {
      env: this.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const ended = new Promise<number | undefined>((resolve) =>
      child.on("close", (code) => resolve(code ?? undefined)),
    );
    return { child, output: () => output, ended };
  }

  stop(): Promise<string> {
    return this.succeeds("stop");
  }

  /** What kubectl prints, which is run as the lab's command does, and half a second sooner. Fails when it does. */
  async kubectl(...args: string[]): Promise<string> {
    return this.kubectlWith("", ...args);
  }

  private async kubectlWith(input: string, ...args: string[]): Promise<string> {
    const { kubectl } = await ensureTools(["kubectl"]);
    const env = { ...this.env, ...kubectlEnvironment(this.state) };
    return printed(args, await runToEnd(kubectl, args, { env, input }));
  }

  async apply(...objects: object[]): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await this.kubectlWith(JSON.stringify(list), "apply", "-f", "-");
  }

  async status(): Promise<Status> {
    return JSON.parse((await this.run("status", "--json")).stdout) as Status;
  }

  /** Processes of a part; those of containerd's shims under the name `shim`. */
  pidsOf(part: string): number[] {
    if (part === "shim") {
      return findMarked(this.directory)
        .map(({ pid }) => pid)
        .filter((pid) => programOf(pid) === "containerd-shim");
    }
    return readRecords(this.state)
      .filter(({ name }) => name === part)
      .map(({ pid }) => pid);
  }

  /** Whether a part was started, and when it was, whether its process runs. */
  has(part: string): boolean {
    return readRecords(this.state).some((record) => record.name === part && isAlive(record));
  }

  /** `kill -9` of a part; of a shim one of them. */
  async kill(part: string): Promise<void> {
    const [pid] = this.pidsOf(part);
    if (pid === undefined) throw new Error(`There is no ${part}.`);
    const programBefore = programOf(pid);
    process.kill(pid, "SIGKILL");
    await eventually(`the end of ${part} (${programBefore})`, () =>
      this.pidsOf(part).includes(pid) && part === "shim" ? undefined : this.has(part) ? undefined : true,
    );
  }

  /** What its commands have left in the folder for temporary files, but for what tsx keeps for its next run. */
  temporaryFiles(): string[] {
    return readdirSync(this.temporary).filter((name) => !/^(tsx-|node-compile-cache)/.test(name));
  }

  /** Processes of the lab and of its pods. */
  processes(): number[] {
    return [...findMarked(this.directory).map(({ pid }) => pid), ...processesIn(cgroupOf(this.directory))];
  }

  /** The namespaces of all these processes, for `assertNothingLeft`. */
  held(): Held {
    return heldBy(this.processes());
  }

  /** Keeps how the machine is before the lab does anything to it. */
  async rememberMachine(): Promise<void> {
    this.host = await hostReader(this.directory);
    this.before = this.host();
  }

  /** What is different on the machine since then, a line each. */
  changesOfMachine(): string[] {
    if (!this.host || !this.before) throw new Error("rememberMachine was not called");
    return differences(this.before, this.host());
  }

  /** Fails when the machine is not as it was, or a process is in a namespace that a lab's process was in. */
  assertNothingLeft(held?: Held): void {
    if (held) assert.deepEqual(stillThere(held), []);
    assert.deepEqual(this.changesOfMachine(), []);
    assert.deepEqual(this.temporaryFiles(), []);
  }

  async remove(): Promise<void> {
    await this.run("reset");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
