/** From what a recipe names to the files of an image. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { bundle, bundleKey } from "../bundle";
import type { ToolName } from "../tools";
import { toolsDirectory } from "../tools/cache";
import { moduleOf } from "../tools/catalogue";
import { imageArchitecture, type LayerEntry } from "./archive";
import { sharedLibraries } from "./libraries";
import type { Ingredient, Recipe } from "./recipes";

/** Paths of programs. */
export type Programs = Partial<Record<ToolName, string>>;

/** Changes when archives are to be written anew though nothing that they are made of has changed. */
const format = 1;

/** The tools that a recipe needs. */
export function toolsOf(recipe: Recipe): ToolName[] {
  return recipe.layers.flat().flatMap((ingredient) => ("tool" in ingredient ? [ingredient.tool] : []));
}

/**
 * Changes with everything that the image is made of.
 * @returns 12 hexadecimal digits, or undefined when one of its programs is not there
 */
export function recipeKey(recipe: Recipe, reference: string, programs: Programs): string | undefined {
  const parts: unknown[] = [format, reference, recipe.config, imageArchitecture()];
  for (const ingredient of recipe.layers.flat()) {
    const program = programOf(ingredient, programs);
    if ("tool" in ingredient && !program) return undefined;
    parts.push(ingredient);
    if (program) parts.push(fileIdentity(program));
    if ("bundle" in ingredient) parts.push(bundleKey(dirname(ingredient.bundle)));
  }
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

/** The program that the lab runs on, with symbolic links followed. */
const ownNode = () => realpathSync(process.execPath);

function programOf(ingredient: Ingredient, programs: Programs): string | undefined {
  if ("node" in ingredient) return ownNode();
  return "tool" in ingredient ? programs[ingredient.tool] : undefined;
}

/** Reading a hundred megabytes to know that nothing has changed would cost every start a second. */
function fileIdentity(path: string): unknown {
  const { size, mtimeMs } = statSync(path);
  return [path, size, mtimeMs];
}

/**
 * The files of each layer. A program that loads shared libraries brings them along.
 * @throws LabError when a library is missing, Error when a program of ours cannot be bundled
 */
export async function layersOf(recipe: Recipe, programs: Programs): Promise<LayerEntry[][]> {
  const layers: LayerEntry[][] = [];
  for (const layer of recipe.layers) {
    const entries: LayerEntry[] = [];
    for (const ingredient of layer) entries.push(...(await entriesOf(ingredient, programs)));
    layers.push(entries);
  }
  return layers;
}

async function entriesOf(ingredient: Ingredient, programs: Programs): Promise<LayerEntry[]> {
  const path = ingredient.at;
  if ("folder" in ingredient) return [{ path, ...ingredient.folder }];
  if ("content" in ingredient) return [{ path, mode: 0o644, source: { content: ingredient.content } }];
  if ("bundle" in ingredient) {
    const content = await bundle(ingredient.bundle, "#!/usr/local/bin/node");
    return [{ path, mode: 0o755, source: { content } }];
  }
  const program = programOf(ingredient, programs);
  if (!program) throw new Error(`No program for ${path}.`);
  const libraries = (await sharedLibraries(program)).map((library): LayerEntry => {
    return { path: library, mode: 0o755, source: { file: realpathSync(library) } };
  });
  return [{ path, mode: 0o755, source: { file: program } }, ...libraries];
}

/** Version of what the image holds, without a leading `v`; "stand-in" for a program of the lab's own. */
export function contentVersion({ version }: Recipe, programs: Programs): string {
  if (version === "stand-in") return version;
  if ("node" in version) return process.versions.node;
  const module = moduleOf(version.tool);
  const program = programs[version.tool];
  // Those that were built have the version that they were built from.
  if (!program || program.startsWith(toolsDirectory())) return module.version;
  const args = module.onPath && "versionArgs" in module.onPath ? module.onPath.versionArgs : ["--version"];
  const printed = execFileSync(program, args, { encoding: "utf8", timeout: 10_000 });
  return /\bv?(\d+\.\d+(?:\.\d+)?)/.exec(printed)?.[1] ?? module.version;
}
