/** Runs Jaeger as its pod does: with the files that the component gives it, on addresses and folders of a test. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { files, paths, ports } from "../../components/jaeger/addresses";
import { jaegerFile, type JaegerConfigurationArgs } from "../../components/jaeger/configuration";
import { samplingFile, type SamplingArgs } from "../../components/jaeger/sampling";
import { uiConfiguration, type UiArgs } from "../../components/jaeger/ui";
import { goMemoryLimit } from "../../components/openTelemetryCollector/pieces";
import { freePort } from "../../lab/parts/ports";
import { ensureTools } from "../../lab/tools";
import { until } from "../live-services/service";

export type PortName = keyof typeof ports;

export interface JaegerRun {
  configuration: JaegerConfigurationArgs;
  /** @default a tenth of all traces */
  sampling?: SamplingArgs;
  /** Of Elasticsearch. */
  password?: string;
  /** Of a run before, whose traces this one is to find. @default an empty one, removed with this run */
  data?: string;
}

/** The document's sampling. */
export const documentSampling: SamplingArgs = {
  sampling: { default: 0.1, operations: [{ operation: "/api/events", sampling: 0.5 }] },
  services: [],
};

/** A folder of its own for each Jaeger that stands for its volume. */
export const dataFolder = (): string => mkdtempSync(join(tmpdir(), "jaeger-data-"));

/** A Jaeger on free ports of this machine. */
export class JaegerProcess {
  output = "";
  readonly ports = {} as Record<PortName, number>;
  private readonly folder = mkdtempSync(join(tmpdir(), "jaeger-"));
  private child: ChildProcess | undefined;
  private ended: Promise<number | NodeJS.Signals> = Promise.resolve(0);
  private over = false;

  constructor(private readonly run: JaegerRun) {}

  /** Starts it, and waits until it says that it is well. */
  async start(): Promise<this> {
    const { jaeger } = await ensureTools(["jaeger"]);
    for (const name of Object.keys(ports) as PortName[])
      this.ports[name] = await freePort(Object.values(this.ports));
    this.write(paths.configuration, files.configuration, this.moved(jaegerFile(this.run.configuration)));
    const { retention } = this.run.configuration;
    this.changeUi({ retention, kibanaUrl: "http://kibana.example.com", monitor: true });
    this.changeSampling(this.run.sampling ?? documentSampling);
    if (this.run.password !== undefined) this.write(paths.elasticsearch, files.password, this.run.password);
    this.child = spawn(jaeger, [`--config=${join(this.folder, paths.configuration, files.configuration)}`], {
      env: { GOMEMLIMIT: goMemoryLimit(this.run.configuration.memory) },
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
    assert.ok(!this.over, `Jaeger ended:\n${this.output}`);
    return this;
  }

  private async healthy(): Promise<boolean> {
    try {
      return (await fetch(this.url("health", "/status"))).ok;
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

  /** Puts other strategies where Jaeger reads them, as a kubelet does with a changed ConfigMap. */
  changeSampling(sampling: SamplingArgs | string): void {
    const content = typeof sampling === "string" ? sampling : samplingFile(sampling);
    this.write(paths.sampling, files.strategies, content);
  }

  /** Puts another configuration of the interface where Jaeger reads it. */
  changeUi(ui: UiArgs): void {
    this.write(paths.ui, files.ui, JSON.stringify(uiConfiguration(ui)));
  }

  /** Memory that the process has and the kernel cannot take back, bytes: without pages of Badger's files. */
  memory(): number {
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

  private write(folder: string, file: string, content: string): void {
    mkdirSync(join(this.folder, folder), { recursive: true });
    writeFileSync(join(this.folder, folder, file), content);
  }

  /** The configuration with the folders and addresses of this run, and otherwise to the letter. */
  private moved(configuration: string): string {
    const addresses = (Object.keys(ports) as PortName[]).reduce(
      (text, name) => text.replaceAll(`0.0.0.0:${ports[name]}`, `127.0.0.1:${this.ports[name]}`),
      configuration,
    );
    const folders = [paths.configuration, paths.sampling, paths.ui, paths.elasticsearch].reduce(
      (text, path) => text.replaceAll(path, join(this.folder, path)),
      addresses,
    );
    return folders
      .replaceAll(paths.data, this.run.data ?? join(this.folder, "data"))
      .replace(/host: 0\.0\.0\.0\n(\s+)port: 8888/, `host: 127.0.0.1\n$1port: ${this.ports.metrics}`);
  }
}
