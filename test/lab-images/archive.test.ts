import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeArchive, type ArchiveArgs, type LayerEntry } from "../../lab/images/archive";
import { entriesOf, load } from "./support";

const digest = (data: Buffer) => `sha256:${createHash("sha256").update(data).digest("hex")}`;

describe("an image archive", () => {
  let folder: string;
  let program: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bilten-archive-"));
    program = join(folder, "program");
    writeFileSync(program, Buffer.alloc(3_000_000, "program"));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const layers = (): LayerEntry[][] => [
    [{ path: "/tmp", mode: 0o1777 }],
    [
      { path: "/usr/bin/program", mode: 0o755, source: { file: program } },
      { path: "/etc/empty", mode: 0o644, source: { content: "" } },
      { path: "/data", mode: 0o775, owner: 65534 },
      { path: "/etc/greeting", mode: 0o600, owner: 1000, source: { content: "Grüße\n" } },
    ],
  ];
  const write = (name: string, args: Partial<ArchiveArgs> = {}) =>
    writeArchive({
      layers: layers(),
      config: { Entrypoint: ["/usr/bin/program"], User: "nobody" },
      references: ["registry.example/a/program:v1"],
      target: join(folder, name),
      ...args,
    });

  it("names its configuration and layers by what is in them", async () => {
    const { id, size } = await write("image.tar", { architecture: "arm64" });
    assert.equal(readFileSync(join(folder, "image.tar")).length, size);
    const image = await load(join(folder, "image.tar"));
    assert.deepEqual(image.references, ["registry.example/a/program:v1"]);
    assert.equal(digest(image.raw), id);
    assert.equal(image.config.architecture, "arm64");
    assert.equal(image.config.os, "linux");
    assert.deepEqual(image.config.config, { Entrypoint: ["/usr/bin/program"], User: "nobody" });
    assert.equal(image.config.rootfs.type, "layers");
    assert.deepEqual(image.config.rootfs.diff_ids, image.layers.map(digest));
    assert.equal(image.config.history.length, 2);
  });

  it("is for this machine's architecture unless told otherwise", async () => {
    await write("image.tar");
    const { config } = await load(join(folder, "image.tar"));
    const names: Record<string, string> = { x64: "amd64", arm64: "arm64" };
    assert.equal(config.architecture, names[process.arch] ?? process.arch);
  });

  it("has files, folders and their parents with owners and permissions, in the order of their paths", async () => {
    await write("image.tar");
    const [, layer] = (await load(join(folder, "image.tar"))).layers;
    const entries = await entriesOf(layer!);
    assert.deepEqual(
      entries.map(({ header: { name, type, mode, uid, gid } }) => [name, type, mode.toString(8), uid, gid]),
      [
        ["data/", "directory", "775", 65534, 65534],
        ["etc/", "directory", "755", 0, 0],
        ["etc/empty", "file", "644", 0, 0],
        ["etc/greeting", "file", "600", 1000, 1000],
        ["usr/", "directory", "755", 0, 0],
        ["usr/bin/", "directory", "755", 0, 0],
        ["usr/bin/program", "file", "755", 0, 0],
      ],
    );
    const content = new Map(entries.map(({ header, content: data }) => [header.name, data]));
    assert.equal(String(content.get("etc/greeting")), "Grüße\n");
    assert.ok(content.get("usr/bin/program")?.equals(readFileSync(program)));
  });

  it("keeps the sticky bit of /tmp", async () => {
    await write("image.tar");
    const [entry] = await entriesOf((await load(join(folder, "image.tar"))).layers[0]!);
    assert.equal(entry?.header.mode, 0o1777);
  });

  it("is the same, bit for bit, whenever and in whatever order its files were named", async () => {
    const first = await write("first.tar");
    utimesSync(program, 1, 1);
    const reversed = layers().map((layer) => layer.reverse());
    assert.deepEqual(await write("second.tar", { layers: reversed }), first);
    assert.ok(readFileSync(join(folder, "first.tar")).equals(readFileSync(join(folder, "second.tar"))));
  });

  it("carries no time of its making", async () => {
    await write("image.tar");
    const outer = await entriesOf(join(folder, "image.tar"));
    const inner = await Promise.all(outer.slice(0, 2).map(({ content }) => entriesOf(content)));
    for (const { header } of [...outer, ...inner.flat()])
      assert.equal(header.mtime.getTime(), 0, header.name);
    const config = String((await load(join(folder, "image.tar"))).raw);
    assert.ok(!config.includes(String(new Date().getFullYear())), config);
  });

  it("has another id when a file, a permission or a setting is another", async () => {
    const { id } = await write("first.tar");
    const [base, own] = layers() as [LayerEntry[], LayerEntry[]];
    const looser = own.map((entry) => ({ ...entry, mode: entry.mode | 0o002 }));
    assert.notEqual((await write("a.tar", { layers: [base, looser] })).id, id);
    assert.notEqual((await write("b.tar", { config: {} })).id, id);
    writeFileSync(program, Buffer.alloc(3_000_000, "other"));
    assert.notEqual((await write("c.tar")).id, id);
  });

  it("shares a layer with other images: its digest does not depend on the rest", async () => {
    await write("first.tar");
    await write("second.tar", { layers: [layers()[0]!], config: {} });
    const [first, second] = [
      await load(join(folder, "first.tar")),
      await load(join(folder, "second.tar")),
    ] as const;
    assert.equal(first.config.rootfs.diff_ids[0], second.config.rootfs.diff_ids[0]);
  });

  it("is refused when a file is not there", async () => {
    const missing: LayerEntry = { path: "/a", mode: 0o755, source: { file: join(folder, "nothing") } };
    await assert.rejects(write("image.tar", { layers: [[missing]] }), /ENOENT.*nothing/);
  });

  it("is refused when it cannot be written", async () => {
    await assert.rejects(write("no/such/folder.tar"), /ENOENT.*folder\.tar/);
  });

  it("is refused when a path is too long for a plain header", async () => {
    const long: LayerEntry = { path: `/${"a".repeat(101)}`, mode: 0o644, source: { content: "" } };
    await assert.rejects(write("image.tar", { layers: [[long]] }), /too long/);
    assert.ok(existsSync(folder));
  });

  it("is left off when the signal is aborted", async () => {
    const controller = new AbortController();
    const writing = write("image.tar", { signal: controller.signal });
    controller.abort();
    await assert.rejects(writing, { name: "AbortError" });
  });
});
