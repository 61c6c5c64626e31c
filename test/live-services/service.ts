/** Runs a service of the live tests as its pod does: the file alone, with nothing but its settings around it. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureTools } from "../../lab/tools";

const sources = join(__dirname, "..", "live", "services");

export interface Answer<T> {
  status: number;
  type: string;
  body: T;
}

/** A program that listens on a port that it says itself. */
export class Service {
  output = "";
  readonly ended: Promise<number | NodeJS.Signals>;
  private port = 0;
  private readonly folder = mkdtempSync(join(tmpdir(), "live-service-"));
  private readonly child: ChildProcess;

  /** @param file in test/live/services */
  constructor(file: string, env: Record<string, string> = {}) {
    // Away from the checkout: there are no packages beside a mounted file.
    const program = join(this.folder, file);
    copyFileSync(join(sources, file), program);
    this.child = spawn(process.execPath, [program], { env: { PORT: "0", ...env } });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code, signal) => resolve(code ?? signal ?? -1));
    });
  }

  /** Waits until it listens. */
  async start(): Promise<this> {
    await until(
      () => /listening on (\d+)/.test(this.output),
      () => this.output,
    );
    this.port = Number(/listening on (\d+)/.exec(this.output)?.[1]);
    return this;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Sends a request; a body that is no text is sent as JSON, and JSON is read as such. */
  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = { "content-type": "application/json" },
  ): Promise<Answer<T>> {
    const response = await fetch(this.url(path), {
      method,
      headers: body === undefined ? {} : headers,
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    const read = (type.startsWith("application/json") ? JSON.parse(text) : text) as T;
    return { status: response.status, type, body: read };
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it, whether or not it still runs. */
  async stop(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until a condition holds, up to 15 s. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  describe: () => string | Promise<string>,
  seconds = 15,
): Promise<void> {
  for (const limit = Date.now() + seconds * 1000; !(await holds()); await sleep(50)) {
    if (Date.now() > limit) assert.fail(`not within ${seconds} s: ${await describe()}`);
  }
}

/** What Prometheus' own linter says about an exposition, a complaint a line. */
export async function lint(exposition: string): Promise<string[]> {
  const { promtool } = await ensureTools(["promtool"]);
  return new Promise((resolve, reject) => {
    const child = spawn(promtool, ["check", "metrics"]);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    }
    child.on("error", reject);
    child.on("close", () => resolve(output.split("\n").filter(Boolean)));
    child.stdin.end(exposition);
  });
}

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The samples of an exposition whose label values are simple. */
export function samplesOf(exposition: string): Sample[] {
  return exposition
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] =
        /^([a-zA-Z_]+)(?:\{([^}]*)\})? (\S+)$/.exec(line) ?? assert.fail(line);
      const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [
        key,
        text,
      ]);
      return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
    });
}

/** The only sample of this name with these labels. */
export function valueOf(exposition: string, name: string, labels: Record<string, string> = {}): number {
  const found = samplesOf(exposition).filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
  );
  assert.equal(found.length, 1, `${name} ${JSON.stringify(labels)}`);
  return found[0]!.value;
}
