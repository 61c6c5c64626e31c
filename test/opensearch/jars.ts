/** The jars of the tests' OpenSearch: from Maven Central, checked against checksums.txt, kept in the cache. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { LabError, type Log } from "../../lab/state";
import { cacheDirectory, temporaryEntry, withLock } from "../../lab/tools/cache";
import { findOnPath } from "../../lab/tools/path";

/** What is needed to run it. */
export interface OpenSearchFiles {
  java: string;
  classPath: string;
}

export interface FetchOptions {
  log: Log;
  signal?: AbortSignal;
  /** Where programs are looked for. @default PATH */
  path?: string;
  /** Of the entries. @default `opensearch` in the cache */
  directory?: string;
}

const sources = ["pom.xml", "checksums.txt", "OpenSearch.java"];
const neededJava = 17;
const limitSeconds = 600;

/**
 * The files of OpenSearch, fetched and compiled at the first call: 53 MB, in about 10 s. The entry in the cache is
 * named after all that it is made of.
 * @throws LabError when Java or Maven is missing, when Maven fails, or when a jar is not the one that it should be
 */
export async function openSearchFiles({
  log,
  signal,
  path = process.env.PATH ?? "",
  directory = join(cacheDirectory(), "opensearch"),
}: FetchOptions): Promise<OpenSearchFiles> {
  const java = await suitableJava(path, signal);
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(join(__dirname, source))).update("\0");
  const key = hash.digest("hex").slice(0, 12);
  const entry = join(directory, key);
  const files = { java, classPath: [join(entry, "classes"), join(entry, "lib", "*")].join(delimiter) };
  if (existsSync(entry)) return files;

  const javac = needed("javac", path, `a Java development kit, ${neededJava} or later`);
  const maven = needed("mvn", path, "Apache Maven, 3.6 or later");
  const work = async () => {
    if (existsSync(entry)) return;
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    log("Fetching OpenSearch (53 MB of jars) ...");
    const progress = setInterval(() => log(`  ... OpenSearch: ${seconds()} s`), 15_000);
    const temporary = temporaryEntry(directory);
    try {
      await download(maven, join(temporary, "lib"), signal);
      checkJars(join(temporary, "lib"), readFileSync(join(__dirname, "checksums.txt"), "utf8"));
      await compile(javac, temporary, signal);
      renameSync(temporary, entry);
    } finally {
      clearInterval(progress);
      rmSync(temporary, { recursive: true, force: true });
    }
    log(`Fetched OpenSearch in ${seconds()} s.`);
  };
  mkdirSync(directory, { recursive: true });
  await withLock(key, (holder) => log(`Waiting for process ${holder}, which fetches OpenSearch ...`), work, {
    directory,
    signal,
  });
  return files;
}

/**
 * Compares the jars of a folder with their SHA-256 checksums, as `sha256sum` prints them.
 * @throws LabError that names what is missing, different, or not expected
 */
export function checkJars(directory: string, checksums: string): void {
  const expected = new Map(
    checksums
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(/\s+/))
      .map(([sum = "", name = ""]) => [name, sum]),
  );
  const found = readdirSync(directory).sort();
  const problems = [
    ...[...expected.keys()].filter((name) => !found.includes(name)).map((name) => `${name} is missing`),
    ...found.flatMap((name) => {
      const sum = createHash("sha256")
        .update(readFileSync(join(directory, name)))
        .digest("hex");
      if (!expected.has(name)) return [`${name} is not expected`];
      return expected.get(name) === sum ? [] : [`${name} has the checksum ${sum}`];
    }),
  ];
  if (problems.length === 0) return;
  throw new LabError(
    `The jars of OpenSearch are not those of test/opensearch/checksums.txt: ${problems.join("; ")}. ` +
      "Check the Maven repository that ~/.m2/settings.xml names.",
  );
}

/** The `major` of what `java -version` prints, or undefined. */
export function javaVersion(printed: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(printed);
  return match ? Number(match[1]) : undefined;
}

async function suitableJava(path: string, signal?: AbortSignal): Promise<string> {
  const java = needed("java", path, `Java ${neededJava} or later`);
  const { output } = await run(java, ["-version"], signal);
  const version = javaVersion(output);
  if (version !== undefined && version >= neededJava) return java;
  throw new LabError(
    `OpenSearch needs Java ${neededJava} or later; ${java} is ${version ?? "of an unknown version"}. ` +
      "Install a later one, or put it first on PATH.",
  );
}

function needed(program: string, path: string, what: string): string {
  const found = findOnPath(program, path);
  if (found) return found;
  throw new LabError(`OpenSearch needs ${what}: no ${program} is on PATH. Install it and try again.`);
}

async function download(maven: string, directory: string, signal?: AbortSignal): Promise<void> {
  const { failure, output } = await run(
    maven,
    [
      "--batch-mode",
      "--quiet",
      "--strict-checksums",
      `--file=${join(__dirname, "pom.xml")}`,
      "dependency:copy-dependencies",
      "-DincludeScope=runtime",
      `-DoutputDirectory=${directory}`,
    ],
    signal,
  );
  if (!failure) return;
  throw new LabError(
    `Maven could not fetch OpenSearch (${failure}):\n${lastLines(output)}\n` +
      "Check the network, and the mirror that ~/.m2/settings.xml names.",
  );
}

async function compile(javac: string, directory: string, signal?: AbortSignal): Promise<void> {
  const { failure, output } = await run(
    javac,
    [
      ...["--release", String(neededJava), "-proc:none", "-cp", join(directory, "lib", "*")],
      ...["-d", join(directory, "classes"), join(__dirname, "OpenSearch.java")],
    ],
    signal,
  );
  if (failure) throw new LabError(`${javac} could not compile OpenSearch.java:\n${lastLines(output)}`);
}

function lastLines(output: string): string {
  return output.trim().split("\n").slice(-15).join("\n");
}

/** Runs a program to its end, within 10 minutes. */
function run(
  program: string,
  args: string[],
  signal?: AbortSignal,
): Promise<{ failure?: string; output: string }> {
  return new Promise((resolve, reject) => {
    const options = { signal, timeout: limitSeconds * 1000, maxBuffer: 16 * 1024 * 1024 };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const ended = error?.killed ? `no end within ${limitSeconds} s` : `exit code ${error?.code}`;
      resolve({ failure: error ? ended : undefined, output: `${stdout}${stderr}` });
    });
  });
}
