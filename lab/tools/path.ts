import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cacheDirectory } from "./cache";
import { programsOf, type ToolModule, type ToolName } from "./catalogue";

/** The first executable file of that name on PATH. */
export function findOnPath(name: string, path = process.env.PATH ?? ""): string | undefined {
  for (const directory of path.split(delimiter).filter(Boolean)) {
    const candidate = join(directory, name);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** `major.minor` of the first version in a text, or undefined. */
export function versionIn(text: string): [number, number] | undefined {
  const match = /\bv?(\d+)\.(\d+)(?:\.\d+)?/.exec(text);
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

function atLeast(version: [number, number], bound: string): boolean {
  const [major = 0, minor = 0] = bound.split(".").map(Number);
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

export type PathFinding =
  | { programs: Partial<Record<ToolName, string>> }
  /** Why what is on PATH cannot be used; undefined when nothing is there. */
  | { programs?: undefined; reason?: string };

/**
 * The programs of a module on PATH, when all of the wanted ones are there in a suitable version.
 * @param wanted default: all that the module has
 */
export function programsOnPath(
  module: ToolModule,
  path = process.env.PATH ?? "",
  wanted = programsOf(module),
): PathFinding {
  const { onPath } = module;
  if (!onPath) return {};
  if ("beside" in onPath) {
    const leader = findOnPath(onPath.beside, path);
    return leader ? programsBeside(leader, wanted) : {};
  }
  const { versionArgs, from, below } = onPath;
  const programs: Partial<Record<ToolName, string>> = {};
  for (const name of wanted) {
    const program = findOnPath(name, path);
    if (!program) return {};
    programs[name] = program;
  }
  for (const [name, program] of Object.entries(programs)) {
    // kubectl asks a server for its version too, unless told not to.
    const args = name === "kubectl" ? ["version", "--client"] : versionArgs;
    const printed = printedVersion(program, args);
    const version = versionIn(printed);
    if (!version || !atLeast(version, from) || atLeast(version, below)) {
      const found = version ? `version ${version.join(".")}` : "no version that it would tell";
      return { reason: `${program} has ${found}; ${from} or later, before ${below}, is needed` };
    }
  }
  return { programs };
}

/** The programs in the folder of another one; also in that which a link to it leads to, as installers place them. */
export function programsBeside(leader: string, wanted: ToolName[]): PathFinding {
  for (const folder of [dirname(leader), dirname(realpathSync(leader))]) {
    const found = wanted.map((name) => [name, findOnPath(name, folder)] as const);
    if (found.every(([, program]) => program)) return { programs: Object.fromEntries(found) };
  }
  return { reason: `${wanted.join(", ")} is not beside ${leader}` };
}

/** What a program prints for these arguments, or "" when it fails. Remembered until the program's file changes. */
function printedVersion(program: string, args: string[]): string {
  const { mtimeMs, size } = statSync(program);
  const key = JSON.stringify([program, mtimeMs, size, args]);
  const remembered = rememberedVersions();
  const known = remembered[key];
  if (known) return known;
  try {
    const printed = execFileSync(program, args, {
      encoding: "utf8",
      timeout: 10_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (printed) rememberVersions({ ...remembered, [key]: printed.slice(0, 500) });
    return printed;
  } catch {
    return "";
  }
}

/** Asking a dozen programs for their versions takes a second: their answers are kept beside the built tools. */
function versionsFile(): string {
  return join(cacheDirectory(), "versions-on-path.json");
}

function rememberedVersions(): Record<string, string | undefined> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(versionsFile(), "utf8"));
    const entries = typeof parsed === "object" && parsed ? Object.entries(parsed) : [];
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return {};
  }
}

function rememberVersions(versions: Record<string, string | undefined>): void {
  const temporary = `${versionsFile()}.${process.pid}`;
  try {
    mkdirSync(cacheDirectory(), { recursive: true });
    writeFileSync(temporary, JSON.stringify(versions));
    renameSync(temporary, versionsFile());
  } catch {
    // A cache that cannot be written to costs time only.
  }
}
