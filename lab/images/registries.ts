/** Which registries answer: asked once, with a short limit, and remembered when they do not. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { readJson } from "../state";
import { cacheDirectory } from "../tools/cache";

/** Why a registry, or an image, was not to be had, and until when it is not asked for again. */
export interface Failure {
  reason: string;
  /** Milliseconds since 1970. */
  until: number;
}

/** Failures by registry or by reference. */
export type Failures = Record<string, Failure | undefined>;

/** For how long a failure is remembered, in milliseconds. */
export const remembered = 60 * 60 * 1000;

function failuresFile(): string {
  return join(cacheDirectory(), "registries.json");
}

/** The failures that still count. */
export function knownFailures(now = Date.now()): Failures {
  const found = readJson<unknown>(failuresFile());
  const entries = Object.entries(typeof found === "object" && found ? (found as Failures) : {});
  return Object.fromEntries(entries.filter(([, failure]) => failure && failure.until > now));
}

/**
 * Remembers failures, and forgets what has worked.
 * @param outcomes reason by registry or reference; undefined where there was no failure
 */
export function rememberOutcomes(outcomes: Map<string, string | undefined>, now = Date.now()): void {
  if (outcomes.size === 0) return;
  const failures = knownFailures(now);
  for (const [key, reason] of outcomes)
    if (reason === undefined) delete failures[key];
    else failures[key] = { reason, until: now + remembered };
  const temporary = `${failuresFile()}.${process.pid}`;
  try {
    mkdirSync(dirname(temporary), { recursive: true });
    writeFileSync(temporary, `${JSON.stringify(failures, undefined, 2)}\n`);
    renameSync(temporary, failuresFile());
  } catch {
    // A cache that cannot be written to costs time only.
  }
}

const proxies = ["https_proxy", "http_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);

/**
 * Why nothing listens where the registry should be, or undefined when something does. Behind a proxy only a request
 * tells, so that nothing is tried then.
 * @param seconds for the look-up of the name and the connection together
 */
export async function unreachable(
  registry: string,
  seconds: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (proxies.some((name) => process.env[name])) return undefined;
  signal?.throwIfAborted();
  // Docker's own registry answers under another name than the one that references have.
  const { hostname, port } = new URL(`tcp://${registry === "docker.io" ? "index.docker.io" : registry}`);
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = connect({ host, port: Number(port || 443) });
  const reason = await new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(`no connection within ${seconds} s`), seconds * 1000);
    const abort = () => resolve("interrupted");
    const done = (result?: string) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      resolve(result);
    };
    signal?.addEventListener("abort", abort);
    socket.once("connect", () => done());
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
  socket.destroy();
  signal?.throwIfAborted();
  return reason;
}
