/** Decides which kinds of node a lab has, and gets all that they need before anything is started. */
import { join } from "node:path";
import { partNames } from "../../components/partNames";
import { imageReference, images as stackImages, type ImageName } from "../../components/versions";
import { ensureImages, nodeImage, pauseImage, type Image, type MissingImage } from "../images";
import { LabError, readJson, writePrivate, type LabState, type Log } from "../state";
import { ensureTools, ToolsError } from "../tools";
import { ensureNodePrograms, obstacles, realNodeTools, type NodePrograms, type RealNodeTools } from "./real";

/** What a real node needs. */
export interface RealNodeParts {
  tools: RealNodeTools;
  programs: NodePrograms;
  /** What it can run. */
  images: Image[];
}

/** What a lab's nodes are, as the last start found it; `status` shows it. */
export interface NodeChoice {
  /** Why there is no real node; empty when there is one. */
  simulatedBecause: string[];
  /** What real pods are made from. */
  images: Image[];
  /** Images of the stack that cannot be had: their pods are simulated. */
  missing: MissingImage[];
}

export interface ChooseOptions {
  /** Whether a real node is wanted at all. */
  simulated: boolean;
  /** Whether registries are asked for images. */
  pull: boolean;
  log: Log;
  signal?: AbortSignal;
}

/** What pods of the stack and the services that it monitors run, and what holds pods together. */
export function wantedImages(): string[] {
  const parts = Object.keys(partNames);
  const names = (Object.keys(stackImages) as ImageName[]).filter((name) => parts.includes(name));
  return [...names.map(imageReference), nodeImage, pauseImage];
}

/**
 * Whether there is to be a real node, with all that it needs.
 * @returns for simulated nodes alone, `real` is undefined and the choice says why
 */
export async function chooseNodes(
  options: ChooseOptions,
): Promise<{ choice: NodeChoice; real?: RealNodeParts }> {
  const { simulated, pull, log, signal } = options;
  const found = simulated
    ? { because: ["--simulated asks for it"] }
    : await realNodeParts({ pull, log, signal });
  const choice: NodeChoice =
    "because" in found
      ? { simulatedBecause: found.because, images: [], missing: [] }
      : { simulatedBecause: [], images: found.images, missing: found.missing };
  return "because" in found ? { choice } : { choice, real: found };
}

/** Keeps the choice for `status`, once the nodes are there. */
export function recordChoice(state: LabState, choice: NodeChoice): void {
  writePrivate(choiceFile(state), JSON.stringify(choice, undefined, 2));
}

/** What the last start has chosen. */
export function lastChoice(state: LabState): NodeChoice | undefined {
  return readJson<NodeChoice>(choiceFile(state));
}

function choiceFile({ directory }: LabState): string {
  return join(directory, "nodes.json");
}

type Found = (RealNodeParts & { missing: MissingImage[] }) | { because: string[] };

async function realNodeParts({ pull, log, signal }: Omit<ChooseOptions, "simulated">): Promise<Found> {
  const because = await obstacles();
  if (because.length > 0) return { because };
  try {
    const programs = await ensureNodePrograms(log, signal);
    const tools = await ensureTools([...realNodeTools], { log, signal });
    const { images, missing } = await ensureImages({ references: wantedImages(), pull, log, signal });
    if (!images.some(({ reference }) => reference === pauseImage)) {
      const reason = missing.find(({ reference }) => reference === pauseImage)?.reason;
      return { because: [`The image that holds pods together, ${pauseImage}, cannot be had: ${reason}`] };
    }
    return { programs, tools, images, missing };
  } catch (error) {
    if (!(error instanceof LabError || error instanceof ToolsError)) throw error;
    return { because: error.message.split("\n") };
  }
}
