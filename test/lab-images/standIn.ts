/** Runs the mail catcher's stand-in as the pod does: bundled into one file, with nothing but its settings around it. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { nodeOptions } from "../../lab/images/mailCatcher/settings";

const entry = join(__dirname, "..", "..", "lab", "images", "mailCatcher", "main.ts");

/** A bundle of the program, and folders for those who run it. */
export class Bundle {
  readonly directory = mkdtempSync(join(tmpdir(), "mail-catcher-"));
  readonly program = join(this.directory, "mailpit.cjs");
  private folders = 0;

  async make(): Promise<void> {
    await build({
      entryPoints: [entry],
      outfile: this.program,
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node20",
      logLevel: "silent",
    });
  }

  /** A new empty folder. */
  folder(): string {
    const path = join(this.directory, String(++this.folders));
    mkdirSync(path);
    return path;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The program while it runs. */
export class StandIn {
  output = "";
  smtpPort = 0;
  httpPort = 0;
  readonly ended: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;

  constructor(bundle: Bundle, env: Record<string, string>) {
    this.child = spawn(process.execPath, [bundle.program], {
      env: { MP_SMTP_BIND_ADDR: "[::]:0", MP_UI_BIND_ADDR: "[::]:0", NODE_OPTIONS: nodeOptions, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code, signal) => resolve(code ?? signal ?? -1));
    });
  }

  /** Waits until it listens. */
  async start(): Promise<this> {
    const match = await this.until(/mail on port (\d+), pages on port (\d+)/);
    [this.smtpPort, this.httpPort] = [Number(match[1]), Number(match[2])];
    return this;
  }

  /** Waits until the output has what is looked for. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (const limit = Date.now() + 10_000; Date.now() < limit;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      const ended = await Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, 20))]);
      if (ended !== undefined && !pattern.test(this.output)) {
        assert.fail(`ended with ${String(ended)}: ${this.output}`);
      }
    }
    assert.fail(`no ${pattern} in: ${this.output}`);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.httpPort}${path}`;
  }

  /** What a path answers, as JSON. */
  async json<T>(path: string): Promise<T> {
    const response = await fetch(this.url(path), { signal: AbortSignal.timeout(5000) });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as T;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it, whether or not it still runs. */
  async stop(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  get pid(): number {
    return this.child.pid!;
  }
}
