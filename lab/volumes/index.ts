/** Volumes for real nodes: a directory for each claim. A small provisioner, as any storage class has one. */
import { mkdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, type ApiClient } from "../controlplane/client";
import { nodeKindLabel } from "../nodes";
import type { Log } from "../state";
import {
  isVolumePath,
  volumeManifest,
  volumePath,
  workFor,
  type Claim,
  type Found,
  type Pod,
  type Provision,
  type Volume,
} from "./volume";

export { volumeManifest, volumePath, workFor } from "./volume";

/** Annotation of claims. */
const reboundAt = "bilten.dev/rebound-at";

export interface ProvisionerOptions {
  /** A connection as administrator. */
  client: ApiClient;
  /** Folder of the volumes, made when it is not there; the node must see it at the same path. */
  directory: string;
  signal: AbortSignal;
  log: Log;
  /** From the end of a look at the cluster to the next one, in milliseconds. @default 1000 */
  intervalMs?: number;
}

/**
 * Makes and removes volumes of real nodes until the signal comes. What fails, as while the API server is started anew,
 * is told once and tried again; all it knows is in the cluster, so that it can end at any time.
 */
export async function runProvisioner(options: ProvisionerOptions): Promise<void> {
  const { directory, signal, log, intervalMs = 1000 } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const real = realpathSync(directory);
  let told = new Set<string>();
  while (!signal.aborted) {
    const problems = new Set(await pass({ ...options, directory: real }));
    for (const problem of problems) if (!told.has(problem)) log(problem);
    if (told.size > 0 && problems.size === 0) log("The problems with volumes are over.");
    told = problems;
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Does what there is to do now. @returns what did not work */
async function pass({ client, directory, log }: ProvisionerOptions): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`);
    }
  };
  await attempt("Volumes cannot be looked after", async () => {
    const { provision, rebind: lost, remove } = workFor(await find(client));
    for (const item of provision) {
      await attempt(`No volume for ${nameOf(item.claim)}`, () => make(client, directory, item, log));
    }
    for (const claim of lost) {
      await attempt(`${nameOf(claim)} stays without its volume`, () => rebind(client, claim));
    }
    for (const volume of remove) {
      await attempt(`Volume ${volume.metadata.name} stays`, () => drop(client, directory, volume, log));
    }
  });
  return problems;
}

async function find(client: ApiClient): Promise<Found> {
  const [nodes, claims, volumes, waitingPods] = await Promise.all([
    client.list<{ metadata: { name: string } }>("/api/v1/nodes", { labelSelector: `${nodeKindLabel}=real` }),
    client.list<Claim>("/api/v1/persistentvolumeclaims"),
    client.list<Volume>("/api/v1/persistentvolumes"),
    client.list<Pod>("/api/v1/pods", { fieldSelector: "spec.nodeName=,status.phase=Pending" }),
  ]);
  return { nodes: nodes.map(({ metadata }) => metadata.name), claims, volumes, waitingPods };
}

/** The directory first: who sees the volume may mount it. Only root enters it until kubelet sets the pod's fsGroup. */
async function make(client: ApiClient, directory: string, item: Provision, log: Log): Promise<void> {
  const path = volumePath(directory, item.claim);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (item.instead) await removeVolume(client, item.instead);
  try {
    await client.create(volumeManifest(item, directory));
  } catch (error) {
    // There from the pass before: the controller-manager is about to bind it.
    if (error instanceof ApiError && error.status === 409) return;
    throw error;
  }
  const former = item.instead ? ", in place of a simulated one that held nothing" : "";
  log(`Volume for ${nameOf(item.claim)} on ${item.node}: ${path}${former}`);
}

/** The finalizer of a bound volume waits for its claim, which is to stay. */
async function removeVolume(client: ApiClient, name: string): Promise<void> {
  const path = `/api/v1/persistentvolumes/${name}`;
  await client.delete(path);
  try {
    await client.patch(path, { metadata: { finalizers: null } });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

/** The controller-manager looks again at a claim that changes, and at others only every 15 s. */
async function rebind(client: ApiClient, { metadata }: Claim): Promise<void> {
  const path = `/api/v1/namespaces/${metadata.namespace}/persistentvolumeclaims/${metadata.name}`;
  await client.patch(path, { metadata: { annotations: { [reboundAt]: new Date().toISOString() } } });
}

/** The directory first: a volume that is still there is tried again. */
async function drop(client: ApiClient, directory: string, volume: Volume, log: Log): Promise<void> {
  const path = volume.spec.local?.path;
  if (!isVolumePath(directory, path)) {
    throw new Error(`its path ${path} is not within ${directory}; remove both by hand.`);
  }
  await rm(path, { recursive: true, force: true });
  await client.delete(`/api/v1/persistentvolumes/${volume.metadata.name}`);
  log(`Removed volume ${path}, whose claim is gone.`);
}

const nameOf = ({ metadata }: Claim) => `${metadata.namespace}/${metadata.name}`;
