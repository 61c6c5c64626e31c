import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";

const project = join(__dirname, "..", "..");

interface TestFiles {
  allTests: string;
  otherTests(): Record<string, string[]>;
}

/** Mocha's own search, so that patterns mean here what they mean to the commands. */
interface Search {
  lookupFiles(pattern: string, extensions: string[]): string[];
}

/** Neither has types. */
const load = async (file: string): Promise<unknown> => import(pathToFileURL(file).href);

describe("every test file", () => {
  /** Files by the command that runs them. */
  const runBy = new Map<string, string[]>();

  before(async () => {
    const { allTests, otherTests } = (await load(join(project, "scripts", "testFiles.mjs"))) as TestFiles;
    const { lookupFiles } = (await load(require.resolve("mocha/lib/cli/lookup-files.js"))) as Search;
    const find = (pattern: string) =>
      lookupFiles(join(project, pattern), [".ts"]).map((file) => relative(project, file));
    for (const [command, patterns] of Object.entries(otherTests()))
      runBy.set(command, patterns.flatMap(find));
    const others = [...runBy.values()].flat();
    runBy.set(
      "test",
      find(allTests).filter((file) => !others.includes(file)),
    );
  });

  it("is run by one test command, and not by two", () => {
    const files = readdirSync(join(project, "test"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => ["test", ...file.split(sep)].join("/"));
    assert.ok(files.length > 40, `only ${files.length} are found`);
    assert.deepEqual([...runBy.values()].flat().sort(), files.sort());
  });

  it("is run by continuous integration", () => {
    const lines = readFileSync(join(project, ".ci", "run"), "utf8").split("\n");
    for (const [command, files] of runBy) {
      assert.ok(files.length > 0, `${command} names no test file`);
      const npm = command === "test" ? "npm test" : `npm run ${command}`;
      const line = `run "${npm}" ${npm}`;
      assert.ok(
        lines.some((text) => `${text.trim()} `.startsWith(`${line} `)),
        `.ci/run has no line: ${line}`,
      );
    }
  });

  it("that starts a cluster is not run by npm test", () => {
    const starting = (runBy.get("test") ?? []).filter((file) =>
      /\b(startControlPlane|freshCluster|testProgram)\(/.test(readFileSync(join(project, file), "utf8")),
    );
    assert.deepEqual(starting, [], "name them in test:lab of package.json");
  });
});
