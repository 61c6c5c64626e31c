import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const script = join(__dirname, "..", "..", ".ci", "run");

interface Outcome {
  /** What npm prints. */
  says?: string;
  exitCode?: number;
}

describe(".ci/run", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "bilten-ci-"));
    mkdirSync(join(root, ".ci"));
    mkdirSync(join(root, "bin"));
    cpSync(script, join(root, ".ci", "run"));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Runs it with an `npm` that does this for `npm test` and the other test commands. */
  function runWith(test: Outcome, lab: Outcome, live: Outcome = { says: skipped }) {
    for (const [name, { says = "" }] of Object.entries({ test, lab, live }))
      writeFileSync(join(root, name), says);
    const npm = `#!/bin/sh
echo "$@" >> "${root}/calls"
case "$*" in
  test) cat "${root}/test"; exit ${test.exitCode ?? 0};;
  "run test:lab") cat "${root}/lab" >&2; exit ${lab.exitCode ?? 0};;
  "run test:live") cat "${root}/live"; exit ${live.exitCode ?? 0};;
esac
exit 99
`;
    writeFileSync(join(root, "bin", "npm"), npm, { mode: 0o755 });
    const env = { ...process.env, PATH: join(root, "bin") + delimiter + process.env["PATH"] };
    const { status, stdout } = spawnSync(join(root, ".ci", "run"), { env, encoding: "utf8" });
    const calls = readFileSync(join(root, "calls"), "utf8").trim().split("\n");
    return { status, lines: stdout.trimEnd().split("\n"), calls };
  }

  const mocha = (passing: number, failing = 0) =>
    `\n  ${passing} passing (2s)\n${failing ? `  ${failing} failing\n\n  1) a test\n` : ""}`;

  const skipped = "\n  0 passing (2ms)\n  1 pending\n";

  it("adds up what the commands say", () => {
    const { status, lines, calls } = runWith(
      { says: `${mocha(40)}types: ok (1 passed, 0 failed, 4 s)\nall checks: 43 passed, 0 failed\n` },
      { says: mocha(5) },
      { says: mocha(2) },
    );
    assert.equal(lines.at(-1), "50 passed, 0 failed");
    assert.equal(status, 0);
    assert.deepEqual(calls, ["test", "run test:lab", "run test:live"]);
  });

  it("runs the lab's tests though the others failed, and fails itself", () => {
    const { status, lines, calls } = runWith(
      { says: `${mocha(38, 2)}all checks: 41 passed, 2 failed\n`, exitCode: 1 },
      { says: mocha(7) },
    );
    assert.equal(lines.at(-1), "48 passed, 2 failed");
    assert.equal(status, 1);
    assert.equal(calls.length, 3);
  });

  it("counts the lab's failed tests", () => {
    const { status, lines } = runWith(
      { says: "all checks: 43 passed, 0 failed\n" },
      { says: mocha(5, 3), exitCode: 3 },
    );
    assert.equal(lines.at(-1), "48 passed, 3 failed");
    assert.equal(status, 1);
  });

  it("shows again at the end what failed, and why", () => {
    const { lines } = runWith(
      { says: `${mocha(38, 2)}       the reason\nall checks: 41 passed, 2 failed\n`, exitCode: 1 },
      { says: "npm error code E404\n", exitCode: 1 },
      { says: mocha(7) },
    );
    const end = lines.slice(lines.indexOf("+ npm test failed:"));
    for (const line of [
      "  1) a test",
      "       the reason",
      "+ npm run test:lab failed:",
      "npm error code E404",
    ])
      assert.ok(end.includes(line), `"${line}" in:\n${end.join("\n")}`);
    assert.ok(!end.some((line) => line.includes("38 passing")));
    assert.ok(!end.some((line) => line.includes("test:live failed")));
  });

  it("says the sum once, alone on the last line, whatever the commands end with", () => {
    const { lines } = runWith(
      { says: "all checks: 43 passed, 0 failed" },
      { says: `${mocha(7)}no end of line` },
    );
    const sums = lines.filter((line) => /^\d+ passed, \d+ failed$/.test(line));
    assert.deepEqual(sums, ["50 passed, 0 failed"]);
    assert.equal(lines.at(-1), sums[0]);
  });

  it("counts a command that fails without having run a test as one failure", () => {
    const { status, lines } = runWith({ says: "npm error code E404\n", exitCode: 1 }, { exitCode: 127 });
    assert.equal(lines.at(-1), "0 passed, 2 failed");
    assert.equal(status, 1);
  });

  it("counts a command that succeeds without having run a test as one failure", () => {
    const { status, lines } = runWith({ says: "all checks: 43 passed, 0 failed\n" }, { says: mocha(0) });
    assert.equal(lines.at(-1), "43 passed, 1 failed");
    assert.equal(status, 1);
  });

  it("accepts a command whose tests are all skipped, and says nothing of a sum for it", () => {
    const { status, lines } = runWith(
      { says: "all checks: 43 passed, 0 failed\n" },
      { says: mocha(7) },
      { says: skipped },
    );
    assert.equal(lines.at(-1), "50 passed, 0 failed");
    assert.equal(status, 0);
  });

  it("counts a crash after tests that all passed", () => {
    const { lines } = runWith(
      { says: "all checks: 43 passed, 0 failed\n", exitCode: 134 },
      { says: mocha(7) },
    );
    assert.equal(lines.at(-1), "50 passed, 1 failed");
  });

  it("is not misled by colours, nor by what tests print", () => {
    const { lines } = runWith(
      { says: "all checks: 43 passed, 0 failed\n" },
      {
        says: `3 passing\n  the update: 5 created, 9 failed\n\u001b[92m \u001b[0m\u001b[32m 7 passing\u001b[0m (3s)\n`,
      },
    );
    assert.equal(lines.at(-1), "50 passed, 0 failed");
  });
});
