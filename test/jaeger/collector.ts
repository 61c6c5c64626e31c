/** An OpenTelemetry Collector, Jaeger or another one, on free ports of this machine. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goMemoryLimit } from "../../components/openTelemetryCollector/pieces";
import type { Quantity } from "../../config/settings";
import { freePort } from "../../lab/parts/ports";
import { ensureTools, type ToolName } from "../../lab/tools";
import { until } from "../live-services/service";

/** A folder of its own for each process that stands for its volume. */
export const dataFolder = (): string => mkdtempSync(join(tmpdir(), "collector-data-"));

export interface CollectorProgram<PortName extends string> {
  tool: ToolName;
  /** Ports that it has in its pod. */
  ports: Record<PortName, number>;
  /** Where it says that it is well. */
  health: string;
  /** Path of its configuration in its pod. */
  configuration: string;
  /** Folders of its pod that this run has in a folder of its own. */
  folders: string[];
  /** Folder of its volume. */
  data: string;
}

export abstract class CollectorProcess<PortName extends string> {
  output = "";
  readonly ports = {} as Record<PortName, number>;
  protected readonly folder = mkdtempSync(join(tmpdir(), "collector-"));
  private child: ChildProcess | undefined;
  private ended: Promise<number | NodeJS.Signals> = Promise.resolve(0);
  private over = false;

  /** @param data of a run before, which this one goes on with; otherwise removed with this run */
  constructor(
    private readonly program: CollectorProgram<PortName>,
    private readonly memory: Quantity,
    private readonly data?: string,
  ) {}

  /** Starts it as its pod does, and waits until it says that it is well. */
  protected async launch(
    configuration: string,
    known: Partial<Record<PortName, number>> = {},
  ): Promise<this> {
    const { tool, ports, configuration: path } = this.program;
    const tools = await ensureTools([tool]);
    for (const name of Object.keys(ports) as PortName[])
      this.ports[name] = known[name] ?? (await freePort(Object.values(this.ports)));
    this.write(path, this.moved(configuration));
    this.child = spawn(tools[tool], [`--config=${join(this.folder, path)}`], {
      env: { GOMEMLIMIT: goMemoryLimit(this.memory) },
    });
    const child = this.child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-50_000)));
    this.ended = new Promise((resolve) =>
      child.once("close", (code, signal) => {
        this.over = true;
        resolve(code ?? signal ?? -1);
      }),
    );
    await until(
      async () => this.over || (await this.healthy()),
      () => this.output,
      60,
    );
    assert.ok(!this.over, `${tool} ended:\n${this.output}`);
    return this;
  }

  private async healthy(): Promise<boolean> {
    try {
      return (await fetch(this.url("health" as PortName, this.program.health))).ok;
    } catch {
      return false;
    }
  }

  url(port: PortName, path = ""): string {
    return `http://127.0.0.1:${this.ports[port]}${path}`;
  }

  async text(port: PortName, path: string): Promise<string> {
    const answer = await fetch(this.url(port, path), { signal: AbortSignal.timeout(20_000) });
    assert.equal(answer.status, 200, `${path}: ${answer.status}`);
    return answer.text();
  }

  async json<T>(port: PortName, path: string): Promise<T> {
    return JSON.parse(await this.text(port, path)) as T;
  }

  /** Memory that the process has and the kernel cannot take back, bytes: without pages of mapped files. */
  memoryInUse(): number {
    const pages = readFileSync(`/proc/${this.child?.pid}/status`, "utf8");
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(pages)?.[1]) * 1024;
  }

  /** Ends it as the kubelet does, and answers how it ended. */
  async terminate(signal: NodeJS.Signals = "SIGTERM"): Promise<number | NodeJS.Signals> {
    this.child?.kill(signal);
    return this.ended;
  }

  /** Ends it, whether or not it still runs, and removes what it had but for data that was given. */
  async stop(): Promise<void> {
    await this.terminate("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Puts a file where the pod has it at this path. */
  protected write(path: string, content: string): void {
    mkdirSync(join(this.folder, path, ".."), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** The configuration with the folders and addresses of this run, and otherwise to the letter. */
  private moved(configuration: string): string {
    const { ports, folders, data } = this.program;
    const addresses = (Object.keys(ports) as PortName[]).reduce(
      (text, name) => text.replaceAll(`0.0.0.0:${ports[name]}`, `127.0.0.1:${this.ports[name]}`),
      configuration,
    );
    return folders
      .reduce((text, path) => text.replaceAll(path, join(this.folder, path)), addresses)
      .replaceAll(data, this.data ?? join(this.folder, "data"))
      .replace(
        /host: 0\.0\.0\.0\n(\s+)port: 8888/,
        `host: 127.0.0.1\n$1port: ${this.ports["metrics" as PortName]}`,
      );
  }
}
