import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { LabError } from "../state";

/** Up to glibc 2.33, looking up names takes libraries that are loaded at that moment and not named before. */
const lookups = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

/**
 * Paths of the shared libraries that a program loads, and of the loader; none for a static program.
 * @throws LabError when they cannot be found out, or one is missing
 */
export async function sharedLibraries(program: string): Promise<string[]> {
  const printed = await ldd(program);
  if (printed === undefined) return [];
  const missing = /^\s*(\S+) => not found/m.exec(printed)?.[1];
  if (missing) throw new LabError(`${program} needs ${missing}, which is not on this machine.`);
  const paths = printed.split("\n").flatMap((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  const folders = new Set(paths.filter((path) => /\/libc\.so/.test(path)).map((path) => dirname(path)));
  const more = [...folders].flatMap((folder) => lookups.map((name) => join(folder, name)));
  return [...new Set([...paths, ...more.filter((path) => existsSync(path))])];
}

/** What `ldd` says, or undefined for a program that loads nothing. */
async function ldd(program: string): Promise<string | undefined> {
  try {
    return (
      await promisify(execFile)("ldd", [program], { timeout: 10_000, env: { ...process.env, LC_ALL: "C" } })
    ).stdout;
  } catch (error) {
    const { stderr = "", stdout = "", message } = error as Error & { stderr?: string; stdout?: string };
    if (/not a dynamic executable|Not a valid dynamic program/i.test(stderr + stdout)) return undefined;
    throw new LabError(
      `Which libraries ${program} needs cannot be found out: ${message.trim()}. Install ldd (it comes with the C library).`,
    );
  }
}
