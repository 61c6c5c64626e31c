/** A lab of a test's own, driven through its command line as a user does. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readRecords } from "../../lab/parts/part";
import { findMarked, isAlive, programOf } from "../../lab/parts/process";
import type { PartStatus } from "../../lab/parts/part";
import { stateAt } from "../../lab/state";

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

export class Lab {
  private readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "bilten-node-")));
  readonly directory = join(this.folder, "state");
  /** Where its commands put temporary files. */
  private readonly temporary = join(this.folder, "tmp");
  readonly state = stateAt(this.directory);

  constructor() {
    mkdirSync(this.temporary);
  }

  private get env(): NodeJS.ProcessEnv {
    return { ...process.env, TMPDIR: this.temporary };
  }

  private args(args: string[]): string[] {
    return ["--import", "tsx", cli, "--state-dir", this.directory, ...args];
  }

  /** Runs `npm run lab -- <args>` to its end. */
  run(...args: string[]): Promise<Result> {
    return this.runWith("", ...args);
  }

  private runWith(input: string, ...args: string[]): Promise<Result> {
    return new Promise((resolve) => {
      const options = { env: this.env, maxBuffer: 64 * 1024 * 1024, timeout: 240_000 };
      const child = execFile(process.execPath, this.args(args), options, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      );
      child.stdin?.end(input);
    });
  }

  /** Runs it, and fails when it does. Returns what it prints. */
  async succeeds(...args: string[]): Promise<string> {
    return this.succeedsWith("", ...args);
  }

  async succeedsWith(input: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.runWith(input, ...args);
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stdout.slice(-3000)}${stderr}`);
    return stdout;
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

  kubectl(...args: string[]): Promise<string> {
    return this.succeeds("kubectl", ...args);
  }

  async apply(...objects: object[]): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await this.succeedsWith(JSON.stringify(list), "kubectl", "apply", "-f", "-");
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

  async remove(): Promise<void> {
    await this.run("reset");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
