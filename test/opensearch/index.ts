/** A real OpenSearch for tests: what it has in common with Elasticsearch, no security, no lifecycle policies. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LabError, type Log } from "../../lab/state";
import { openSearchFiles } from "./jars";

export interface OpenSearchOptions {
  log: Log;
  /** Ends the start, and the server when it is running. */
  signal?: AbortSignal;
  /** Address to listen on for HTTP. @default "127.0.0.1" */
  host?: string;
  /** Command that runs it, such as one that enters a network namespace. @default none */
  within?: string[];
  /** How long the start may take after the download, seconds. @default 120 */
  startSeconds?: number;
}

export interface OpenSearch {
  /** Without a slash at the end. */
  url: string;
  /** Ends the server and removes its data. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts OpenSearch 2.19.1 on a free port, with data of its own: 10 s and 450 MB. The first call on a machine fetches
 * its jars. The server ends with this process, however that ends.
 * @throws LabError when it cannot be fetched or does not start; the message has the end of its output
 */
export async function startOpenSearch({
  log,
  signal,
  host = "127.0.0.1",
  within = [],
  startSeconds = 120,
}: OpenSearchOptions): Promise<OpenSearch> {
  const { java, classPath } = await openSearchFiles({ log, signal });
  signal?.throwIfAborted();
  const data = mkdtempSync(join(tmpdir(), "bilten-opensearch-"));
  const memory = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  // It needs nothing of the environment, and a user's JAVA_TOOL_OPTIONS may contradict what is asked for here.
  const [program, ...args] = [...within, java, ...memory, "-cp", classPath, "OpenSearch", data, host];
  const child = spawn(program!, args, {
    cwd: data,
    env: { PATH: process.env.PATH },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // It may be gone before it is asked to go.
  child.stdin.on("error", () => undefined);
  let output = "";
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      output += error.message;
      resolve();
    });
    child.once("close", () => resolve());
  });
  const stop = async () => {
    signal?.removeEventListener("abort", kill);
    child.stdin.end();
    const limit = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(limit);
    rmSync(data, { recursive: true, force: true });
  };
  const kill = () => {
    child.kill("SIGKILL");
    void ended.then(() => rmSync(data, { recursive: true, force: true }));
  };
  signal?.addEventListener("abort", kill);

  const port = await new Promise<string | undefined>((resolve) => {
    const limit = setTimeout(() => resolve(undefined), startSeconds * 1000);
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      const found = /listening on (\d+)/.exec(output)?.[1];
      if (found) settle(found);
    };
    const settle = (found?: string) => {
      clearTimeout(limit);
      resolve(found);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    void ended.then(() => settle());
  });
  if (port) return { url: `http://${host}:${port}`, stop };
  child.kill("SIGKILL");
  await stop();
  signal?.throwIfAborted();
  const lines = output.trim().split("\n").slice(-20).join("\n");
  throw new LabError(`OpenSearch did not start within ${startSeconds} s. The end of its output:\n${lines}`);
}
