import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureTools } from "../../lab/tools";
import { buildModule, findGo } from "../../lab/tools/build";
import { pruneCache, temporaryEntry, withLock } from "../../lab/tools/cache";
import { toolModules, type ToolModule } from "../../lab/tools/catalogue";
import { programsOnPath } from "../../lab/tools/path";
import { Machine, twoPrograms } from "../tools/fakes";

describe("tools that go together", () => {
  let machine: Machine;
  const log = () => undefined;
  const pair = ["pulumi", "pulumi-language-nodejs"] as const;

  beforeEach(() => {
    machine = new Machine();
  });

  afterEach(() => machine.remove());

  it("take the language host beside the Pulumi on PATH, which tells no version", async () => {
    machine.addGo();
    const pulumi = machine.addVersion("pulumi", "v3.250.0");
    const host = machine.addProgram("pulumi-language-nodejs", "exit 2");
    const tools = await ensureTools([...pair], { log });
    assert.deepEqual(tools, { pulumi, "pulumi-language-nodejs": host });
    assert.deepEqual(machine.builds(), []);
  });

  it("take the language host beside the Pulumi on PATH though another was built before", async () => {
    machine.addGo();
    await ensureTools(["pulumi-language-nodejs"], { log });
    machine.addVersion("pulumi", "v3.250.0");
    const host = machine.addProgram("pulumi-language-nodejs", "exit 2");
    assert.equal((await ensureTools([...pair], { log }))["pulumi-language-nodejs"], host);
  });

  it("find the language host where a link named pulumi leads", async () => {
    const folder = join(machine.folder, "installed");
    mkdirSync(folder);
    machine.addVersion("../installed/pulumi", "v3.250.0");
    machine.addProgram("../installed/pulumi-language-nodejs", "exit 2");
    symlinkSync(join(folder, "pulumi"), join(machine.bin, "pulumi"));
    const tools = await ensureTools([...pair], { log });
    assert.equal(tools["pulumi-language-nodejs"], join(folder, "pulumi-language-nodejs"));
  });

  it("build the language host for a Pulumi on PATH that has none", async () => {
    machine.addGo();
    const pulumi = machine.addVersion("pulumi", "v3.250.0");
    const tools = await ensureTools([...pair], { log });
    assert.equal(tools.pulumi, pulumi);
    assert.ok(tools["pulumi-language-nodejs"].startsWith(machine.tools));
  });

  it("leave the language host of a Pulumi that is too old alone, and build both", async () => {
    machine.addGo();
    machine.addVersion("pulumi", "v3.100.0");
    machine.addProgram("pulumi-language-nodejs", "exit 2");
    const tools = await ensureTools([...pair], { log });
    for (const path of Object.values(tools)) assert.ok(path.startsWith(machine.tools), path);
  });

  it("need only those on PATH that are wanted", async () => {
    const promtool = machine.addVersion("promtool", "promtool, version 3.14.0");
    assert.deepEqual(await ensureTools(["promtool"], { log }), { promtool });
  });

  it("come from one source: a control plane that is partly on PATH is built as a whole", async () => {
    machine.addGo();
    for (const name of ["kube-apiserver", "kube-scheduler"]) machine.addVersion(name, "Kubernetes v1.34.1");
    const names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] as const;
    const tools = await ensureTools([...names], { log });
    for (const name of names) assert.ok(tools[name].startsWith(machine.tools), tools[name]);
  });
});

describe("the versions of programs on PATH", () => {
  let machine: Machine;

  beforeEach(() => {
    machine = new Machine();
    machine.addVersion("prometheus", "prometheus, version 3.14.0");
  });

  afterEach(() => machine.remove());

  const asked = () => readFileSync(join(machine.folder, "asked"), "utf8").trim().split("\n").length;
  const addCounting = (version: string) =>
    machine.addProgram(
      "promtool",
      `echo x >> '${machine.folder}/asked'\necho 'promtool, version ${version}'`,
    );

  it("are asked for once", () => {
    addCounting("3.14.0");
    for (let times = 0; times < 3; times++) assert.ok(programsOnPath(twoPrograms).programs);
    assert.equal(asked(), 1);
  });

  it("are asked for again when the program is another", () => {
    const promtool = addCounting("3.14.0");
    assert.ok(programsOnPath(twoPrograms).programs);
    addCounting("2.99.0");
    utimesSync(promtool, 1, 1);
    const found = programsOnPath(twoPrograms);
    assert.match("reason" in found ? (found.reason ?? "") : "", /has version 2\.99/);
    assert.equal(asked(), 2);
  });

  it("are asked for anew when what was remembered cannot be read", () => {
    addCounting("3.14.0");
    mkdirSync(join(machine.folder, "cache", "bilten-monitoring"), { recursive: true });
    writeFileSync(join(machine.folder, "cache", "bilten-monitoring", "versions-on-path.json"), "{");
    assert.ok(programsOnPath(twoPrograms).programs);
  });
});

describe("builds side by side", () => {
  let machine: Machine;

  beforeEach(() => {
    machine = new Machine();
    mkdirSync(machine.tools, { recursive: true });
  });

  afterEach(() => machine.remove());

  it("survive pruning while their process runs", () => {
    const mine = temporaryEntry();
    assert.deepEqual(pruneCache([]), []);
    assert.ok(existsSync(mine));
  });

  it("clear away what a killed build left", () => {
    const left = join(machine.tools, `.building-${2 ** 22 + 1}-abc`);
    mkdirSync(left);
    temporaryEntry();
    assert.ok(!existsSync(left));
  });

  it("take over a lock that was not renewed for a minute, though its number is a running process's", async () => {
    const lock = join(machine.tools, "key.lock");
    writeFileSync(lock, String(process.pid));
    const minuteAgo = Date.now() / 1000 - 61;
    utimesSync(lock, minuteAgo, minuteAgo);
    const waited: number[] = [];
    await withLock(
      "key",
      (holder) => waited.push(holder),
      () => Promise.resolve(),
    );
    assert.deepEqual(waited, []);
  });

  it("compile two packages at a time, for this machine's platform", async () => {
    const target = process.env.GOOS;
    process.env.GOOS = "plan9";
    try {
      machine.addGo("go1.99.0", `echo "GOOS=$GOOS" >> '${machine.folder}/platform'`);
      const go = findGo() ?? assert.fail("no Go");
      const moduleDirectory = machine.addModule();
      await buildModule({ module: twoPrograms, moduleDirectory, key: "key", go, log: () => 0, position: "" });
      assert.match(machine.builds()[0] ?? "", / -p=2 /);
      assert.equal(readFileSync(join(machine.folder, "platform"), "utf8"), "GOOS=\n");
    } finally {
      if (target === undefined) delete process.env.GOOS;
      else process.env.GOOS = target;
    }
  });
});

describe("the catalogue of tools", () => {
  const folderOf = ({ directory }: ToolModule) => join(__dirname, "../../lab/tools", directory);
  const isOwn = (module: ToolModule) => !existsSync(join(folderOf(module), "tools.go"));

  for (const module of toolModules.filter(isOwn))
    it(`builds ${module.directory} from sources of its own`, () => {
      const folder = folderOf(module);
      const own = /^module (\S+)$/m.exec(readFileSync(join(folder, "go.mod"), "utf8"))?.[1];
      assert.deepEqual(Object.values(module.packages), [own]);
      assert.match(readFileSync(join(folder, "main.go"), "utf8"), /^package main$/m);
    });

  for (const module of toolModules)
    it(`builds ${module.name ?? module.directory} from modules whose checksums are committed`, () => {
      const folder = folderOf(module);
      const requirements = readFileSync(join(folder, "go.mod"), "utf8");
      const required = [...requirements.matchAll(/^\s*(?:require )?([\w./-]+) v\S+/gm)].map(
        (match) => match[1],
      );
      if (required.length > 0)
        assert.match(readFileSync(join(folder, "go.sum"), "utf8"), /^\S+ v\S+ h1:\S+=$/m);
      if (isOwn(module)) return;
      const tools = readFileSync(join(folder, "tools.go"), "utf8");
      for (const path of Object.values(module.packages)) {
        assert.ok(tools.includes(`"${path}"`), `tools.go does not name ${path}`);
        assert.ok(
          required.some((name) => name && `${path}/`.startsWith(`${name}/`)),
          `go.mod does not require the module of ${path}`,
        );
      }
    });
});
