/** Puts image archives into a node's containerd. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LabError, readJson, writePrivate, type Log } from "../../state";

const run = promisify(execFile);
/** The namespace in which Kubernetes looks. */
const namespace = "k8s.io";

/** A docker-archive of one image. */
export interface ImageArchive {
  reference: string;
  /** Changes with the content. */
  id: string;
  /** Path of the file. */
  archive: string;
}

export interface LoadOptions {
  ctr: string;
  /** Path of containerd's socket. */
  socket: string;
  snapshotter: string;
  images: ImageArchive[];
  /** File that says which images were loaded. */
  record: string;
  log: Log;
  signal?: AbortSignal;
}

/**
 * Loads the images that containerd does not have yet.
 * @returns the references of all that it has then, also from earlier starts
 * @throws LabError when containerd refuses one
 */
export async function loadImages(options: LoadOptions): Promise<string[]> {
  const { ctr, socket, snapshotter, images, record, log, signal } = options;
  const call = async (...args: string[]) => {
    const env = { PATH: process.env.PATH };
    const { stdout } = await run(ctr, ["--address", socket, "--namespace", namespace, ...args], {
      env,
      signal,
    });
    return stdout;
  };
  const there = new Set((await call("images", "ls", "--quiet")).split("\n"));
  const loaded = readJson<Record<string, string>>(record) ?? {};
  const missing = images.filter(({ reference, id }) => !there.has(reference) || loaded[reference] !== id);
  if (missing.length > 0) log(`Loading ${missing.length} images into the real node ...`);
  for (const { reference, id, archive } of missing) {
    try {
      await call("images", "import", "--snapshotter", snapshotter, archive);
    } catch (error) {
      signal?.throwIfAborted();
      throw new LabError(
        `containerd does not take the image ${reference} from ${archive}: ${message(error)}`,
      );
    }
    loaded[reference] = id;
    writePrivate(record, JSON.stringify(loaded, undefined, 2));
  }
  return [...new Set([...there, ...missing.map(({ reference }) => reference)])].filter(isReference);
}

/** containerd lists images by their digests, too. */
function isReference(name: string): boolean {
  return name !== "" && !name.startsWith("sha256:");
}

function message(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr?.trim() || message || String(error)).split("\n").slice(-3).join(" ");
}
