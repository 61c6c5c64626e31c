import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { programsOf, type ToolModule, type ToolName } from "./catalogue";

/** Folder of everything that is built once and shared by all checkouts: `$XDG_CACHE_HOME/bilten-monitoring`. */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "bilten-monitoring");
}

/** Where the built tools are. */
export function toolsDirectory(): string {
  return join(cacheDirectory(), "tools");
}

/** Arguments of `go build` that make what is built independent of the machine's paths, and small. */
export function buildFlags(module: ToolModule): string[] {
  const stamps = (module.stamps ?? []).map((stamp) => `-X ${stamp}`);
  return [
    "-mod=readonly",
    "-trimpath",
    "-buildvcs=false",
    `-ldflags=${["-s", "-w", ...stamps].join(" ")}`,
    ...(module.tags ? [`-tags=${module.tags.join(",")}`] : []),
  ];
}

/**
 * Name of a module's entry in the cache. It changes with everything that the programs are made of: the module's
 * dependencies with their checksums, sources of our own, the flags, the compiler and the platform.
 */
export function cacheKey(module: ToolModule, moduleDirectory: string, goVersion: string): string {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", ...ownSources(moduleDirectory)])
    hash.update(readIfThere(join(moduleDirectory, file))).update("\0");
  hash.update(
    JSON.stringify([module.packages, buildFlags(module), goVersion, process.platform, process.arch]),
  );
  return `${module.name ?? module.directory}-${module.version}-${hash.digest("hex").slice(0, 12)}`;
}

/** `tools.go` only names the programs of other modules. */
function ownSources(moduleDirectory: string): string[] {
  return readdirSync(moduleDirectory)
    .filter((file) => file.endsWith(".go") && file !== "tools.go")
    .sort();
}

/** The programs of an entry, or undefined when it is not there. An entry is renamed into place, so it is never half there. */
export function cachedPrograms(
  module: ToolModule,
  key: string,
): Partial<Record<ToolName, string>> | undefined {
  const bin = join(toolsDirectory(), key, "bin");
  const programs = programsOf(module).map((name): [ToolName, string] => [name, join(bin, name)]);
  return programs.every(([, path]) => existsSync(path)) ? Object.fromEntries(programs) : undefined;
}

/**
 * A new folder to build in, in the cache, so that it can be renamed into an entry. Clears what killed builds left.
 * @param directory of the entries; default: that of the tools
 */
export function temporaryEntry(directory = toolsDirectory()): string {
  removeEntries(directory, (entry) => entry.startsWith(building) && !isBeingBuilt(entry));
  return mkdtempSync(join(directory, `${building}${process.pid}-`));
}

/**
 * Removes all entries but the named ones, and what interrupted builds left. Returns what was removed.
 * @param directory of the entries; default: that of the tools
 */
export function pruneCache(keep: string[], directory = toolsDirectory()): string[] {
  return removeEntries(
    directory,
    (entry) => !keep.includes(entry) && !entry.endsWith(".lock") && !isBeingBuilt(entry),
  );
}

const building = ".building-";

/** Whether an entry is the folder in which a running process builds. */
function isBeingBuilt(entry: string): boolean {
  return entry.startsWith(building) && isRunning(parseInt(entry.slice(building.length), 10));
}

function removeEntries(directory: string, unwanted: (entry: string) => boolean): string[] {
  if (!existsSync(directory)) return [];
  const removed = readdirSync(directory).filter(unwanted);
  for (const entry of removed) rmSync(join(directory, entry), { recursive: true, force: true });
  return removed;
}

export interface LockOptions {
  /** Of the lock's file. @default that of the tools */
  directory?: string;
  /** Ends the wait for the lock. */
  signal?: AbortSignal;
}

/**
 * Runs `work` while no other process does so under the same name. A lock whose process is gone is taken over, and so
 * is one that was not renewed for a minute: after a restart of the machine its number may be another process's.
 */
export async function withLock<T>(
  name: string,
  waiting: (holder: number) => void,
  work: () => Promise<T>,
  { directory = toolsDirectory(), signal }: LockOptions = {},
): Promise<T> {
  mkdirSync(directory, { recursive: true });
  const lock = join(directory, `${name}.lock`);
  let told = false;
  while (!tryLock(lock)) {
    const holder = Number(readIfThere(lock));
    // The moment between making the file and writing the process into it is no reason to take a lock over.
    if ((!isRunning(holder) && isOlder(lock, 1000)) || isOlder(lock, 60_000)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) waiting(holder);
    told = true;
    await sleep(500, undefined, { signal });
  }
  const renewal = setInterval(() => renew(lock), 5000);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    rmSync(lock, { force: true });
  }
}

function tryLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function renew(lock: string): void {
  try {
    utimesSync(lock, new Date(), new Date());
  } catch {
    // It was removed by hand: the work goes on.
  }
}

function isOlder(lock: string, milliseconds: number): boolean {
  const status = statSync(lock, { throwIfNoEntry: false });
  return status !== undefined && Date.now() - status.mtimeMs > milliseconds;
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
