import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { mergeStackFile, settingsAsVariables } from "../../lab/pulumi/configFile";
import { readEvents } from "../../lab/pulumi/events";
import { languageHostLauncher, type Runtime } from "../../lab/pulumi/languageHost";
import { hasOnlyStaleLocks } from "../../lab/pulumi/locks";
import { selectPlugins, type SelectOptions } from "../../lab/pulumi/plugins";
import { run } from "../../lab/pulumi/process";

describe("The lab's stack file", () => {
  const salted = { encryptionsalt: "v1:salt" };

  it("lays overrides over the project's settings, with or without namespace", () => {
    const text = "config:\n  p:replicas: 1\n  kubernetes:context: a\n";
    const { content } = mergeStackFile("p", text, salted, { replicas: "2", "kubernetes:context": "b" });
    assert.deepEqual(content, {
      encryptionsalt: "v1:salt",
      config: { "p:replicas": "2", "kubernetes:context": "b" },
    });
  });

  it("takes an override that is a JSON list or object as one", () => {
    const { content } = mergeStackFile("p", "", salted, { services: '[{"name":"a"}]' });
    assert.deepEqual(content.config, { "p:services": [{ name: "a" }] });
  });

  it("leaves out what is encrypted with another passphrase, and says so, also inside an object", () => {
    const text =
      "encryptionsalt: v1:users\nconfig:\n  p:a:\n    secure: v1:x\n  p:b:\n    - c:\n        secure: v1:y\n  p:d: e\n";
    const { content, leftOut } = mergeStackFile("p", text, salted);
    assert.deepEqual(leftOut, ["p:a", "p:b"]);
    assert.deepEqual(content, { encryptionsalt: "v1:salt", config: { "p:d": "e" } });
  });

  it("gives a setting that the built provider does not know as its variable, the stack's before the project's", () => {
    const key = "kubernetes:enablePatchForce";
    const variable = "PULUMI_K8S_ENABLE_PATCH_FORCE";
    assert.deepEqual(settingsAsVariables({ other: 1 }, {}), {});
    assert.deepEqual(settingsAsVariables({ [key]: { value: true } }, {}), { [variable]: "true" });
    assert.deepEqual(settingsAsVariables({ [key]: { value: true } }, { [key]: false }), {
      [variable]: "false",
    });
  });

  it("refuses an override that begins like JSON but is not", () => {
    assert.throws(() => mergeStackFile("p", "", salted, { services: "[a" }), /"services"/);
  });
});

describe("The record of a run", () => {
  const events = [
    {
      diagnosticEvent: {
        severity: "error",
        message: "<{%fg 1%}>no such image<{%reset%}>\n",
        urn: "urn::p::t::web",
      },
    },
    { resourcePreEvent: { metadata: { op: "same", urn: "a" } } },
    { resourcePreEvent: { metadata: { op: "update", urn: "b", diffs: ["spec"] } } },
    { resOutputsEvent: { metadata: { op: "update", urn: "b" } } },
    { summaryEvent: { resourceChanges: { same: 1, update: 1, replace: 2 }, durationSeconds: 3 } },
  ];
  const log = events.map((event) => JSON.stringify(event)).join("\n");

  it("counts changes and names each changed resource once, with what differs", () => {
    const record = readEvents(log);
    assert.deepEqual(record.changes, { created: 0, updated: 1, deleted: 0, replaced: 2, same: 1 });
    assert.deepEqual(record.changed, [{ urn: "b", operation: "update", diffs: ["spec"] }]);
  });

  it("has errors without colours, with the resource's name", () => {
    assert.deepEqual(readEvents(log).errors, ["web: no such image"]);
  });

  it("has what a program wrote that ended without telling the engine an error", () => {
    const said = (severity: string, message: string) =>
      JSON.stringify({ diagnosticEvent: { severity, message, urn: "urn::p::t::p-dev" } });
    const text = [
      said("info#err", "  throw error;\n"),
      said("info#err", "Cannot find module 'a'\n"),
      said("error", "an unhandled error occurred: Program exited with non-zero exit code: 1"),
    ].join("\n");
    assert.match(
      readEvents(text).errors.join(),
      /^p-dev: +throw error;\nCannot find module 'a'\nan unhandled error/,
    );
  });

  it("is read as far as a killed run has written it", () => {
    assert.equal(readEvents(`${log}\n{"summaryEv`).changes.same, 1);
  });
});

describe("With a temporary folder,", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "lab-pulumi-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const lock = (name: string, content: object) => {
    const directory = join(folder, ".pulumi/locks/organization/p/dev");
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(content));
  };

  it("a lock of a process that is gone is stale", () => {
    assert.equal(hasOnlyStaleLocks(folder, "p", "dev"), false);
    lock("a", { pid: 2 ** 22 + 1, hostname: hostname() });
    assert.equal(hasOnlyStaleLocks(folder, "p", "dev"), true);
  });

  it("a lock of a running process, or of another machine, is not stale", () => {
    lock("a", { pid: 2 ** 22 + 1, hostname: hostname() });
    lock("b", { pid: process.pid, hostname: hostname() });
    assert.equal(hasOnlyStaleLocks(folder, "p", "dev"), false);
    lock("b", { pid: 2 ** 22 + 1, hostname: `not-${hostname()}` });
    assert.equal(hasOnlyStaleLocks(folder, "p", "dev"), false);
  });

  const program = (path: string, content: string) => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${content}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  /** A CLI that notes every call and installs nothing. */
  const select = (more: Partial<SelectOptions> = {}) => {
    const directory = join(folder, "lab");
    mkdirSync(directory, { recursive: true });
    return selectPlugins({
      pulumi: program(
        join(folder, "pulumi"),
        `echo "$@" >> ${join(folder, "calls")}; echo "error: no network" >&2; exit 1`,
      ),
      home: join(directory, "home"),
      directory,
      memory: join(folder, "memory.json"),
      env: { PATH: "/usr/bin:/bin", PULUMI_HOME: join(folder, "users") },
      log: () => undefined,
      standIn: () => Promise.resolve(["true"]),
      ...more,
    });
  };
  const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n").length;

  it("stand-ins are chosen when nothing can be installed, which is not tried again soon", async () => {
    const plugins = await select();
    assert.deepEqual(
      plugins.map(({ name, kind, why }) => [name, kind, why]),
      ["kubernetes", "random", "tls"].map((name) => [name, "stand-in", "could not be installed: no network"]),
    );
    assert.equal(calls(), 3);
    await select();
    assert.equal(calls(), 3);
  });

  it("a plugin of the right version in the user's cache is taken, and not one of another version", async () => {
    const version = (
      JSON.parse(readFileSync("node_modules/@pulumi/random/package.json", "utf8")) as { version: string }
    ).version;
    program(join(folder, `users/plugins/resource-random-v${version}/pulumi-resource-random`), "exit 0");
    program(join(folder, "users/plugins/resource-tls-v0.0.1/pulumi-resource-tls"), "exit 0");
    const kinds = (await select()).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["stand-in", "official", "stand-in"]);
    assert.deepEqual(readdirSync(join(folder, `lab/home/plugins/resource-random-v${version}`)), [
      "pulumi-resource-random",
    ]);
  });

  it("a built plugin is run rather than a stand-in, and only in a run that has it", async () => {
    const built = [
      { name: "kubernetes", version: "4.25.0", program: program(join(folder, "built"), "echo $0 $1") },
    ];
    const [kubernetes, random] = await select({ built });
    assert.deepEqual(
      [kubernetes?.kind, kubernetes?.builtVersion, random?.kind],
      ["built", "4.25.0", "stand-in"],
    );
    const launcher = join(
      folder,
      `lab/home/plugins/resource-kubernetes-v${kubernetes!.version}/pulumi-resource-kubernetes`,
    );
    const { stdout } = await run(launcher, ["engine"], { cwd: folder, env: process.env });
    assert.equal(stdout, `${join(folder, "built")} engine\n`);
    assert.deepEqual((await select())[0]?.kind, "stand-in");
  });

  it("an installed plugin is run rather than a built one", async () => {
    const built = [{ name: "kubernetes", version: "4.25.0", program: "/nowhere" }];
    program(join(folder, "bin/pulumi-resource-kubernetes"), "exit 0");
    const [kubernetes] = await select({ built, env: { PATH: `${join(folder, "bin")}:/usr/bin:/bin` } });
    assert.equal(kubernetes?.kind, "official");
  });

  it("the built language host gets the options of the program as flags, and what the engine tells it", () => {
    const host = join(folder, "host");
    writeFileSync(host, `#!/bin/sh\nfor word; do echo "$word"; done > ${folder}/words\n`, { mode: 0o755 });
    const started = (runtime: Runtime) => {
      const bin = languageHostLauncher(folder, host, runtime);
      execFileSync(join(bin, "pulumi-language-nodejs"), ["127.0.0.1:1"]);
      return readFileSync(join(folder, "words"), "utf8").trim().split("\n");
    };
    assert.deepEqual(started("nodejs"), ["127.0.0.1:1"]);
    const options = { typescript: false, nodeargs: "--require ./a.cjs" };
    assert.deepEqual(started({ name: "nodejs", options }), [
      "-typescript=false",
      "-nodeargs=--require ./a.cjs",
      "127.0.0.1:1",
    ]);
  });

  it("a plugin on PATH is left to the engine", async () => {
    program(join(folder, "bin/pulumi-resource-kubernetes"), "exit 0");
    const [kubernetes] = await select({ env: { PATH: `${join(folder, "bin")}:/usr/bin:/bin` } });
    assert.equal(kubernetes?.kind, "official");
    assert.match(kubernetes.why, /on PATH/);
  });

  it("an installation that hangs is ended in time", async () => {
    const begin = Date.now();
    const hanging = program(join(folder, "hanging"), "sleep 60");
    const plugins = await select({ pulumi: hanging, installSeconds: 0.5 });
    assert.match(plugins[0]!.why, /within 0.5 s/);
    assert.ok(Date.now() - begin < 20_000);
  });

  it("an interrupt reaches the program once", async () => {
    const script = `n=0; trap 'n=$((n+1)); echo got $n; sleep 0.3; exit 7' INT; echo ready; while :; do sleep 0.05; done`;
    const controller = new AbortController();
    const { code, stdout } = await run(program(join(folder, "slow"), script), [], {
      cwd: folder,
      env: process.env,
      signal: controller.signal,
      onLine: (line) => line === "ready" && controller.abort(),
    });
    assert.equal(code, 7);
    assert.equal(stdout, "ready\ngot 1\n");
  });
});
