import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const script = join(__dirname, "..", "..", "scripts", "setup.mjs");

/** An `npm` that says when it was called, and takes its time or fails when it is told to. */
const npm = `#!/bin/sh
echo "$@" >> "$ROOT/calls"
[ -e "$ROOT/fail" ] && exit 3
[ -e "$ROOT/slow" ] && sleep 0.3
rm -rf "$ROOT/node_modules"
mkdir "$ROOT/node_modules"
`;

describe("the set-up of a clone", function () {
  this.timeout(30_000);
  let root: string;
  let env: NodeJS.ProcessEnv;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "bilten-setup-"));
    mkdirSync(join(root, "scripts"));
    mkdirSync(join(root, "bin"));
    cpSync(script, join(root, "scripts", "setup.mjs"));
    writeFileSync(join(root, "package-lock.json"), "{}");
    writeFileSync(join(root, "bin", "npm"), npm, { mode: 0o755 });
    env = {
      ...process.env,
      NODE_OPTIONS: "",
      ROOT: root,
      PATH: join(root, "bin") + delimiter + process.env["PATH"],
    };
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const setUp = (...options: string[]) =>
    spawnSync(process.execPath, [...options, join(root, "scripts", "setup.mjs")], { env, encoding: "utf8" });
  const calls = () =>
    existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8").trim().split("\n") : [];
  const locks = () => readdirSync(root).filter((file) => file.startsWith(".setup.lock"));

  it("installs what the lockfile names, and says so", () => {
    const { status, stdout, stderr } = setUp();
    assert.equal(status, 0, stderr);
    assert.equal(stdout, "", "standard output belongs to the command that follows");
    assert.match(stderr, /Installing the dependencies[^]*Installed in \d+ s/);
    assert.match(calls()[0] ?? "", /^ci /);
    assert.deepEqual(locks(), []);
  });

  it("does nothing, silently, when they are installed", () => {
    setUp();
    const { status, stderr } = setUp();
    assert.deepEqual([status, stderr, calls().length], [0, "", 1]);
  });

  it("installs again when the lockfile has changed, and when the folder is gone", () => {
    setUp();
    writeFileSync(join(root, "package-lock.json"), "{ }");
    setUp();
    assert.equal(calls().length, 2);
    rmSync(join(root, "node_modules"), { recursive: true });
    setUp();
    assert.equal(calls().length, 3);
  });

  it("installs once when two commands start at the same time", async () => {
    writeFileSync(join(root, "slow"), "");
    const ended = [1, 2].map(
      () =>
        new Promise<number | null>((resolve) => {
          spawn(process.execPath, [join(root, "scripts", "setup.mjs")], { env, stdio: "ignore" }).on(
            "close",
            resolve,
          );
        }),
    );
    assert.deepEqual(await Promise.all(ended), [0, 0]);
    assert.equal(calls().length, 1);
    assert.deepEqual(locks(), []);
  });

  it("fails when npm does, says what to do, and tries again the next time", () => {
    writeFileSync(join(root, "fail"), "");
    const { status, stderr } = setUp();
    assert.equal(status, 1);
    assert.match(stderr, /npm ci failed.*network.*run this again/);
    assert.deepEqual(locks(), []);
    rmSync(join(root, "fail"));
    assert.equal(setUp().status, 0);
    assert.equal(calls().length, 2);
  });

  it("is not held up by one that was killed while it installed", () => {
    const dead = spawnSync(process.execPath, ["--version"]).pid;
    mkdirSync(join(root, ".setup.lock"));
    writeFileSync(join(root, ".setup.lock", "pid"), String(dead));
    const { status, stderr } = setUp();
    assert.equal(status, 0, stderr);
    assert.equal(calls().length, 1);
    assert.deepEqual(locks(), []);
  });

  it("refuses an old Node by its version, and names the one that is needed", () => {
    const old = `data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "20.18.3" } })`;
    const { status, stderr } = setUp("--import", old);
    assert.equal(status, 1);
    assert.match(stderr, /Node 20\.19 or later is needed; this is 20\.18\.3/);
    assert.deepEqual(calls(), []);
  });
});
