import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildModule, findGo, goSuffices, requiredGo, ToolsError } from "../../lab/tools/build";
import { cachedPrograms } from "../../lab/tools/cache";
import type { ToolModule } from "../../lab/tools/catalogue";
import { Machine, rootProgram, twoPrograms } from "./fakes";

describe("building a tool", () => {
  let machine: Machine;
  let lines: string[];

  beforeEach(() => {
    machine = new Machine();
    lines = [];
  });

  afterEach(() => machine.remove());

  function build(module: ToolModule = twoPrograms) {
    const go = findGo() ?? assert.fail("no Go");
    const log = (line: string) => void lines.push(line);
    return buildModule({
      module,
      moduleDirectory: machine.addModule(),
      key: "key",
      go,
      log,
      position: "1 of 1",
    });
  }

  it("makes all programs of a module and says what it builds and how long it took", async () => {
    machine.addGo();
    const programs = await build();
    assert.deepEqual(Object.keys(programs).sort(), ["prometheus", "promtool"]);
    for (const program of Object.values(programs)) assert.ok(existsSync(program), program);
    assert.match(lines[0] ?? "", /^Building promtool, prometheus 3\.14\.0 \(1 of 1\)/);
    assert.match(lines.at(-1) ?? "", /^Built promtool, prometheus 3\.14\.0 in \d+ s\./);
  });

  it("names a program otherwise than its package where it has to", async () => {
    machine.addGo();
    const { etcd = "" } = await build(rootProgram);
    assert.equal(etcd, join(machine.tools, "key", "bin", "etcd"));
    assert.ok(existsSync(etcd));
  });

  it("builds nothing the second time", async () => {
    machine.addGo();
    const first = await build();
    assert.deepEqual(await build(), first);
    assert.equal(machine.builds().length, 1);
  });

  it("builds reproducibly from the committed checksums", async () => {
    machine.addGo();
    await build();
    for (const flag of ["-mod=readonly", "-trimpath", "-buildvcs=false"])
      assert.ok(machine.builds()[0]?.includes(flag), flag);
  });

  it("leaves nothing behind when it fails, and says why and how to see it again", async () => {
    machine.addGo("go1.99.0", "echo 'undefined: frobnicate' >&2; exit 1");
    await assert.rejects(build(), (error: Error) => {
      assert.ok(error instanceof ToolsError);
      assert.match(error.message, /undefined: frobnicate/);
      assert.match(error.message, /go build -mod=readonly/);
      assert.match(error.message, /GOPROXY/);
      return true;
    });
    assert.deepEqual(readdirSync(machine.tools), []);
  });

  it("builds again after a failure", async () => {
    machine.addGo("go1.99.0", "exit 1");
    await assert.rejects(build());
    machine.addGo();
    await build();
    assert.ok(cachedPrograms(twoPrograms, "key"));
  });

  it("does not count as done when only some of its programs were made", async () => {
    machine.addGo("go1.99.0", `mkdir -p '${machine.folder}/x'; exit 1`);
    mkdirSync(join(machine.tools, "key", "bin"), { recursive: true });
    assert.equal(cachedPrograms(twoPrograms, "key"), undefined);
    machine.addGo();
    await build();
    assert.ok(cachedPrograms(twoPrograms, "key"));
  });

  it("is done once by two that ask for it at once in one process", async () => {
    machine.addGo("go1.99.0", "sleep 0.3");
    const [one, other] = await Promise.all([build(), build()]);
    assert.deepEqual(one, other);
    assert.equal(machine.builds().length, 1);
  });

  describe("from processes of their own", function () {
    this.timeout(120_000);

    /** A process that builds the module; its end, with what it printed. */
    function builder() {
      const script = `
        const { buildModule, findGo } = require(${JSON.stringify(join(__dirname, "../../lab/tools/build"))});
        const { twoPrograms } = require(${JSON.stringify(join(__dirname, "fakes"))});
        buildModule({
          module: twoPrograms, moduleDirectory: process.argv[1], key: "key", go: findGo(),
          log: (line) => console.log(line), position: "1 of 1",
        }).catch((error) => { console.log(error.message); process.exitCode = 1; });`;
      const args = ["--require", "./scripts/typescript.cjs", "--eval", script, machine.addModule()];
      const child = spawn(process.execPath, args, { cwd: join(__dirname, "../.."), stdio: "pipe" });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
      const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
        child.on("close", (code) => resolve({ code, output })),
      );
      const printed = async (word: string) => {
        while (!output.includes(word)) {
          assert.equal(child.exitCode, null, output);
          await sleep(20);
        }
      };
      return { child, ended, printed };
    }

    it("is done once, and the others wait and say for whom", async () => {
      const release = join(machine.folder, "release");
      // The build takes until the second process waits for it, however slow the machine is.
      machine.addGo("go1.99.0", `while [ ! -e '${release}' ]; do sleep 0.1; done`);
      const first = builder();
      await first.printed("Building");
      const second = builder();
      await second.printed("Waiting");
      writeFileSync(release, "");
      const [one, other] = await Promise.all([first.ended, second.ended]);
      assert.deepEqual([one.code, other.code], [0, 0], one.output + other.output);
      assert.match(other.output, new RegExp(`Waiting for process ${first.child.pid}, which builds promtool`));
      assert.equal(machine.builds().length, 1);
    });

    it("is done anew when the one that was building it was killed", async () => {
      machine.addGo("go1.99.0", "sleep 1");
      const first = builder();
      await first.printed("Building");
      first.child.kill("SIGKILL");
      await first.ended;
      assert.equal(cachedPrograms(twoPrograms, "key"), undefined);
      machine.addGo();
      const { code, output } = await builder().ended;
      assert.equal(code, 0, output);
      assert.ok(cachedPrograms(twoPrograms, "key"));
    });
  });
});

describe("Go", () => {
  let machine: Machine;

  beforeEach(() => {
    machine = new Machine();
  });

  afterEach(() => machine.remove());

  it("is found on PATH with its version", () => {
    machine.addGo("go1.26.1");
    assert.deepEqual(findGo(), { path: join(machine.bin, "go"), version: "go1.26.1" });
  });

  it("is not there when PATH has none, or one that does not run", () => {
    assert.equal(findGo(), undefined);
    machine.addProgram("go", "exit 1");
    assert.equal(findGo(), undefined);
  });

  it("is asked for in the version of go.mod", () => {
    assert.equal(requiredGo(machine.addModule("1.25.7")), "1.25.7");
  });

  for (const [version, required, enough] of [
    ["go1.26.1", "1.25.0", true],
    ["go1.25.0", "1.25.0", true],
    ["go1.25", "1.25.0", true],
    ["go1.24.9", "1.25.0", false],
    ["go1.25.1", "1.25.2", false],
    ["go1.9.9", "1.25.0", false],
    ["go2.0.0", "1.25.0", true],
  ] as const)
    it(`${version} is ${enough ? "new enough" : "too old"} for ${required}`, () => {
      assert.equal(goSuffices(version, required), enough);
    });
});
