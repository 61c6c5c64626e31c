/** Builds images by their recipes. */
import { LabError, type Log } from "../state";
import { ensureTools, findTools, ToolsError } from "../tools";
import { writeArchive } from "./archive";
import { contentVersion, layersOf, recipeKey, toolsOf, type Programs } from "./ingredients";
import { recipeFor, recipes, type Recipe } from "./recipes";
import { parseReference, versionOfTag } from "./reference";
import { entryName, megabytes, stored, storedImage, type Image } from "./store";

export interface BuildOptions {
  log: Log;
  signal?: AbortSignal;
}

/**
 * The image, from the cache or built now, or why it cannot be built.
 * @param programs those that are at hand; those that are built for it are added
 */
export async function buildImage(
  reference: string,
  programs: Programs,
  { log, signal }: BuildOptions,
): Promise<Image | string> {
  const { repository, tag, digest } = parseReference(reference);
  const recipe = recipeFor(repository);
  if (!recipe) return "the lab has no recipe to build it";
  // What is built here is never what the digest says.
  if (digest) return "an image named by a digest cannot be built";
  try {
    const there = builtEntry(recipe, reference, programs);
    const known = there && storedImage(there);
    if (known) return known;
    if (!there) Object.assign(programs, await ensureTools(toolsOf(recipe), { log, signal }));
    signal?.throwIfAborted();
    const entry = there ?? builtEntry(recipe, reference, programs);
    if (!entry) throw new Error(`${toolsOf(recipe).join(", ")} are there and not there.`);
    const waiting = (holder: number) => log(`Waiting for process ${holder}, which builds ${reference} ...`);
    return await stored({ entry, waiting, signal }, async (archive) => {
      const version = contentVersion(recipe, programs);
      const { id, size } = await writeArchive({
        layers: await layersOf(recipe, programs),
        config: recipe.config,
        references: [reference],
        target: archive,
        signal,
      });
      log(`Built the image ${reference} (${megabytes(size)}).`);
      return { reference, origin: "built", version, pinnedVersion: versionOfTag(tag), id, size };
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ToolsError || error instanceof LabError) return error.message;
    throw error;
  }
}

/** Name of the cache's entry for the image, or undefined when its programs are not at hand. */
export function builtEntry(recipe: Recipe, reference: string, programs: Programs): string | undefined {
  const key = recipeKey(recipe, reference, programs);
  return key && entryName("built", reference, key);
}

/** The programs that need not be built first. */
export function programsAtHand(): Programs {
  return findTools(recipes.flatMap(toolsOf));
}
