/** Pulls images with crane. */
import { statSync } from "node:fs";
import { ensureTools, ToolsError } from "../tools";
import type { Log } from "../state";
import { imageArchitecture } from "./archive";
import { parseReference, versionOfTag } from "./reference";
import { knownFailures, rememberOutcomes, unreachable } from "./registries";
import { runLimited, type RunResult } from "./run";
import { megabytes, pulledEntryName, stored, type Image } from "./store";

export interface PullOptions {
  /** Ask also for what failed a short time ago. */
  again: boolean;
  /** How long a registry may take for its first answer. */
  contactSeconds: number;
  /** How long a transfer may stand still. */
  stallSeconds: number;
  log: Log;
  signal?: AbortSignal;
}

export interface Pulled {
  images: Image[];
  /** Why the others were not pulled, by reference. */
  reasons: Map<string, string>;
}

/** Once a registry has answered, it may take that long to say what an image is. */
const answerSeconds = 30;

/** The longest time for the transfer of one image: half an hour. */
const transferSeconds = 1800;

/**
 * Pulls what the registries give. Each registry is asked at the same time as the others, and no further once it does
 * not answer.
 */
export async function pullImages(references: string[], options: PullOptions): Promise<Pulled> {
  const failures = options.again ? {} : knownFailures();
  const outcomes = new Map<string, string | undefined>();
  const run: Run = { ...options, images: [], reasons: new Map(), outcomes };
  const byRegistry = new Map<string, string[]>();
  for (const reference of references) {
    const { registry } = parseReference(reference);
    const failure = failures[registry] ?? failures[reference];
    if (failure) run.reasons.set(reference, `${failure.reason} (asked again after ${clock(failure.until)})`);
    else byRegistry.set(registry, [...(byRegistry.get(registry) ?? []), reference]);
  }
  if (byRegistry.size > 0) options.log(`Asking ${[...byRegistry.keys()].join(", ")} for images ...`);
  try {
    const results = await Promise.allSettled(
      [...byRegistry].map(([registry, wanted]) => pullFrom(registry, wanted, run)),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
  } finally {
    rememberOutcomes(outcomes);
  }
  return { images: run.images, reasons: run.reasons };
}

interface Run extends PullOptions, Pulled {
  /** What is to be remembered of registries and references. */
  outcomes: Map<string, string | undefined>;
}

async function pullFrom(registry: string, references: string[], run: Run): Promise<void> {
  const { contactSeconds, log, signal, outcomes, reasons } = run;
  const giveUp = (rest: string[], reason: string) => {
    log(`${reason}.`);
    outcomes.set(registry, reason);
    for (const reference of rest) reasons.set(reference, reason);
  };
  const silence = await unreachable(registry, contactSeconds, signal);
  if (silence) return giveUp(references, `${registry} does not answer: ${silence}`);
  const crane = await findCrane(log, signal);
  if (!crane) return references.forEach((reference) => reasons.set(reference, "crane cannot be had"));
  for (const [index, reference] of references.entries()) {
    try {
      const seconds = index === 0 ? contactSeconds : Math.max(contactSeconds, answerSeconds);
      run.images.push(await pull(crane, reference, seconds, run));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PullError)) throw error;
      if (!error.aboutImage) return giveUp(references.slice(index), error.message);
      reasons.set(reference, error.message);
      outcomes.set(reference, error.message);
    }
  }
  outcomes.set(registry, undefined);
}

async function findCrane(log: Log, signal?: AbortSignal): Promise<string | undefined> {
  try {
    return (await ensureTools(["crane"], { log, signal })).crane;
  } catch (error) {
    if (!(error instanceof ToolsError)) throw error;
    log(`Images are not pulled, because crane cannot be had: ${error.message}`);
    return undefined;
  }
}

class PullError extends Error {
  /** @param aboutImage whether the registry can still be asked for other images */
  constructor(
    message: string,
    readonly aboutImage: boolean,
  ) {
    super(message);
  }
}

/**
 * Pulls one image.
 * @param seconds how long the registry may take to say what the image is
 * @throws PullError when the registry does not know it, does not answer, or does not deliver
 */
async function pull(crane: string, reference: string, seconds: number, run: Run): Promise<Image> {
  const { stallSeconds, log, signal } = run;
  const { registry, tag } = parseReference(reference);
  const platform = ["--platform", `linux/${imageArchitecture()}`];
  const answer = await runLimited(crane, ["manifest", ...platform, reference], { seconds, signal });
  const id = configDigest(answer.stdout);
  if (answer.code !== 0 || !id) throw refusal(registry, answer);
  const waiting = (holder: number) => log(`Waiting for process ${holder}, which pulls ${reference} ...`);
  return stored({ entry: pulledEntryName(reference), waiting, signal }, async (archive) => {
    log(`Pulling ${reference} ...`);
    const transfer = await runLimited(crane, ["pull", ...platform, reference, archive], {
      seconds: transferSeconds,
      growing: { file: archive, seconds: stallSeconds },
      signal,
    });
    if (transfer.code !== 0)
      throw new PullError(`${registry} did not deliver ${reference}: ${failureOf(transfer)}`, false);
    const size = statSync(archive).size;
    log(`Pulled ${reference} (${megabytes(size)}).`);
    const version = versionOfTag(tag);
    return { reference, origin: "pulled", version, pinnedVersion: version, id, size };
  });
}

/** What the registry protocol says when only the one image is not to be had. */
const aboutImage =
  /\b(MANIFEST_UNKNOWN|NAME_UNKNOWN|NAME_INVALID|NOT_FOUND|UNAUTHORIZED|DENIED)\b|status code 404|no child with platform|could not parse reference/;

function refusal(registry: string, answer: RunResult): PullError {
  const reason = answer.code === 0 ? "the manifest names no configuration" : failureOf(answer);
  return answer.code === 0 || aboutImage.test(reason)
    ? new PullError(`${registry} does not give it: ${reason}`, true)
    : new PullError(`${registry} does not answer as a registry: ${reason}`, false);
}

function failureOf({ stderr, limit, code }: RunResult): string {
  if (limit) return limit;
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return last.replace(/^Error: /, "").replace(/^[\d/]+ [\d:]+ /, "") || `crane ended with code ${code}`;
}

function configDigest(manifest: string): string | undefined {
  try {
    const { config } = JSON.parse(manifest) as { config?: { digest?: string } };
    return config?.digest;
  } catch {
    return undefined;
  }
}

function clock(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
