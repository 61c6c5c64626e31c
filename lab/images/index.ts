/** The images that real pods can be made from: pulled where a registry answers, else built from programs. */
import type { Log } from "../state";
import { pruneCache } from "../tools/cache";
import { buildImage, builtEntry, programsAtHand } from "./build";
import { pullImages, type Pulled } from "./pull";
import { recipeFor } from "./recipes";
import { parseReference } from "./reference";
import { imagesDirectory, pulledEntryName, storedImage, type Image } from "./store";

export { nodeImage, pauseImage } from "./recipes";
export { storedImages, type Image } from "./store";

export interface EnsureImagesArgs {
  /** As the manifests name them. */
  references: string[];
  /** Whether registries are asked. What was pulled before is used in any case. */
  pull: boolean;
  /** Ask registries also when they have not answered within the last hour. @default false */
  again?: boolean;
  /** How long a registry may take for its first answer. @default 5 */
  contactSeconds?: number;
  /** How long the transfer of an image may stand still. @default 60 */
  stallSeconds?: number;
  log: Log;
  signal?: AbortSignal;
}

export interface MissingImage {
  reference: string;
  reason: string;
}

export interface Images {
  /** In the order of the references. */
  images: Image[];
  missing: MissingImage[];
}

/**
 * Gets the images: those that were pulled before, else from their registries, else built as far as there is a recipe.
 * What cannot be had is missing, with the reason, and is no error.
 * @throws the signal's reason when it is aborted
 */
export async function ensureImages(args: EnsureImagesArgs): Promise<Images> {
  const references = [...new Set(args.references)];
  if (process.platform !== "linux") {
    const reason = `images are made and run on Linux, and this is ${process.platform}`;
    return { images: [], missing: references.map((reference) => ({ reference, reason })) };
  }
  const found = new Map<string, Image>();
  const reasons = new Map<string, string>();
  for (const reference of references) {
    const image = storedImage(pulledEntryName(reference));
    if (image) found.set(reference, image);
  }
  const wanted = references.filter((reference) => !found.has(reference));
  const pulled = await pullWanted(wanted, args);
  for (const image of pulled.images) found.set(image.reference, image);
  const rest = wanted.filter((reference) => !found.has(reference));
  const programs = rest.length > 0 ? programsAtHand() : {};
  for (const reference of rest) {
    args.signal?.throwIfAborted();
    const outcome = await buildImage(reference, programs, args);
    if (typeof outcome === "string")
      reasons.set(reference, [pulled.reasons.get(reference), outcome].filter(Boolean).join("; "));
    else found.set(reference, outcome);
  }
  return {
    images: references.flatMap((reference) => found.get(reference) ?? []),
    missing: [...reasons].map(([reference, reason]) => ({ reference, reason })),
  };
}

async function pullWanted(wanted: string[], args: EnsureImagesArgs): Promise<Pulled> {
  const { again = false, contactSeconds = 5, stallSeconds = 60, log, signal } = args;
  // In an archive, an image is known by its tag.
  const tagged = wanted.filter((reference) => !parseReference(reference).digest);
  if (args.pull && tagged.length > 0)
    return pullImages(tagged, { again, contactSeconds, stallSeconds, log, signal });
  const reasons = wanted.map((reference): [string, string] => [
    reference,
    args.pull ? "images named by a digest are not pulled" : "not pulled, as was asked for",
  ]);
  return { images: [], reasons: new Map(reasons) };
}

/**
 * Removes the archives that are not, or no longer, what these references are made from.
 * @returns names of what was removed
 */
export function pruneImages(references: string[]): string[] {
  const programs = programsAtHand();
  const keep = references.map((reference) => {
    const pulled = pulledEntryName(reference);
    if (storedImage(pulled)) return pulled;
    const recipe = recipeFor(parseReference(reference).repository);
    return recipe && builtEntry(recipe, reference, programs);
  });
  return pruneCache(
    keep.filter((entry) => entry !== undefined),
    imagesDirectory(),
  );
}
