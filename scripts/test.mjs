// `npm test`: type-check, lint, format and all tests that need no cluster, side by side, with one summary.
import { spawn } from "node:child_process";

const checks = [
  { name: "types", command: ["npx", "tsc", "--project", "."] },
  {
    name: "lint",
    command: ["npx", "eslint", "--cache", "--cache-location", "node_modules/.cache/eslint/", "."],
  },
  { name: "format", command: ["npx", "prettier", "--check", "--log-level", "warn", "."] },
  {
    name: "tests",
    command: [
      "npx",
      "mocha",
      "--parallel",
      "--jobs",
      "2",
      ...(process.env.CI ? ["--forbid-only"] : []),
      "test/{components,config,dashboards,rendered,rules,tools,unit}/**/*.test.ts",
    ],
    counts: true,
  },
];

function run({ name, command, counts }) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: "0" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("close", (code) => {
      const number = (word) => Number(new RegExp(`^\\s*(\\d+) ${word}`, "m").exec(output)?.[1] ?? 0);
      const ok = code === 0;
      const passed = counts ? number("passing") : Number(ok);
      const failed = counts ? Math.max(number("failing"), Number(!ok)) : Number(!ok);
      const seconds = ((Date.now() - started) / 1000).toFixed(0);
      if (!ok || counts) process.stdout.write(`${output.trimEnd()}\n`);
      console.log(`${name}: ${ok ? "ok" : "FAILED"} (${passed} passed, ${failed} failed, ${seconds} s)`);
      resolve({ passed, failed });
    });
  });
}

const interrupt = (signal) => process.exit(signal === "SIGINT" ? 130 : 143);
process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);

// The tests and the type-check take longest and run at once; the others follow beside the tests.
const [tests, ...others] = [checks[3], checks[0], checks[1], checks[2]];
const results = await Promise.all([
  run(tests),
  others.reduce(async (earlier, check) => [...(await earlier), await run(check)], Promise.resolve([])),
]);
const all = results.flat();
const sum = (key) => all.reduce((total, result) => total + result[key], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") > 0 ? 1 : 0;
