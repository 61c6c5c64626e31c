/** Image archives as `docker save` writes them: containerd, Docker and Podman read them. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, statSync } from "node:fs";
import { posix } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack, type Pack } from "tar-stream";

/** A file or folder of an image. Parent folders need not be named. */
export interface LayerEntry {
  /** Absolute. */
  path: string;
  /** Permissions, such as 0o755. */
  mode: number;
  /** User and group. @default 0 */
  owner?: number;
  /** What the file holds; without it, this is a folder. */
  source?: { file: string } | { content: string };
}

/** What a container of the image runs as; the names are those of the image format. */
export interface RunConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  /** User or user:group; names are looked up in the image's own /etc/passwd. */
  User?: string;
  WorkingDir?: string;
  ExposedPorts?: Record<string, object>;
  Volumes?: Record<string, object>;
  Labels?: Record<string, string>;
}

export interface ArchiveArgs {
  /** Lowest first. */
  layers: LayerEntry[][];
  config: RunConfig;
  /** Under which the image is known when the archive is loaded. */
  references: string[];
  /** Where the archive is written. */
  target: string;
  /** @default this machine's */
  architecture?: string;
  signal?: AbortSignal;
}

export interface WrittenArchive {
  /** The image's id: the digest of its configuration, `sha256:…`. */
  id: string;
  /** Bytes. */
  size: number;
}

/** Everything carries this time, so that the same content is the same archive whenever it is written. */
const epoch = new Date(0);
const created = epoch.toISOString();

const architectures: Record<string, string> = {
  x64: "amd64",
  arm64: "arm64",
  ppc64: "ppc64le",
  s390x: "s390x",
};

/** This machine's architecture as images name it: `amd64`. */
export function imageArchitecture(arch: string = process.arch): string {
  return architectures[arch] ?? arch;
}

/**
 * Writes an image's archive. Files are read once, in pieces; the same layers and settings give the same bytes.
 * @throws when a file changes while it is read
 */
export async function writeArchive(args: ArchiveArgs): Promise<WrittenArchive> {
  const { layers, references, target, signal } = args;
  const archive = quiet(pack());
  // Handled below; until then a failure of the target must not count as nobody's.
  const written = pipeline(archive, createWriteStream(target), { signal });
  written.catch(() => undefined);
  const names = layers.map((_, index) => `layer-${index}.tar`);
  const diffIds: string[] = [];
  try {
    for (const [index, layer] of layers.entries())
      diffIds.push(await addLayer(archive, names[index]!, completed(layer), signal));
    const config = JSON.stringify(imageConfig(args, diffIds));
    const hex = createHash("sha256").update(config).digest("hex");
    await addContent(archive, { name: `${hex}.json` }, config);
    const manifest = [{ Config: `${hex}.json`, RepoTags: references, Layers: names }];
    await addContent(archive, { name: "manifest.json" }, JSON.stringify(manifest));
    archive.finalize();
    await written;
    return { id: `sha256:${hex}`, size: statSync(target).size };
  } catch (error) {
    archive.destroy();
    await written.catch(() => undefined);
    throw error;
  }
}

function imageConfig({ config, architecture }: ArchiveArgs, diffIds: string[]): object {
  return {
    architecture: architecture ?? imageArchitecture(),
    os: "linux",
    created,
    config,
    rootfs: { type: "layers", diff_ids: diffIds },
    history: diffIds.map(() => ({ created, created_by: "bilten-monitoring lab" })),
  };
}

/** The entries in the order of their paths, with the folders that they are in. */
function completed(entries: LayerEntry[]): LayerEntry[] {
  const all = new Map<string, LayerEntry>();
  for (const { path } of entries)
    for (let folder = posix.dirname(path); folder !== "/"; folder = posix.dirname(folder))
      all.set(folder, { path: folder, mode: 0o755 });
  for (const entry of entries) all.set(entry.path, entry);
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Adds a layer as it is made, and returns its digest. */
async function addLayer(
  archive: Pack,
  name: string,
  entries: LayerEntry[],
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash("sha256");
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const layer = quiet(pack());
  const entry = quiet(archive.entry({ ...fixed, name, size: tarSize(entries) }));
  const filled = fillLayer(layer, entries, signal);
  // When filling fails it destroys the layer, and with it this pipeline.
  filled.catch((error: unknown) => layer.destroy(error as Error));
  const [filling, piping] = await Promise.allSettled([filled, pipeline(layer, hashed, entry, { signal })]);
  for (const result of [filling, piping]) if (result.status === "rejected") throw result.reason;
  return `sha256:${hash.digest("hex")}`;
}

async function fillLayer(layer: Pack, entries: LayerEntry[], signal?: AbortSignal): Promise<void> {
  for (const { path, mode, owner = 0, source } of entries) {
    const header = { name: path.slice(1), mode, uid: owner, gid: owner };
    if (!source) await addContent(layer, { ...header, name: `${header.name}/`, type: "directory" });
    else if ("content" in source) await addContent(layer, header, source.content);
    else {
      const entry = quiet(layer.entry({ ...fixed, ...header, size: statSync(source.file).size }));
      await pipeline(createReadStream(source.file, { highWaterMark: 1 << 20 }), entry, { signal });
    }
  }
  layer.finalize();
}

/** Failures are told by the pipelines: as an event that nobody hears, one would end the process. */
function quiet<Stream extends { on(event: "error", listener: () => void): unknown }>(stream: Stream): Stream {
  stream.on("error", () => undefined);
  return stream;
}

type Header = Parameters<Pack["entry"]>[0];

const fixed = { mtime: epoch, mode: 0o644, uid: 0, gid: 0 };

async function addContent(archive: Pack, header: Header, content?: string): Promise<void> {
  const data = content === undefined ? undefined : Buffer.from(content);
  const entry = quiet(archive.entry({ ...fixed, ...header, size: data?.length ?? 0 }));
  if (data) await pipeline(Readable.from([data]), entry);
}

const block = 512;

/** Bytes of a layer: it stands in the archive's header before the layer is made. */
function tarSize(entries: LayerEntry[]): number {
  return entries.reduce((sum, { path, source }) => {
    // Beyond that, a path takes a header of its own.
    if (Buffer.byteLength(path) > 100) throw new Error(`"${path}" is too long for an image of the lab.`);
    return sum + block + Math.ceil(sourceSize(source) / block) * block;
  }, 2 * block);
}

function sourceSize(source: LayerEntry["source"]): number {
  if (!source) return 0;
  return "content" in source ? Buffer.byteLength(source.content) : statSync(source.file).size;
}
