import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildFlags, cachedPrograms, temporaryEntry, toolsDirectory, withLock } from "./cache";
import { programsOf, type ToolModule, type ToolName } from "./catalogue";
import { findOnPath } from "./path";

export type Log = (line: string) => void;

/** Thrown when tools can neither be found nor built. The message says what is missing and what to do. */
export class ToolsError extends Error {
  override name = "ToolsError";
}

export interface Go {
  path: string;
  /** Such as `go1.26.1`. */
  version: string;
}

/** The Go that PATH has, or undefined. */
export function findGo(path = process.env.PATH ?? ""): Go | undefined {
  const go = findOnPath("go", path);
  if (!go) return undefined;
  try {
    return { path: go, version: execFileSync(go, ["env", "GOVERSION"], { encoding: "utf8" }).trim() };
  } catch {
    return undefined;
  }
}

/** The Go version that a module's go.mod asks for, `major.minor.patch`. */
export function requiredGo(moduleDirectory: string): string {
  return /^go (\S+)/m.exec(readFileSync(join(moduleDirectory, "go.mod"), "utf8"))?.[1] ?? "1.0.0";
}

/** Whether a Go of this version, `go1.26.1`, can build what asks for that one, `1.25.0`. */
export function goSuffices(version: string, required: string): boolean {
  const numbers = (text: string) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [have, need] = [numbers(version), numbers(required)];
  for (let index = 0; index < 3; index++) {
    const difference = (have[index] ?? 0) - (need[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export interface BuildArgs {
  module: ToolModule;
  moduleDirectory: string;
  /** Name of the entry in the cache, from `cacheKey`. */
  key: string;
  go: Go;
  log: Log;
  /** Such as `2 of 5`, for the progress lines. */
  position: string;
  /** Ends the build, and the wait for another one. */
  signal?: AbortSignal;
}

/** Builds a module's programs into the cache, once, however many processes ask for it at a time. */
export async function buildModule(args: BuildArgs): Promise<Partial<Record<ToolName, string>>> {
  const { module, key, log, signal } = args;
  const title = `${programsOf(module).join(", ")} ${module.version}`;
  const waiting = (holder: number) => log(`Waiting for process ${holder}, which builds ${title} ...`);
  const work = async () => {
    const built = cachedPrograms(module, key);
    if (built) return built;
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    log(`Building ${title} (${args.position}) ...`);
    const progress = setInterval(() => log(`  ... ${title}: ${seconds()} s`), 15_000);
    const temporary = temporaryEntry();
    try {
      await compile(args, join(temporary, "bin"));
      rmSync(join(toolsDirectory(), key), { recursive: true, force: true });
      renameSync(temporary, join(toolsDirectory(), key));
    } finally {
      clearInterval(progress);
      rmSync(temporary, { recursive: true, force: true });
    }
    log(`Built ${title} in ${seconds()} s.`);
    return cachedPrograms(module, key) ?? {};
  };
  return withLock(key, waiting, work, { signal });
}

async function compile({ module, moduleDirectory, go, signal }: BuildArgs, bin: string): Promise<void> {
  mkdirSync(bin, { recursive: true });
  const packages = Object.entries(module.packages);
  const output = (name: string, path: string) => (path.endsWith(`/${name}`) ? bin : join(bin, name));
  // Packages are named after their programs, save where a module's root is the program.
  const alone = packages.filter(([name, path]) => output(name, path) !== bin);
  const together = packages.filter(([name, path]) => output(name, path) === bin).map(([, path]) => path);
  const runs = [
    ...(together.length > 0 ? [["-o", `${bin}/`, ...together]] : []),
    ...alone.map(([name, path]) => ["-o", join(bin, name), path]),
  ];
  // Two packages at a time: linking Kubernetes and Pulumi with one process for each core takes all of a laptop's memory.
  for (const run of runs)
    await goBuild(go, ["build", ...buildFlags(module), "-p=2", ...run], moduleDirectory, signal);
}

function goBuild(go: Go, args: string[], cwd: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    // The programs are for this machine, whatever the user compiles for.
    const host = { GOOS: undefined, GOARCH: undefined };
    const env = { ...process.env, ...host, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOWORK: "off" };
    const child = spawn(go.path, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const end = () => child.kill();
    process.once("exit", end);
    signal?.addEventListener("abort", end);
    child.once("close", () => {
      process.off("exit", end);
      signal?.removeEventListener("abort", end);
    });
    let output = "";
    const collect = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000));
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", reject);
    // Compilers that it has started may hold its output open.
    child.on("exit", () => signal?.aborted && reject(signal.reason as Error));
    child.on("close", (code, by) => {
      if (code === 0) resolve();
      else reject(new ToolsError(buildFailure(args, cwd, output, by)));
    });
  });
}

function buildFailure(args: string[], cwd: string, output: string, signal: NodeJS.Signals | null): string {
  const lines = output.split("\n").filter((line) => line && !line.startsWith("go: downloading"));
  const command = `cd ${cwd} && CGO_ENABLED=0 go ${args.map((arg) => (arg.includes(" ") ? `'${arg}'` : arg)).join(" ")}`;
  return [
    signal ? `go build was ended by ${signal}.` : "go build failed:",
    ...lines.slice(-20).map((line) => `  ${line}`),
    "To see it again:",
    `  ${command}`,
    "The modules come through Go's module proxy: check the network and GOPROXY, and that the disk has 5 GB free.",
  ].join("\n");
}
