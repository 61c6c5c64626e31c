import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { mailpitEnvironment } from "../../components/mailCatcher";
import { imageReference, images as stackImages, type ImageName } from "../../components/versions";
import { ensureImages, pauseImage, type Image } from "../../lab/images";
import { recipeFor } from "../../lab/images/recipes";
import { parseReference } from "../../lab/images/reference";
import { ensureTools } from "../../lab/tools";
import { cannotRun, containedIn, load, SilentServer, unpack } from "./support";

const log = (line: string) => console.log(`    ${line}`);
const obstacle = cannotRun();
const unless = obstacle ? ` (skipped: ${obstacle})` : "";

/** Builds take minutes when the cache is empty. */
const buildMilliseconds = 20 * 60_000;

describe("a registry that crane serves", function () {
  this.timeout(buildMilliseconds);
  let folder: string;
  let crane: string;
  let server: ChildProcess | undefined;
  let host: string;
  let built: Image;
  const before_ = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };

  before(async function () {
    if (process.platform !== "linux") return this.skip();
    ({ crane } = await ensureTools(["crane"], { log }));
    [built] = (await ensureImages({ references: [pauseImage], pull: false, log })).images as [Image];
    folder = mkdtempSync(join(tmpdir(), "bilten-registry-"));
    server = spawn(crane, ["registry", "serve", "--address", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    host = await addressOf(server);
    execFileSync(crane, ["push", built.archive, `${host}/lab/pause:3.10`], {
      stdio: "pipe",
      timeout: 30_000,
    });
    // From here on with a cache of its own, and with crane on PATH.
    process.env.XDG_CACHE_HOME = folder;
    process.env.PATH = [dirname(crane), before_.PATH].join(delimiter);
  });

  after(() => {
    server?.kill();
    for (const [name, value] of Object.entries(before_))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const pull = (references: string[]) =>
    ensureImages({ references, pull: true, contactSeconds: 2, log: () => undefined });

  it("gives the very image that was pushed to it, in an archive under its reference", async () => {
    const reference = `${host}/lab/pause:3.10`;
    const { images, missing } = await pull([reference]);
    assert.deepEqual(missing, []);
    const [image] = images as [Image];
    assert.deepEqual([image.origin, image.id, image.pinnedVersion], ["pulled", built.id, "3.10"]);
    assert.deepEqual((await load(image.archive)).references, [reference]);
    assert.match(execFileSync(crane, ["validate", "--tarball", image.archive]).toString(), /^PASS/);
    const roots = [built, image].map(({ archive }) => unpack(archive));
    try {
      const [pushed, pulled] = roots.map((root) => readFileSync(join(root, "pause"))) as [Buffer, Buffer];
      assert.ok(pulled.equals(pushed));
    } finally {
      for (const root of roots) rmSync(dirname(root), { recursive: true, force: true });
    }
  });

  it("is asked for the next image when it does not know one", async () => {
    execFileSync(crane, ["copy", `${host}/lab/pause:3.10`, `${host}/lab/other:1`], { stdio: "pipe" });
    const wanted = [`${host}/lab/pause:9.9`, `${host}/lab/nothing:1`, `${host}/lab/other:1`];
    const { images, missing } = await pull(wanted);
    assert.deepEqual(
      images.map(({ reference }) => reference),
      [`${host}/lab/other:1`],
    );
    for (const { reason } of missing)
      assert.match(reason, new RegExp(`^${host} does not give it: .*UNKNOWN`));
  });

  it("is told from a server that takes connections and says nothing", async () => {
    const silent = await SilentServer.start();
    try {
      const begin = Date.now();
      const { missing } = await pull([
        `127.0.0.1:${silent.port}/lab/a:1`,
        `127.0.0.1:${silent.port}/lab/b:1`,
      ]);
      assert.ok(Date.now() - begin < 6000, `${Date.now() - begin} ms`);
      assert.ok(silent.connections > 0);
      for (const { reason } of missing)
        assert.match(reason, /does not answer as a registry: no end after 2 s/);
    } finally {
      await silent.stop();
    }
  });
});

/** The address that a registry says it listens on. */
function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = () => reject(new Error(`The registry told no address: ${output}`));
    setTimeout(fail, 10_000).unref();
    server.once("exit", fail);
    server.stderr?.on("data", (data: Buffer) => {
      output += data.toString();
      const port = /serving on port (\d+)/.exec(output)?.[1];
      if (port) resolve(`127.0.0.1:${port}`);
    });
  });
}

/** How a program is asked which one it is, and what it answers. */
function told(program: string, version: string): { flag: string; says: RegExp } {
  // It knows no version.
  if (program.endsWith("es-index-cleaner-linux"))
    return { flag: "--help", says: /es-index-cleaner NUM_OF_DAYS/ };
  const flag = program.endsWith("kube-state-metrics") ? "version" : "--version";
  return { flag, says: new RegExp(`version v?${version.replaceAll(".", "\\.")}\\b`) };
}

describe("the images of the stack that are built", function () {
  this.timeout(buildMilliseconds);
  let built: Map<string, Image>;
  const references = (Object.keys(stackImages) as ImageName[])
    .map(imageReference)
    .filter((reference) => recipeFor(parseReference(reference).repository));

  before(async function () {
    if (process.platform !== "linux") return this.skip();
    const { images } = await ensureImages({ references, pull: false, log });
    built = new Map(images.map((image) => [image.reference, image]));
  });

  it("are there under the references that components/versions.ts names", () => {
    assert.deepEqual([...built.keys()], references);
  });

  for (const reference of references.filter((each) => each !== imageReference("mailpit")))
    it(`start as the manifests expect: ${reference}${unless}`, function () {
      const image = built.get(reference);
      // One that was pulled before is not of our making.
      if (obstacle || image?.origin !== "built") return this.skip();
      const root = unpack(image.archive);
      try {
        const [program = ""] = recipeFor(parseReference(reference).repository)?.config.Entrypoint ?? [];
        const { flag, says } = told(program, image.version);
        const [command, args] = containedIn(root, "65534:65534", [program, flag]);
        const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 30_000 });
        assert.equal(status, 0, stderr);
        assert.match(stdout + stderr, says);
      } finally {
        rmSync(dirname(root), { recursive: true, force: true });
      }
    });

  it(`show mails with the mail catcher's settings, as another user${unless}`, function () {
    const image = built.get(imageReference("mailpit"));
    if (obstacle || image?.origin !== "built") return this.skip();
    const root = unpack(image.archive);
    try {
      const settings = {
        ...mailpitEnvironment({ maxMessages: 10 }),
        MP_DATABASE: "/tmp/mailpit.db",
        MP_SMTP_BIND_ADDR: "127.0.0.1:0",
        MP_UI_BIND_ADDR: "127.0.0.1:0",
      };
      const script = `
        const { spawn } = require("child_process");
        const child = spawn("/mailpit", { env: ${JSON.stringify(settings)} });
        let output = "";
        const told = async (data) => {
          output += data;
          const port = /pages on port (\\d+)/.exec(output)?.[1];
          if (!port) return;
          child.stdout.off("data", told);
          const response = await fetch("http://127.0.0.1:" + port + "/readyz");
          console.log(response.status);
          child.kill();
        };
        child.stdout.on("data", told);
        child.stderr.on("data", (data) => console.error(String(data)));
        child.on("exit", (code) => process.exit(code ?? 1));
        setTimeout(() => { console.error(output); process.exit(1); }, 10000);`;
      const [command, args] = containedIn(root, "1000:1000", ["/usr/local/bin/node", "-e", script]);
      const { stdout, stderr, status } = spawnSync(command, args, { encoding: "utf8", timeout: 30_000 });
      assert.deepEqual([stdout, status], ["200\n", 0], stderr);
    } finally {
      rmSync(dirname(root), { recursive: true, force: true });
    }
  });
});
