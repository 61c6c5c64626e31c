import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Lists the files of the last run, so that the next one removes those, and nothing else, that are no longer made. */
const manifest = ".rendered";

/** Thrown for a folder that holds something else; nothing was written. */
export class FolderError extends Error {
  override name = "FolderError";
}

/**
 * Whether `writeFolder` may write here, to be asked before work that takes time.
 * @throws FolderError when the folder holds files that no earlier run wrote
 */
export function checkFolder(folder: string): void {
  earlierFiles(folder);
}

/**
 * Makes the folder hold exactly these files. What an earlier run wrote and this one does not is removed.
 * @throws FolderError when the folder holds files that no earlier run wrote
 */
export function writeFolder(folder: string, files: Map<string, string>): void {
  const earlier = earlierFiles(folder);
  mkdirSync(folder, { recursive: true });
  for (const file of earlier) if (!files.has(file)) rmSync(join(folder, file), { force: true });
  // The list comes first: an interrupted run leaves nothing that the next one does not know to be its own.
  writeFileSync(join(folder, manifest), [...new Set([...earlier, ...files.keys()])].join("\n") + "\n");
  for (const [file, content] of files) writeFileSync(join(folder, file), content);
  writeFileSync(join(folder, manifest), [...files.keys()].join("\n") + "\n");
}

function earlierFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  if (!statSync(folder).isDirectory()) throw new FolderError(`${folder} is a file; name a folder.`);
  const present = readdirSync(folder).filter((file) => file !== manifest);
  const listed = existsSync(join(folder, manifest))
    ? readFileSync(join(folder, manifest), "utf8").split("\n").filter(Boolean)
    : [];
  const foreign = present.filter((file) => !listed.includes(file));
  if (foreign.length > 0) {
    throw new FolderError(
      `${folder} holds files that were not rendered (${foreign.slice(0, 3).join(", ")}${foreign.length > 3 ? ", ..." : ""}); name a new or empty folder.`,
    );
  }
  return listed.filter((file) => !file.includes("/") && !file.includes(".."));
}
