import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, isAlive, programOf } from "../../lab/parts/process";
import { LabError } from "../../lab/state";
import { startOpenSearch } from ".";
import { checkJars, javaVersion, openSearchFiles } from "./jars";

const project = join(__dirname, "..", "..");
const log = () => undefined;

describe("the OpenSearch of the tests", function () {
  this.timeout(600_000);
  const { TMPDIR } = process.env;
  let temporary: string;

  // Others on this machine may start theirs at the same time.
  before(() => {
    temporary = mkdtempSync(join(tmpdir(), "opensearch-start-"));
    process.env.TMPDIR = temporary;
  });

  after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(temporary, { recursive: true, force: true });
  });

  const dataFolders = () => readdirSync(temporary).filter((name) => name.startsWith("bilten-opensearch-"));

  describe("whose jars are fetched once", () => {
    let folder: string;
    const path = () => join(folder, "bin");
    const fake = (name: string, script: string) => {
      writeFileSync(join(path(), name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(path(), name), 0o755);
    };
    const fetchFiles = () => openSearchFiles({ log, path: path(), directory: join(folder, "cache") });

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "opensearch-jars-"));
      mkdirSync(path());
    });

    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it("names what is missing on PATH", async () => {
      await assert.rejects(fetchFiles(), {
        name: "LabError",
        message: /needs Java 17 or later: no java is on/,
      });
      fake("java", "echo 'openjdk version \"17.0.1\"' >&2");
      await assert.rejects(fetchFiles(), { name: "LabError", message: /no javac is on PATH/ });
      fake("javac", "exit 0");
      await assert.rejects(fetchFiles(), { name: "LabError", message: /needs Apache Maven.*no mvn is on/ });
    });

    it("refuses a Java that is too old", async () => {
      fake("java", "echo 'openjdk version \"1.8.0_392\"' >&2");
      await assert.rejects(fetchFiles(), { name: "LabError", message: /needs Java 17 or later; .* is 8/ });
    });

    it("shows what Maven said when it fails, and leaves nothing half done", async () => {
      fake("java", "echo 'openjdk version \"17.0.1\"' >&2");
      fake("javac", "exit 0");
      fake("mvn", "echo no route to host; exit 1");
      await assert.rejects(fetchFiles(), { name: "LabError", message: /\(exit code 1\):\nno route to host/ });
      assert.deepEqual(readdirSync(join(folder, "cache")), []);
    });

    it("knows its jars by their checksums", () => {
      const jar = (name: string, content: string) => writeFileSync(join(path(), name), content);
      const sum = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
      jar("a.jar", "a");
      checkJars(path(), `${sum}  a.jar\n`);
      assert.throws(() => checkJars(path(), `${sum}  a.jar\n${sum}  b.jar\n`), /b\.jar is missing/);
      jar("b.jar", "b");
      assert.throws(() => checkJars(path(), `${sum}  a.jar\n`), /b\.jar is not expected/);
      assert.throws(
        () => checkJars(path(), `${sum}  a.jar\n${sum}  b.jar\n`),
        (error: unknown) => error instanceof LabError && /b\.jar has the checksum 3e23e8/.test(error.message),
      );
    });

    it("has a checksum for every jar", () => {
      const lines = readFileSync(join(__dirname, "checksums.txt"), "utf8").trim().split("\n");
      assert.ok(lines.length > 50);
      for (const line of lines) assert.match(line, /^[0-9a-f]{64} {2}[\w.-]+\.jar$/);
    });

    it("reads Java's version as old and new ones print it", () => {
      assert.equal(javaVersion('openjdk version "17.0.15" 2025-04-15'), 17);
      assert.equal(javaVersion('openjdk version "21" 2023-09-19'), 21);
      assert.equal(javaVersion('java version "1.8.0_392"'), 8);
      assert.equal(javaVersion("command not found"), undefined);
    });
  });

  it("answers on loopback, and leaves nothing behind when it is stopped", async () => {
    const server = await startOpenSearch({ log: console.log });
    try {
      assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
      const answer = (await (await fetch(server.url)).json()) as { version: { number: string } };
      assert.equal(answer.version.number, "2.19.1");
    } finally {
      await server.stop();
    }
    await assert.rejects(fetch(server.url));
    assert.deepEqual(dataFolders(), []);
    await server.stop();
  });

  it("says why it did not start", async () => {
    await assert.rejects(startOpenSearch({ log, host: "256.0.0.1" }), (error: unknown) => {
      assert.ok(error instanceof LabError);
      assert.match(error.message, /256\.0\.0\.1/);
      return true;
    });
  });

  it("is stopped when its start takes too long", async () => {
    await assert.rejects(startOpenSearch({ log, startSeconds: 0.2 }), /did not start within 0\.2 s/);
    assert.deepEqual(dataFolders(), []);
  });

  it("is stopped by an abort, while it starts", async () => {
    const abort = new AbortController();
    const start = startOpenSearch({ log, signal: abort.signal });
    await sleep(1000);
    abort.abort(new Error("enough"));
    await assert.rejects(start, /enough/);
    assert.deepEqual(dataFolders(), []);
  });

  it("ends with the process that started it, even when that is killed", async () => {
    const script = `
      const { startOpenSearch } = require("./test/opensearch");
      void startOpenSearch({ log: () => undefined }).then(() => console.log("up"));
      setTimeout(() => undefined, 1e6);`;
    const parent = spawn(process.execPath, ["--require", "./scripts/typescript.cjs", "-e", script], {
      cwd: project,
    });
    await new Promise<void>((resolve) => parent.stdout.once("data", () => resolve()));
    const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(parent.pid)], { encoding: "utf8" });
    // The loader of TypeScript may have a process of its own, too.
    const server = children
      .split("\n")
      .filter((line) => programOf(Number(line)) === "java")
      .map((line) => identify(Number(line)))
      .find((identity) => identity !== undefined);
    assert.ok(server);
    parent.kill("SIGKILL");
    for (let waited = 0; isAlive(server) && waited < 15_000; waited += 100) await sleep(100);
    assert.ok(!isAlive(server), "it still runs");
    assert.deepEqual(dataFolders(), []);
  });
});
