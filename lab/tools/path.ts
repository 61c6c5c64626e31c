import { execFileSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
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

/** The programs of a module on PATH, when all are there in a suitable version. */
export function programsOnPath(module: ToolModule, path = process.env.PATH ?? ""): PathFinding {
  const programs: Partial<Record<ToolName, string>> = {};
  for (const name of programsOf(module)) {
    const program = findOnPath(name, path);
    if (!program) return {};
    programs[name] = program;
  }
  for (const [name, program] of Object.entries(programs)) {
    const { versionArgs, from, below } = module.onPath;
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

function printedVersion(program: string, args: string[]): string {
  try {
    return execFileSync(program, args, {
      encoding: "utf8",
      timeout: 10_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch {
    return "";
  }
}
