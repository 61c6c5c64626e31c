/** Gives each workload to the kind of node that can run it. */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, type ApiClient } from "../controlplane/client";
import type { NodeKind } from "../nodes";
import { LabError, type Log } from "../state";
import { describe, heldData, type Claim, type Held, type Volume, type Workload } from "./held";
import { currentPlacement, placementManifests, placementOf, probe, type PodSpec } from "./policy";

export { placementManifests } from "./policy";

export interface PlacementOptions {
  client: ApiClient;
  /** References that the real node has, as the manifests write them; none: everything is simulated. */
  images: string[];
  log: Log;
  signal?: AbortSignal;
}

export interface Placement {
  /** Workloads that this call has moved. Their pods are replaced by the rules of each workload, which takes its time. */
  moved: { workload: string; to: NodeKind }[];
  /** Until the API server followed the policy. */
  effectiveSeconds: number;
}

const collections = ["deployments", "statefulsets", "daemonsets"] as const;
const kinds = { deployments: "Deployment", statefulsets: "StatefulSet", daemonsets: "DaemonSet" };
/** Measured: 0.1 s to 1 s. */
const effectiveLimit = 30_000;

/**
 * Makes the API server place workloads by the images at hand, waits until it does, and moves those that are there
 * already. What they have on simulated volumes is nothing, so that it is left; the provisioner of the real node gives
 * their claims real ones.
 * @throws LabError before anything is changed, when a workload would leave data on the real node behind
 */
export async function ensurePlacement({ client, images, log, signal }: PlacementOptions): Promise<Placement> {
  await refuseToLeaveData(client, images);
  const begin = performance.now();
  for (const manifest of placementManifests(images)) await client.apply(manifest);
  await untilEffective(client, images, signal);
  const effectiveSeconds = (performance.now() - begin) / 1000;
  const moved: Placement["moved"] = [];
  for (const workload of await listWorkloads(client)) {
    signal?.throwIfAborted();
    const to = placementOf(workload.spec.template.spec, images);
    if (currentPlacement(workload.spec.template.spec) === to || !(await admitAnew(client, workload)))
      continue;
    moved.push({ workload: describe(workload), to });
    log(`${describe(workload)} moves to ${to === "real" ? "the real node" : "simulated nodes"}.`);
  }
  return { moved, effectiveSeconds };
}

/**
 * To be asked before a lab that runs is changed.
 * @throws LabError when, with these images on the real node, a workload would leave data there behind
 */
export async function refuseToLeaveData(client: ApiClient, images: string[]): Promise<void> {
  const held = await findHeld(client, images);
  if (held.length > 0) throw heldError(held);
}

async function findHeld(client: ApiClient, images: string[]): Promise<Held[]> {
  const [workloads, claims, volumes] = await Promise.all([
    listWorkloads(client),
    client.list<Claim>("/api/v1/persistentvolumeclaims"),
    client.list<Volume>("/api/v1/persistentvolumes"),
  ]);
  return heldData(workloads, images, claims, volumes);
}

function heldError(held: Held[]): LabError {
  return new LabError(
    [
      "These have data on the real node, but an image of theirs is no longer at hand there. On simulated nodes, where",
      "they would go, the data would be lost:",
      ...held.map(
        ({ workload, claims, missingImages }) =>
          `  ${workload}: ${claims.join(", ")} (without image ${missingImages.join(", ")})`,
      ),
      "Nothing was changed. Start with a real node that has these images, or remove all data: npm run lab -- reset",
    ].join("\n"),
  );
}

async function untilEffective(client: ApiClient, images: string[], signal?: AbortSignal): Promise<void> {
  const until = Date.now() + effectiveLimit;
  for (;;) {
    signal?.throwIfAborted();
    const problem = await tryProbe(client, images);
    if (!problem) return;
    if (Date.now() > until) {
      throw new LabError(
        `The API server does not follow the placement policy after ${effectiveLimit / 1000} s: ${problem} ` +
          "See its log: npm run lab -- logs kube-apiserver",
      );
    }
    await sleep(50, undefined, { signal });
  }
}

/** Why the policy is not in effect, or undefined when it is. */
async function tryProbe(client: ApiClient, images: string[]): Promise<string | undefined> {
  try {
    const { spec } = await client.create<{ spec: PodSpec }>(probe(images), { dryRun: true });
    return currentPlacement(spec) === "real" ? undefined : "a former list of images is in effect.";
  } catch (error) {
    // A policy that fails refuses everything.
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

async function listWorkloads(client: ApiClient): Promise<Workload[]> {
  const lists = await Promise.all(
    collections.map(async (collection) => {
      const items = await client.list<Omit<Workload, "kind">>(`/apis/apps/v1/${collection}`);
      return items.map((item) => ({ ...item, kind: kinds[collection] }));
    }),
  );
  return lists.flat();
}

/** Whether it was still there. */
async function admitAnew(client: ApiClient, { kind, metadata }: Workload): Promise<boolean> {
  try {
    await client.patch(
      `/apis/apps/v1/namespaces/${metadata.namespace}/${kind.toLowerCase()}s/${metadata.name}`,
      {},
    );
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}
