/** Runs an exporter as its pod does, on a free port of this machine, and reads its answers. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { MetricDefinition } from "../../metrics/types";
import { until } from "../live-services/service";

export class Program {
  output = "";
  private ended = false;
  private url = "";
  private readonly child: ChildProcess;

  /** Begins to listen on a port that the program chooses. */
  constructor(program: string, args: string[], env: Record<string, string> = {}) {
    this.child = spawn(program, [...args, "--web.listen-address=127.0.0.1:0"], { env });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.on("close", () => (this.ended = true));
  }

  async start(): Promise<this> {
    const address = /address"?[=:]"?(127\.0\.0\.1:\d+)/;
    await until(
      () => this.ended || address.test(this.output),
      () => this.output,
    );
    this.url = `http://${address.exec(this.output)?.[1] ?? assert.fail(this.output)}`;
    return this;
  }

  async get(path: string, params: Record<string, string> = {}): Promise<{ status: number; body: string }> {
    const answer = await fetch(`${this.url}${path}?${new URLSearchParams(params).toString()}`, {
      signal: AbortSignal.timeout(20_000),
    });
    return { status: answer.status, body: await answer.text() };
  }

  async stop(): Promise<void> {
    this.child.kill("SIGKILL");
    await until(
      () => this.ended,
      () => "it does not end",
    );
  }
}

/** Serves texts by path on a free port, and keeps what it was asked. */
export class Answers {
  readonly asked: { path: string; body: string; authorization: string | undefined }[] = [];
  private readonly server: Server;

  constructor(answers: Record<string, string>) {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const path = request.url ?? "";
        this.asked.push({ path, body, authorization: request.headers.authorization });
        const answer = answers[path];
        response.writeHead(answer === undefined ? 500 : 200, { "content-type": "application/json" });
        response.end(answer ?? "{}");
      });
    });
  }

  /** Listens; the address has no slash at the end. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The samples of an exposition; label values may hold anything but quotes. */
export function samples(exposition: string): Sample[] {
  return exposition
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] =
        /^([a-zA-Z_:]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? assert.fail(line);
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text]);
      return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
    });
}

/**
 * Fails unless each declared metric is in the exposition, with its type and exactly its labels and values.
 * @param except names that cannot be there, each with a reason in the test
 */
export function assertAsDeclared(
  exposition: string,
  definitions: readonly MetricDefinition[],
  except: RegExp = /^$/,
): void {
  const found = samples(exposition);
  for (const { name, type, labels } of definitions.filter((each) => !except.test(each.name))) {
    const counted = type === "histogram" ? `${name}_count` : name;
    const own = found.filter((sample) => sample.name === counted);
    assert.ok(own.length > 0, `${name} is not there`);
    assert.match(exposition, new RegExp(`^# TYPE ${name} ${type}$`, "m"));
    for (const sample of own) {
      assert.deepEqual(Object.keys(sample.labels).sort(), Object.keys(labels).sort(), name);
      for (const [label, { values }] of Object.entries(labels))
        assert.ok(!values || values.includes(sample.labels[label] ?? ""), `${name} ${label}`);
    }
  }
}
