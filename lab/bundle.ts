/** Makes one file of a Node.js program in TypeScript and the packages that it uses. */
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

const checkout = dirname(__dirname);

/** esbuild comes with tsx; of its types only this one call is needed. */
interface Bundler {
  build(options: Record<string, unknown>): Promise<{ outputFiles: { text: string }[] }>;
}

/**
 * The program, as a CommonJS module without dependencies.
 * @param entry the file that starts it
 * @param banner first line of the result, such as `#!/usr/bin/node`
 */
export async function bundle(entry: string, banner = ""): Promise<string> {
  const fromTsx = createRequire(createRequire(__filename).resolve("tsx/package.json"));
  const { build } = fromTsx("esbuild") as Bundler;
  const { outputFiles } = await build({
    entryPoints: [entry],
    write: false,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    minifyWhitespace: true,
    // Some libraries look at the names of classes.
    keepNames: true,
    logLevel: "silent",
    ...(banner && { banner: { js: banner } }),
  });
  return outputFiles.map(({ text }) => text).join("");
}

/**
 * Changes with the TypeScript sources in a folder and with the versions of all packages.
 * @returns 16 hexadecimal digits
 */
export function bundleKey(sources: string): string {
  const hash = createHash("sha256");
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => join(sources, name));
  for (const file of [...files, join(checkout, "package-lock.json"), __filename]) {
    hash.update(relative(checkout, file)).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}
