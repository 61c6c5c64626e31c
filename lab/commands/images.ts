import { pruneImages, storedImages } from "../images";
import { wantedImages } from "../nodes/choose";
import { pruneTools } from "../tools";
import { mebibytes, table } from "./table";

/** Prints which images are at hand, and where they come from. */
export function images(): number {
  const stored = storedImages();
  const rows = wantedImages().map((reference) => {
    const image = stored.find((other) => other.reference === reference);
    return image
      ? [reference, image.origin, image.version, mebibytes(image.size)]
      : [reference, "not at hand", "-", "-"];
  });
  for (const line of table([["image", "origin", "version", "size"], ...rows])) console.log(line);
  return 0;
}

/** Removes tools and images from the cache that this checkout does not use. */
export function prune(): number {
  const removed = [...pruneTools(), ...pruneImages(wantedImages())];
  console.log(removed.length > 0 ? `Removed ${removed.join(", ")}.` : "Nothing to remove.");
  return 0;
}
