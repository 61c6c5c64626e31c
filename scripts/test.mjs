// `npm test`: type-check, lint, format and all tests that need no cluster, side by side, with one summary.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allTests, otherTests } from "./testFiles.mjs";

const root = join(fileURLToPath(import.meta.url), "..", "..");
/** The program of a package, without npx, which takes half a second to find it. */
const program = (file) => [process.execPath, join(root, "node_modules", file)];

const tests = {
  name: "tests",
  command: [
    ...program("mocha/bin/mocha.js"),
    "--no-color",
    "--parallel",
    // One more than the cores that are asked for: many tests wait for programs and time limits.
    "--jobs=3",
    ...(process.env.CI ? ["--forbid-only"] : []),
    // Those of the other commands need a cluster.
    ...Object.values(otherTests())
      .flat()
      .map((tests) => `--ignore=${tests}`),
    allTests,
  ],
  counts: true,
};
const typesAndLint = {
  name: "types and lint",
  command: [process.execPath, join(root, "scripts", "typesAndLint.mjs")],
};
const format = {
  name: "format",
  command: [...program("prettier/bin/prettier.cjs"), "--check", "--log-level=warn", "--cache", "."],
};

const running = new Set();

/** Runs a check and returns how many of its tests passed and failed; what is no test runner counts as one test. */
function run({ name, command, counts }) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: "1" },
    });
    running.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (chunk) => (output += chunk));
    }
    child.on("close", (code) => {
      running.delete(child);
      const number = (word) =>
        Number([...output.matchAll(new RegExp(`^\\s+(\\d+) ${word}`, "gm"))].at(-1)?.[1] ?? 0);
      const ok = code === 0 && (!counts || number("passing") > 0);
      const passed = counts ? number("passing") : Number(ok);
      const failed = counts ? Math.max(number("failing"), Number(!ok)) : Number(!ok);
      const seconds = ((Date.now() - started) / 1000).toFixed(0);
      if (!ok || counts) process.stdout.write(`${output.trimEnd()}\n`);
      console.log(`${name}: ${ok ? "ok" : "FAILED"} (${passed} passed, ${failed} failed, ${seconds} s)`);
      resolve({ passed, failed });
    });
  });
}

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  process.on(signal, () => {
    for (const child of running) child.kill("SIGTERM");
    process.exit(exitCode);
  });
}

// The tests take longest; the others follow one another beside them.
const started = Date.now();
const results = await Promise.all([
  run(tests),
  [typesAndLint, format].reduce(
    async (earlier, check) => [...(await earlier), await run(check)],
    Promise.resolve([]),
  ),
]);
const sum = (key) => results.flat().reduce((total, result) => total + result[key], 0);
console.log(`Took ${((Date.now() - started) / 1000).toFixed(0)} s.`);
console.log(`all checks: ${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") > 0 ? 1 : 0;
