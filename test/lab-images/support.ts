import { execFileSync } from "node:child_process";
import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { extract, type Header } from "tar-stream";

/** A tar archive's entries, in their order, with their content. */
export async function entriesOf(archive: string | Buffer): Promise<{ header: Header; content: Buffer }[]> {
  const source = typeof archive === "string" ? createReadStream(archive) : Readable.from([archive]);
  const reader = extract();
  source.pipe(reader);
  const entries: { header: Header; content: Buffer }[] = [];
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    entries.push({ header: entry.header, content: Buffer.concat(chunks) });
  }
  return entries;
}

/** What `docker load` reads of an archive. */
export interface LoadedImage {
  references: string[];
  /** The configuration as it stands there. */
  raw: Buffer;
  config: {
    architecture: string;
    os: string;
    config: Record<string, unknown>;
    rootfs: { type: string; diff_ids: string[] };
    history: unknown[];
  };
  layers: Buffer[];
}

export async function load(archive: string): Promise<LoadedImage> {
  const entries = new Map((await entriesOf(archive)).map(({ header, content }) => [header.name, content]));
  const manifest = JSON.parse(String(entries.get("manifest.json"))) as [
    { Config: string; RepoTags: string[]; Layers: string[] },
  ];
  const [{ Config, RepoTags, Layers }] = manifest;
  const raw = entries.get(Config)!;
  return {
    references: RepoTags,
    raw,
    config: JSON.parse(String(raw)) as LoadedImage["config"],
    layers: Layers.map((name) => entries.get(name)!),
  };
}

/** Unpacks an image's layers into a new folder, as a container runtime does. */
export function unpack(archive: string): string {
  const folder = mkdtempSync(join(tmpdir(), "bilten-image-"));
  const parts = join(folder, "parts");
  const root = join(folder, "root");
  for (const path of [parts, root]) mkdirSync(path);
  execFileSync("tar", ["-xf", archive, "-C", parts]);
  const [{ Layers }] = JSON.parse(readFileSync(join(parts, "manifest.json"), "utf8")) as [
    { Layers: string[] },
  ];
  for (const layer of Layers) execFileSync("tar", ["-xpf", join(parts, layer), "-C", root]);
  rmSync(parts, { recursive: true });
  return root;
}

/** Why programs of an image cannot be run here in a root file system of their own, or undefined. */
export function cannotRun(): string | undefined {
  if (process.platform !== "linux") return "not Linux";
  if (process.getuid?.() !== 0) return "not root";
  try {
    execFileSync("unshare", ["--mount", "true"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "no mount namespaces";
  }
}

/**
 * A command that runs a program in a folder as its read-only root file system, with a writable /tmp, as another user,
 * in the name space of mounts of its own.
 */
export function containedIn(root: string, user: string, command: string[]): [string, string[]] {
  const script = `set -e; root=$1; user=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot --userspec="$user" "$root" "$@"`;
  return ["unshare", ["--mount", "sh", "-c", script, "sh", root, user, ...command]];
}

/** A server that takes connections, and never says anything. */
export class SilentServer {
  private readonly sockets = new Set<Socket>();
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(): Promise<SilentServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (!address || typeof address === "string") throw new Error("No port.");
    const silent = new SilentServer(server, address.port);
    server.on("connection", (socket) => {
      silent.sockets.add(socket);
      socket.on("error", () => undefined);
    });
    return silent;
  }

  get connections(): number {
    return this.sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
