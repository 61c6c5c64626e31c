/** Where archives are kept: in the cache, each in a folder with what is known of it. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../state";
import { cacheDirectory, temporaryEntry, withLock } from "../tools/cache";
import { imageArchitecture } from "./archive";
import { parseReference } from "./reference";

/** An image that can be loaded. */
export interface Image {
  /** As the manifests name it. */
  reference: string;
  origin: "pulled" | "built";
  /** What is in it, without a leading `v`; "stand-in" for a program of the lab's own. */
  version: string;
  /** The version that the reference names. */
  pinnedVersion: string;
  /** Path of the archive. */
  archive: string;
  /** Digest of the image's configuration, `sha256:…`. */
  id: string;
  /** Of the archive, in bytes. */
  size: number;
}

/** A number of bytes, for people. */
export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;
}

/** Folder of all archives. */
export function imagesDirectory(): string {
  return join(cacheDirectory(), "images");
}

/** Name of an entry: readable, and another one for each key. */
export function entryName(origin: Image["origin"], reference: string, key: string): string {
  const { repository, tag } = parseReference(reference);
  const readable = `${repository.split("/").at(-1)}-${tag}`.replaceAll(/[^\w.-]/g, "_");
  return `${origin}-${readable}-${key}`;
}

/** A tag is pinned: what was pulled once is not asked for again. */
export function pulledEntryName(reference: string): string {
  const hash = createHash("sha256").update(JSON.stringify([reference, imageArchitecture()]));
  return entryName("pulled", reference, hash.digest("hex").slice(0, 12));
}

/** The image of an entry, or undefined when it is not there. */
export function storedImage(entry: string): Image | undefined {
  const folder = join(imagesDirectory(), entry);
  const archive = join(folder, "image.tar");
  const known = readJson<Omit<Image, "archive">>(join(folder, "image.json"));
  return known && existsSync(archive) ? { ...known, archive } : undefined;
}

/** All images in the cache. */
export function storedImages(): (Image & { entry: string })[] {
  if (!existsSync(imagesDirectory())) return [];
  return readdirSync(imagesDirectory())
    .sort()
    .flatMap((entry) => {
      const image = storedImage(entry);
      return image ? [{ ...image, entry }] : [];
    });
}

export interface StoreOptions {
  entry: string;
  /** Called when another process, of this number, makes the same entry. */
  waiting: (holder: number) => void;
  signal?: AbortSignal;
}

/** An entry of the cache: it is made once, however many processes want it, and it is never half there. */
export async function stored(
  { entry, waiting, signal }: StoreOptions,
  make: (archive: string) => Promise<Omit<Image, "archive">>,
): Promise<Image> {
  const directory = imagesDirectory();
  mkdirSync(directory, { recursive: true });
  const work = async () => {
    const there = storedImage(entry);
    if (there) return there;
    const temporary = temporaryEntry(directory);
    try {
      const known = await make(join(temporary, "image.tar"));
      writeFileSync(join(temporary, "image.json"), `${JSON.stringify(known, undefined, 2)}\n`);
      rmSync(join(directory, entry), { recursive: true, force: true });
      renameSync(temporary, join(directory, entry));
      return { ...known, archive: join(directory, entry, "image.tar") };
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  };
  return withLock(entry, waiting, work, { directory, signal });
}
