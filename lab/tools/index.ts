/** Finds or builds the programs that the lab and the tests run. */
import { join } from "node:path";
import { buildModule, findGo, goSuffices, requiredGo, ToolsError, type Go, type Log } from "./build";
import { cachedPrograms, cacheKey, pruneCache } from "./cache";
import { moduleOf, programsOf, toolModules, type ToolModule, type ToolName } from "./catalogue";
import { programsBeside, programsOnPath, type PathFinding } from "./path";

export { ToolsError } from "./build";
export type { ToolName } from "./catalogue";

export interface EnsureToolsOptions {
  /** Gets progress, a line at a time. @default standard error */
  log?: Log;
  /** Ends a build. */
  signal?: AbortSignal;
}

type Programs = Partial<Record<ToolName, string>>;

/** A module whose programs are neither on PATH nor in the cache. */
interface Missing {
  module: ToolModule;
  /** Why a program on PATH was not taken. */
  reason?: string;
}

/**
 * Paths of the programs: those in the cache, else suitable ones on PATH, else those that are built into the cache now.
 * @throws ToolsError naming all that is missing, when Go is needed and not there, or when a build fails; the signal's
 * reason when it is aborted
 */
export async function ensureTools<Name extends ToolName>(
  names: Name[],
  { log = (line) => process.stderr.write(`${line}\n`), signal }: EnsureToolsOptions = {},
): Promise<Record<Name, string>> {
  const wanted = new Set(names.map(moduleOf));
  const modules = toolModules.filter((module) => wanted.has(module));
  const go = findGo();
  const programs: Programs = {};
  const missing: Missing[] = [];
  for (const module of modules) {
    const wantedHere = programsOf(module).filter((name) => names.some((other) => other === name));
    const found = find(module, wantedHere, go);
    if (found.programs) Object.assign(programs, found.programs);
    else missing.push({ module, reason: found.reason });
  }
  if (missing.length > 0) {
    const able = requireGo(go, missing);
    for (const [index, { module }] of missing.entries()) {
      const position = `${index + 1} of ${missing.length}`;
      const args = {
        module,
        moduleDirectory: directoryOf(module),
        key: keyOf(module, able),
        go: able,
        log,
        position,
        signal,
      };
      Object.assign(programs, await buildModule(args));
    }
  }
  return programs as Record<Name, string>;
}

/** Paths of those of the programs that are there, in the cache or on PATH; nothing is built. */
export function findTools<Name extends ToolName>(names: Name[]): Partial<Record<Name, string>> {
  const go = findGo();
  const programs: Programs = {};
  for (const module of new Set(names.map(moduleOf))) {
    const wanted = programsOf(module).filter((name) => names.some((other) => other === name));
    Object.assign(programs, find(module, wanted, go).programs);
  }
  return programs;
}

/** Removes from the cache what this checkout does not use. Returns the names of what was removed. */
export function pruneTools(): string[] {
  const go = findGo();
  return go ? pruneCache(toolModules.map((module) => keyOf(module, go))) : [];
}

/** Where each program would come from now, for people. */
export function describeTools(): { name: ToolName; version: string; source: string }[] {
  const go = findGo();
  return toolModules.flatMap((module) => {
    const found = find(module, programsOf(module), go).programs;
    return programsOf(module).map((name) => ({
      name,
      version: module.version,
      source: found?.[name] ?? "not built",
    }));
  });
}

/** Where the wanted programs of a module are now, in the cache or on PATH. */
function find(module: ToolModule, wanted: ToolName[], go: Go | undefined): PathFinding {
  const cached = cachedIn(module, go);
  if (module.onPath && "beside" in module.onPath) {
    const leader = module.onPath.beside;
    const leaderModule = moduleOf(leader);
    const leaderPath = cachedIn(leaderModule, go)
      ? undefined
      : programsOnPath(leaderModule, undefined, [leader]).programs?.[leader];
    const companions = leaderPath ? programsBeside(leaderPath, wanted) : {};
    if (companions.programs) return companions;
    return cached ? { programs: cached } : companions;
  }
  return cached ? { programs: cached } : programsOnPath(module, undefined, wanted);
}

function cachedIn(module: ToolModule, go: Go | undefined): Programs | undefined {
  return go && cachedPrograms(module, keyOf(module, go));
}

function directoryOf(module: ToolModule): string {
  return join(__dirname, module.directory);
}

function keyOf(module: ToolModule, go: Go): string {
  return cacheKey(module, directoryOf(module), go.version);
}

function requireGo(go: Go | undefined, missing: Missing[]): Go {
  const required = missing
    .map(({ module }) => requiredGo(directoryOf(module)))
    .reduce((highest, next) => (goSuffices(`go${highest}`, next) ? highest : next));
  if (go && goSuffices(go.version, required)) return go;
  throw new ToolsError(
    [
      go
        ? `Go ${go.version.replace("go", "")} is too old to build:`
        : "Go is not on PATH, and these programs are missing:",
      ...missing.map(({ module, reason }) => {
        const line = `  ${programsOf(module).join(", ")} (${module.version})`;
        return reason ? `${line}: ${reason}` : line;
      }),
      `Install Go ${required} or later (https://go.dev/dl/), or put these programs on PATH, and run this again.`,
    ].join("\n"),
  );
}
