import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureImages, pruneImages, storedImages, type EnsureImagesArgs } from "../../lab/images";
import { Machine } from "../tools/fakes";
import { entriesOf, load } from "./support";

const pause = "registry.k8s.io/pause:3.10";
const nodeExporter = "quay.io/prometheus/node-exporter:v1.12.1";
const linux = process.platform === "linux";

describe("images that are built", () => {
  let machine: Machine;
  let lines: string[];

  beforeEach(function () {
    if (!linux) return this.skip();
    machine = new Machine();
    lines = [];
    machine.addProgram("ldd", "echo '\tnot a dynamic executable' >&2; exit 1");
  });

  afterEach(() => machine?.remove());

  const ensure = (references: string[], args: Partial<EnsureImagesArgs> = {}) =>
    ensureImages({ references, pull: false, log: (line) => lines.push(line), ...args });
  const folder = () => join(machine.folder, "cache", "bilten-monitoring", "images");
  const filesOf = async (archive: string) =>
    (await Promise.all((await load(archive)).layers.map((layer) => entriesOf(layer)))).flat();

  it("hold the program that the recipe names, and tell what is in them", async () => {
    machine.addGo();
    const { images, missing } = await ensure([nodeExporter]);
    assert.deepEqual(missing, []);
    const [image] = images;
    assert.deepEqual(
      { ...image, archive: "", id: "", size: 0 },
      {
        reference: nodeExporter,
        origin: "built",
        version: "1.12.1",
        pinnedVersion: "1.12.1",
        archive: "",
        id: "",
        size: 0,
      },
    );
    const loaded = await load(image!.archive);
    assert.deepEqual(loaded.references, [nodeExporter]);
    assert.equal(loaded.config.config.User, "nobody");
    const files = new Map(
      (await filesOf(image!.archive)).map(({ header, content }) => [header.name, content]),
    );
    assert.equal(String(files.get("bin/node_exporter")), "#!/bin/sh\n");
    assert.match(String(files.get("etc/passwd")), /^nobody:x:65534:/m);
  });

  it("tell that what is in them is not what the reference names", async () => {
    machine.addVersion("node_exporter", "node_exporter, version 1.9.1 (branch: HEAD)");
    const { images } = await ensure([nodeExporter]);
    assert.deepEqual([images[0]?.version, images[0]?.pinnedVersion], ["1.9.1", "1.12.1"]);
  });

  it("are built once, and taken from the cache after that", async () => {
    machine.addGo();
    const first = await ensure([pause, nodeExporter, pause]);
    assert.deepEqual(
      first.images.map(({ reference }) => reference),
      [pause, nodeExporter],
    );
    lines = [];
    assert.deepEqual(await ensure([pause, nodeExporter]), first);
    assert.deepEqual(lines, []);
    assert.equal(machine.builds().length, 2);
  });

  it("are built once though two ask for them at a time", async () => {
    machine.addGo();
    const [one, other] = await Promise.all([ensure([pause]), ensure([pause])]);
    assert.deepEqual(one, other);
    assert.equal(lines.filter((line) => line.startsWith("Built the image")).length, 1);
    assert.equal(machine.builds().length, 1);
  });

  it("are built anew when the program is another", async () => {
    machine.addGo();
    const [first] = (await ensure([pause])).images;
    machine.addGo("go1.99.1");
    const [second] = (await ensure([pause])).images;
    assert.notEqual(second?.archive, first?.archive);
    // The program is the same, byte for byte.
    assert.equal(second?.id, first?.id);
  });

  it("bring the libraries and the loader of a program that needs them", async () => {
    machine.addVersion("node_exporter", "node_exporter, version 1.12.1");
    const library = join(machine.folder, "libc.so.6");
    const loader = join(machine.folder, "ld-linux.so.2");
    for (const path of [library, loader]) writeFileSync(path, path);
    machine.addProgram(
      "ldd",
      `echo '\tlinux-vdso.so.1 (0x01)'; echo '\tlibc.so.6 => ${library} (0x02)'; echo '\t${loader} (0x03)'`,
    );
    const [image] = (await ensure([nodeExporter])).images;
    const names = (await filesOf(image!.archive)).map(({ header }) => `/${header.name}`);
    for (const path of [library, loader]) assert.ok(names.includes(path), `${path} not in ${names.join()}`);
  });

  it("are missing when a library is, with the library's name", async () => {
    machine.addVersion("node_exporter", "node_exporter, version 1.12.1");
    machine.addProgram("ldd", "echo '\tlibfoo.so.1 => not found'");
    const { images, missing } = await ensure([nodeExporter]);
    assert.deepEqual(images, []);
    assert.match(missing[0]?.reason ?? "", /node_exporter needs libfoo\.so\.1, which is not on this machine/);
    assert.deepEqual(readdirSync(folder()), []);
  });

  it("are missing without Go, which the reason says, and the others are there", async () => {
    machine.addVersion("node_exporter", "node_exporter, version 1.12.1");
    const { images, missing } = await ensure([pause, nodeExporter]);
    assert.deepEqual(
      images.map(({ reference }) => reference),
      [nodeExporter],
    );
    assert.deepEqual(
      missing.map(({ reference }) => reference),
      [pause],
    );
    assert.match(missing[0]?.reason ?? "", /Go is not on PATH/);
  });

  it("are missing when there is no recipe, or when a digest names them", async () => {
    machine.addGo();
    const { images, missing } = await ensure(["docker.io/grafana/grafana:13.2.0", `${pause}@sha256:00`]);
    assert.deepEqual(images, []);
    const [first, second] = missing.map(({ reason }) => reason);
    assert.equal(first, "not pulled, as was asked for; the lab has no recipe to build it");
    assert.match(second ?? "", /an image named by a digest cannot be built/);
  });

  it("end with the signal's reason while a program is built", async () => {
    machine.addGo("go1.99.0", "sleep 10");
    const controller = new AbortController();
    const begin = Date.now();
    const building = ensure([pause], { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 300);
    await assert.rejects(building, /enough/);
    assert.ok(Date.now() - begin < 3000);
  });

  it("are listed, and pruned when nothing is made from them any more", async () => {
    machine.addGo();
    await ensure([pause, nodeExporter]);
    machine.addGo("go1.99.1");
    await ensure([pause]);
    mkdirSync(join(folder(), ".building-0-killed"));
    const entries = storedImages().map(({ entry }) => entry);
    assert.equal(entries.length, 3);
    const removed = pruneImages([pause, "docker.io/grafana/grafana:13.2.0"]);
    assert.equal(removed.length, 3);
    const [left, ...others] = storedImages();
    assert.deepEqual(others, []);
    assert.deepEqual([left?.reference, existsSync(left?.archive ?? "")], [pause, true]);
    assert.deepEqual((await ensure([pause])).images[0]?.archive, left?.archive);
  });
});
