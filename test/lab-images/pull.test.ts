import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { ensureImages, type EnsureImagesArgs } from "../../lab/images";
import { knownFailures, remembered, rememberOutcomes } from "../../lab/images/registries";
import { runLimited } from "../../lab/images/run";
import { Machine } from "../tools/fakes";
import { SilentServer } from "./support";

const proxies = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const linux = process.platform === "linux";
const id = `sha256:${"1".repeat(64)}`;

describe("images that are pulled", () => {
  let machine: Machine;
  let lines: string[];
  let registry: Server;
  let host: string;
  let before: (string | undefined)[];

  beforeEach(async function () {
    if (!linux) return this.skip();
    machine = new Machine();
    lines = [];
    before = proxies.map((name) => process.env[name]);
    for (const name of proxies) delete process.env[name];
    // Something has to listen where the registry should be; what it says is up to crane.
    registry = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    const address = registry.address();
    host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  });

  afterEach(async () => {
    if (!linux) return;
    machine.remove();
    for (const [index, name] of proxies.entries())
      if (before[index] !== undefined) process.env[name] = before[index];
      else delete process.env[name];
    await new Promise((resolve) => registry.close(resolve));
  });

  /** Puts a crane on PATH that writes down its calls; the commands see the reference as $ref and the target as $out. */
  const addCrane = (commands: { manifest?: string; pull?: string } = {}) => {
    const manifest = commands.manifest ?? `echo '{"config":{"digest":"${id}"}}'`;
    const pull = commands.pull ?? `echo archive > "$out"`;
    machine.addProgram(
      "crane",
      `PATH=/usr/bin:/bin
case $1 in
  version) echo 0.20.6 ;;
  manifest) echo "$@" >> '${machine.folder}/crane'; ref=$4; ${manifest} ;;
  pull) echo "$@" >> '${machine.folder}/crane'; ref=$4; out=$5; ${pull} ;;
esac`,
    );
  };
  const calls = () => {
    const file = join(machine.folder, "crane");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  };
  const ensure = (references: string[], args: Partial<EnsureImagesArgs> = {}) =>
    ensureImages({ references, pull: true, contactSeconds: 2, log: (line) => lines.push(line), ...args });
  const leftovers = () => {
    const folder = join(machine.folder, "cache", "bilten-monitoring", "images");
    return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith("pulled-")) : [];
  };

  it("are for this machine's platform, and known by what the registry says", async () => {
    addCrane();
    const reference = `${host}/a/b:v1.2.3`;
    const { images, missing } = await ensure([reference]);
    assert.deepEqual(missing, []);
    const [{ archive, size, ...image }] = images as [(typeof images)[0]];
    assert.deepEqual(image, {
      reference,
      origin: "pulled",
      version: "1.2.3",
      pinnedVersion: "1.2.3",
      id,
    });
    assert.equal(readFileSync(archive, "utf8"), "archive\n");
    assert.equal(size, 8);
    const platform = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
    assert.equal(calls()[0], `manifest --platform ${platform} ${reference}`);
    assert.ok(calls()[1]?.startsWith(`pull --platform ${platform} ${reference} `));
  });

  it("are not asked for again, whether pulling is on or off", async () => {
    addCrane();
    const first = await ensure([`${host}/a:1`]);
    assert.equal(calls().length, 2);
    for (const pull of [true, false]) assert.deepEqual(await ensure([`${host}/a:1`], { pull }), first);
    assert.equal(calls().length, 2);
  });

  it("are not asked for when pulling is off", async () => {
    addCrane();
    const { missing } = await ensure([`${host}/a:1`], { pull: false });
    assert.match(missing[0]?.reason ?? "", /^not pulled, as was asked for/);
    assert.deepEqual(calls(), []);
  });

  it("are preferred to those that were built before, and built again when they are gone", async () => {
    // Behind a proxy, whether something listens is for crane to find out.
    process.env.HTTPS_PROXY = "http://127.0.0.1:1";
    addCrane();
    machine.addGo();
    machine.addProgram("ldd", "echo 'not a dynamic executable' >&2; exit 1");
    const pause = ["registry.k8s.io/pause:3.10"];
    const [built] = (await ensure(pause, { pull: false })).images;
    const [pulled] = (await ensure(pause)).images;
    assert.deepEqual([built?.origin, pulled?.origin], ["built", "pulled"]);
    rmSync(pulled!.archive);
    assert.deepEqual((await ensure(pause, { pull: false })).images, [built]);
  });

  it("are built when their registry fails", async () => {
    process.env.HTTPS_PROXY = "http://127.0.0.1:1";
    addCrane({ manifest: "echo 'Error: proxyconnect tcp: connection refused' >&2; exit 1" });
    machine.addGo();
    machine.addProgram("ldd", "echo 'not a dynamic executable' >&2; exit 1");
    const { images, missing } = await ensure(["registry.k8s.io/pause:3.10"]);
    assert.deepEqual([images[0]?.origin, missing], ["built", []]);
    assert.match(lines.join("\n"), /^registry\.k8s\.io does not answer as a registry: proxyconnect/m);
  });

  it("cost no look for crane where nothing listens", async () => {
    addCrane();
    await new Promise((resolve) => registry.close(resolve));
    const { missing } = await ensure([`${host}/a:1`]);
    registry.listen(0);
    assert.match(missing[0]?.reason ?? "", new RegExp(`^${host} does not answer: ECONNREFUSED`));
    assert.deepEqual(calls(), []);
  });

  it("are given up for a registry that does not answer in time, all of them, and others are pulled", async () => {
    addCrane({
      // Not even its end closes its output.
      manifest: `case $ref in *:1) sleep 10 & sleep 10 ;; *) echo '{"config":{"digest":"${id}"}}' ;; esac`,
    });
    const silent = await SilentServer.start();
    try {
      const slow = [`127.0.0.1:${silent.port}/a:1`, `127.0.0.1:${silent.port}/b:1`];
      const begin = Date.now();
      const { images, missing } = await ensure([...slow, `${host}/c:2`], { contactSeconds: 1 });
      assert.ok(Date.now() - begin < 4000, `${Date.now() - begin} ms`);
      assert.deepEqual(
        images.map(({ reference }) => reference),
        [`${host}/c:2`],
      );
      for (const { reason } of missing)
        assert.match(reason, /does not answer as a registry: no end after 1 s/);
      assert.equal(calls().filter((call) => call.includes(`:${silent.port}/`)).length, 1);
    } finally {
      await silent.stop();
    }
  });

  it("are not asked for within the hour after their registry failed, unless that is wanted", async () => {
    addCrane({ manifest: "echo 'Error: EOF' >&2; exit 1" });
    const reference = [`${host}/a:1`];
    await ensure(reference);
    const { missing } = await ensure(reference);
    assert.match(
      missing[0]?.reason ?? "",
      /does not answer as a registry: EOF \(asked again after \d\d:\d\d\)/,
    );
    assert.equal(calls().length, 1);
    await ensure(reference, { again: true });
    assert.equal(calls().length, 2);
    addCrane();
    assert.equal((await ensure(reference, { again: true })).images.length, 1);
    assert.deepEqual(knownFailures(), {});
  });

  it("do not keep others from being pulled when the registry does not know them", async () => {
    addCrane({
      manifest: `case $ref in
  *:unknown) echo "Error: fetching manifest $ref: GET http://x/v2/a/manifests/unknown: MANIFEST_UNKNOWN: no" >&2; exit 1 ;;
  *) echo '{"config":{"digest":"${id}"}}' ;;
esac`,
    });
    const { images, missing } = await ensure([`${host}/a:unknown`, `${host}/a:1`]);
    assert.deepEqual([images[0]?.reference, images.length], [`${host}/a:1`, 1]);
    assert.match(missing[0]?.reason ?? "", new RegExp(`^${host} does not give it: .*MANIFEST_UNKNOWN`));
    await ensure([`${host}/a:unknown`]);
    assert.equal(calls().filter((call) => call.endsWith(":unknown")).length, 1);
  });

  it("are given up when their transfer stands still, and leave nothing", async () => {
    addCrane({ pull: `echo begin > "$out"; sleep 10` });
    const { missing } = await ensure([`${host}/a:1`], { stallSeconds: 1 });
    assert.match(missing[0]?.reason ?? "", /did not deliver .*\/a:1: nothing came for 1 s/);
    assert.deepEqual(leftovers(), []);
  });

  it("are given up when their transfer fails, with what crane says", async () => {
    addCrane({ pull: `echo begin > "$out"; echo '2026/01/02 03:04:05 Error: disk full' >&2; exit 1` });
    const { missing } = await ensure([`${host}/a:1`]);
    assert.match(missing[0]?.reason ?? "", /did not deliver .*: disk full/);
    assert.deepEqual(leftovers(), []);
  });

  it("are given up without crane and Go, which the lines say", async () => {
    const { missing } = await ensure([`${host}/a:1`]);
    assert.match(missing[0]?.reason ?? "", /^crane cannot be had/);
    assert.match(lines.join("\n"), /crane cannot be had: Go is not on PATH/);
  });

  it("end with the signal's reason while crane waits", async () => {
    addCrane({ pull: "sleep 10" });
    const controller = new AbortController();
    const begin = Date.now();
    const pulling = ensure([`${host}/a:1`], { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 500);
    await assert.rejects(pulling, /enough/);
    assert.ok(Date.now() - begin < 3000);
    assert.deepEqual([leftovers(), knownFailures()], [[], {}]);
  });

  it("count failures for an hour", () => {
    rememberOutcomes(new Map([["a", "broken"]]), 1000);
    assert.deepEqual(knownFailures(1000 + remembered - 1), {
      a: { reason: "broken", until: 1000 + remembered },
    });
    assert.deepEqual(knownFailures(1000 + remembered), {});
  });
});

describe("a program with limits", () => {
  it("is told by its code and what it wrote", async () => {
    const result = await runLimited("sh", ["-c", "echo out; echo err >&2; exit 3"], { seconds: 5 });
    assert.deepEqual(result, { code: 3, stdout: "out\n", stderr: "err\n" });
  });

  it("is an error when it is not there", async () => {
    await assert.rejects(runLimited("/no/such/program", [], { seconds: 5 }), { code: "ENOENT" });
  });

  it("is not started when the signal was aborted before", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(runLimited("true", [], { seconds: 5, signal }), /enough/);
  });
});
