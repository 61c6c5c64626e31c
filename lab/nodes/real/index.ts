/** A node that runs containers, in namespaces of its own on this machine. */
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlPlane } from "../../controlplane";
import { stopParts } from "../../parts/lifecycle";
import { ensurePart, readRecords, type PartSpec } from "../../parts/part";
import { readPorts } from "../../parts/ports";
import { nodeName } from "../../network/addresses";
import { LabError, withLabLock, type LabState, type Log } from "../../state";
import type { NodeSummary } from "..";
import { cgroupOf, makeCgroup, removeCgroup } from "../../parts/cgroups";
import { clusterManifests } from "./cluster";
import { writeNodeFiles } from "./files";
import { loadImages, type ImageArchive } from "./images";
import * as parts from "./parts";
import { pathsOfNode } from "./paths";
import type { NodePrograms } from "./programs";
import { markNotReady, untilReady } from "./readiness";
import { snapshotterFor } from "./snapshotter";

export type { ImageArchive } from "./images";
export { realNodeTools, type RealNodeTools } from "./parts";
export { ensureNodePrograms, type NodePrograms } from "./programs";
export { untilPodsReady } from "./readiness";
export { obstacles } from "./requirements";

/** Unix socket of the gateway to the real node of this lab, for the control plane. */
export function gatewaySocket(state: LabState): string {
  return pathsOfNode(state).gatewaySocket;
}

export interface RealNodeOptions {
  controlPlane: ControlPlane;
  tools: parts.RealNodeTools;
  programs: NodePrograms;
  /** What the node can run; one of them is the pause image. */
  images: ImageArchive[];
  pauseImage: string;
  log: Log;
  /** Ends the start: what it has started is stopped again. */
  signal?: AbortSignal;
}

/** The node does not work on this machine. */
export class RealNodeError extends LabError {
  override name = "RealNodeError";
}

export interface RealNode extends NodeSummary {
  kind: "real";
  /** Names of the parts that this start has started. */
  started: string[];
  /** From the start of its first process until it is ready. */
  readySeconds: number;
  /** References of all images that it has, also from earlier starts: pods with data may still run them. */
  images: string[];
}

/**
 * Makes the real node run and waits until it is ready. Parts that run and are healthy are left alone.
 * @throws RealNodeError when a part does not become healthy, an image cannot be loaded, or the node is not ready
 *   within 60 s
 */
export async function startRealNode(options: RealNodeOptions): Promise<RealNode> {
  const { controlPlane, log, signal } = options;
  const { state } = controlPlane;
  return withLabLock(state, { what: "starting the real node", log, signal }, async () => {
    const started: string[] = [];
    const begin = performance.now();
    let images: string[];
    try {
      images = await start(options, started);
    } catch (error) {
      await stopParts(state, started, log);
      // Made before there was a containerd that it belongs to.
      const group = cgroupOf(state.directory);
      if (!readRecords(state).some(({ offspring }) => offspring?.cgroup === group))
        await removeCgroup(group, 10);
      throw error instanceof LabError ? new RealNodeError(error.message) : error;
    }
    return {
      kind: "real",
      nodes: [nodeName],
      started,
      images,
      readySeconds: (performance.now() - begin) / 1000,
      description: "containerd runs the containers of pods, in network and mount namespaces of their own.",
    };
  });
}

async function start(options: RealNodeOptions, started: string[]): Promise<string[]> {
  const { controlPlane, tools, programs, images, pauseImage, log, signal } = options;
  const begin = new Date();
  const { state, pki } = controlPlane;
  const paths = pathsOfNode(state);
  const apiServerPort = readPorts(state)["kube-apiserver"]!;
  const context: parts.NodeContext = { state, paths, pki, tools, programs, apiServerPort };
  const ensure = async (spec: PartSpec) => {
    if (await ensurePart({ state, portNames: [], spec: () => spec, log, signal })) started.push(spec.name);
  };
  const cgroup = cgroupOf(state.directory);
  mkdirSync(paths.directory, { recursive: true, mode: 0o711 });
  const snapshotter = snapshotterFor(paths.directory);
  await writeNodeFiles({ context, snapshotter, cgroup, pauseImage });

  await ensure(parts.gateway(context));
  await ensure(parts.dialer(context));
  if (started.includes("dialer")) {
    // What the former one kept the namespaces of is in a network that nobody reaches any more.
    await stopParts(state, ["coredns", "kube-proxy", "kubelet", "containerd"], log);
    await removeCgroup(cgroup, 10);
  }
  makeCgroup(cgroup);
  const keeper = readRecords(state).find(({ name }) => name === "dialer")!.pid;
  await ensure(parts.containerd(context, keeper));
  const socket = parts.containerdSocketOutside(keeper);
  const loaded = await loadImages({
    ctr: programs.ctr,
    socket,
    snapshotter,
    images,
    record: paths.images,
    log,
    signal,
  });

  const client = controlPlane.client();
  try {
    await Promise.all(clusterManifests().map((manifest) => client.apply(manifest)));
    if (started.includes("dialer")) await markNotReady(client);
    const all = [parts.kubelet, parts.kubeProxy, parts.coredns].map((part) => ensure(part(context, keeper)));
    for (const result of await Promise.allSettled(all)) if (result.status === "rejected") throw result.reason;
    // One that ran already may have told so up to 10 s ago.
    await untilReady(client, started.includes("kubelet") ? begin : new Date(0), signal);
    return loaded;
  } finally {
    client.close();
  }
}

/**
 * Stops a real node, or what a start that was killed has left of one, and removes it from the cluster, with the pods
 * that are still on it. Their workloads have to be given to other nodes before.
 */
export async function removeRealNode({ state, client: connect }: ControlPlane, log: Log): Promise<void> {
  const client = connect();
  try {
    await stopParts(state, parts.nodeParts, log);
    await client.delete(`/api/v1/nodes/${nodeName}`);
    // Their workloads, and a scheduler that has not seen the node go, may make others in their place for a moment.
    const until = Date.now() + 10_000;
    for (let empty = 0; empty < 2 && Date.now() < until; await sleep(200)) {
      const pods = await client.list<{ metadata: { namespace: string; name: string } }>("/api/v1/pods", {
        fieldSelector: `spec.nodeName=${nodeName}`,
      });
      empty = pods.length === 0 ? empty + 1 : 0;
      await Promise.all(
        pods.map(({ metadata: { namespace, name } }) =>
          client.delete(`/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`),
        ),
      );
    }
  } finally {
    client.close();
  }
}
