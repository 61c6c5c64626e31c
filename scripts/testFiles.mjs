// Which test command runs which files: `npm test` runs all that no other one names, so that none is forgotten.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const manifest = join(fileURLToPath(import.meta.url), "..", "..", "package.json");

/** Every test file of the project, as a pattern from its root. */
export const allTests = "test/**/*.test.ts";

/** The files or patterns that each further test command (`test:lab`, ...) of package.json names, by the command. */
export function otherTests() {
  const { scripts } = JSON.parse(readFileSync(manifest, "utf8"));
  return Object.fromEntries(
    Object.entries(scripts)
      .filter(([name]) => name.startsWith("test:"))
      .map(([name, command]) => [name, command.match(/(?<=^|[\s'"])test\/[^\s'"]+/g) ?? []]),
  );
}
