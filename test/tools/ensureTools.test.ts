import assert from "node:assert/strict";
import { join } from "node:path";
import { describeTools, ensureTools, pruneTools, ToolsError } from "../../lab/tools";
import { programsOnPath, versionIn } from "../../lab/tools/path";
import { Machine, twoPrograms } from "./fakes";

describe("the tools", () => {
  let machine: Machine;
  let lines: string[];
  const log = (line: string) => void lines.push(line);

  beforeEach(() => {
    machine = new Machine();
    lines = [];
  });

  afterEach(() => machine.remove());

  describe("on a machine with neither Go nor tools", () => {
    it("are named in one message, with the remedy", async () => {
      await assert.rejects(ensureTools(["promtool", "amtool", "etcd"], { log }), (error: Error) => {
        assert.ok(error instanceof ToolsError);
        assert.match(error.message, /^Go is not on PATH, and these programs are missing:/);
        for (const name of ["promtool", "amtool", "etcd"]) assert.ok(error.message.includes(name), name);
        assert.match(error.message, /Install Go 1\.\d+(\.\d+)? or later \(https:\/\/go\.dev\/dl\/\)/);
        assert.match(error.message, /put these programs on PATH/);
        return true;
      });
    });

    it("are no matter when none is wanted", async () => {
      assert.deepEqual(await ensureTools([], { log }), {});
    });
  });

  it("cannot be built by a Go that is too old, and the message says which is needed", async () => {
    machine.addGo("go1.9.0");
    await assert.rejects(
      ensureTools(["amtool"], { log }),
      /Go 1\.9\.0 is too old to build:\n.*amtool.*\nInstall Go 1\.\d+/,
    );
    assert.deepEqual(machine.builds(), []);
  });

  it("are built when Go is there, with progress, and not a second time", async () => {
    machine.addGo();
    const { amtool, etcd } = await ensureTools(["etcd", "amtool"], { log });
    for (const path of [amtool, etcd]) assert.ok(path.startsWith(machine.tools), path);
    assert.ok(
      lines.some((line) => /Building amtool .*\(1 of 2\)/.test(line)),
      lines.join("\n"),
    );
    assert.ok(
      lines.some((line) => /Building etcd .*\(2 of 2\)/.test(line)),
      lines.join("\n"),
    );
    lines = [];
    const again = await ensureTools(["etcd", "amtool"], { log });
    assert.deepEqual(again, { amtool, etcd });
    assert.deepEqual(lines, []);
    assert.equal(machine.builds().length, 2);
  });

  it("are built anew with another Go", async () => {
    machine.addGo("go1.98.0");
    const first = await ensureTools(["amtool"], { log });
    machine.addGo("go1.99.0");
    assert.notDeepEqual(await ensureTools(["amtool"], { log }), first);
    assert.equal(machine.builds().length, 2);
  });

  it("are pruned of what another Go built", async () => {
    machine.addGo("go1.98.0");
    await ensureTools(["amtool"], { log });
    machine.addGo("go1.99.0");
    const { amtool } = await ensureTools(["amtool"], { log });
    assert.equal(pruneTools().length, 1);
    assert.deepEqual(await ensureTools(["amtool"], { log }), { amtool });
    assert.equal(machine.builds().length, 2);
  });

  describe("on PATH", () => {
    it("are used when they are suitable, without Go", async () => {
      const amtool = machine.addVersion("amtool", "amtool, version 0.31.0 (branch: HEAD)");
      assert.deepEqual(await ensureTools(["amtool"], { log }), { amtool });
    });

    it("are used before any is built", async () => {
      machine.addGo();
      const amtool = machine.addVersion("amtool", "amtool, version 0.31.0 (branch: HEAD)");
      assert.deepEqual(await ensureTools(["amtool"], { log }), { amtool });
      assert.deepEqual(machine.builds(), []);
    });

    it("are refused with the reason when the version is too old", async () => {
      const amtool = machine.addVersion("amtool", "amtool, version 0.15.2 (branch: HEAD)");
      const reason = `${amtool} has version 0.15; 0.28 or later, before 1.0, is needed`;
      await assert.rejects(ensureTools(["amtool"], { log }), (error: Error) =>
        error.message.includes(reason),
      );
    });

    it("are refused when the version is too new", async () => {
      machine.addVersion("amtool", "amtool, version 1.0.0");
      await assert.rejects(ensureTools(["amtool"], { log }), /has version 1\.0; 0\.28 or later, before 1\.0/);
    });

    it("are refused when they do not tell their version", async () => {
      machine.addProgram("amtool", "exit 3");
      await assert.rejects(ensureTools(["amtool"], { log }), /has no version that it would tell/);
    });

    it("are replaced by built ones when they are refused", async () => {
      machine.addGo();
      machine.addVersion("amtool", "amtool, version 0.15.2");
      const { amtool } = await ensureTools(["amtool"], { log });
      assert.ok(amtool.startsWith(machine.tools));
    });

    it("are used only together when they belong together", () => {
      machine.addVersion("promtool", "promtool, version 3.14.0");
      assert.deepEqual(programsOnPath(twoPrograms), {});
      machine.addVersion("prometheus", "prometheus, version 3.14.0");
      assert.deepEqual(programsOnPath(twoPrograms), {
        programs: { promtool: join(machine.bin, "promtool"), prometheus: join(machine.bin, "prometheus") },
      });
    });

    it("are not taken for tools when they cannot be run", () => {
      machine.addVersion("promtool", "3.14.0");
      machine.addVersion("prometheus", "3.14.0");
      assert.deepEqual(programsOnPath(twoPrograms, join(machine.folder, "elsewhere")), {});
    });
  });

  it("are listed with where each comes from", () => {
    const amtool = machine.addVersion("amtool", "amtool, version 0.31.0");
    const listed = new Map(describeTools().map(({ name, source }) => [name, source]));
    assert.equal(listed.get("amtool"), amtool);
    assert.equal(listed.get("etcd"), "not built");
  });
});

describe("the version in what a program prints", () => {
  for (const [printed, version] of [
    ["prometheus, version 3.14.0 (branch: HEAD, revision: abc)", [3, 14]],
    ["etcd Version: 3.6.16\nGit SHA: abc", [3, 6]],
    ["Kubernetes v1.34.1", [1, 34]],
    ["v3.259.0", [3, 259]],
    ["no version", undefined],
  ] as const)
    it(`is ${version?.join(".") ?? "none"} in "${printed.split("\n")[0]}"`, () => {
      assert.deepEqual(versionIn(printed), version);
    });
});
