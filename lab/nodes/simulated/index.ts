/** Nodes that kwok plays: pods on them are ready at once, and nothing runs. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import type { ControlPlane } from "../../controlplane";
import type { ApiClient } from "../../controlplane/client";
import { writeKubeconfig } from "../../controlplane/kubeconfig";
import { stopParts } from "../../parts/lifecycle";
import { ensurePart, type PartSpec } from "../../parts/part";
import { partKubeconfig } from "../../controlplane/parts";
import type { Ports } from "../../parts/ports";
import { LabError, withLabLock, writePrivate, type Log } from "../../state";
import type { ToolName } from "../../tools";
import type { NodeSummary } from "..";
import { clusterManifests, managedNodes, nodeManifests, nodeNames, nodeStatusManifests } from "./objects";
import { stageObjects } from "./stages";

/** The programs of simulated nodes. */
export const simulatedNodeTools = ["kwok"] as const satisfies ToolName[];

export type SimulatedNodeTools = Record<(typeof simulatedNodeTools)[number], string>;

export interface SimulatedNodesOptions {
  controlPlane: ControlPlane;
  tools: SimulatedNodeTools;
  log: Log;
  /** Ends the start: what it has started is stopped again. */
  signal?: AbortSignal;
}

export interface SimulatedNodes extends NodeSummary {
  kind: "simulated";
  /** Names of the parts that this start has started. */
  started: string[];
}

/**
 * Makes three simulated nodes, in three zones, with a default storage class, and waits until they are ready.
 * @throws LabError when kwok does not become healthy, or the nodes do not become ready within 30 s
 */
export async function startSimulatedNodes(options: SimulatedNodesOptions): Promise<SimulatedNodes> {
  const { controlPlane, tools, log, signal } = options;
  const { state, pki, url } = controlPlane;
  return withLabLock(state, { what: "starting simulated nodes", log, signal }, async () => {
    const client = controlPlane.client();
    const started: string[] = [];
    try {
      await Promise.all(clusterManifests().map((manifest) => client.apply(manifest)));
      const kubeconfig = partKubeconfig(pki, "kwok");
      writeKubeconfig(kubeconfig, url, pki.credentials("kwok"));
      const config = join(state.pki, "kwok.yaml");
      writePrivate(
        config,
        stageObjects()
          .map((object) => stringify(object))
          .join("---\n"),
      );
      const serving = pki.credentials("serving");
      const spec = (ports: Ports): PartSpec => ({
        name: "kwok",
        group: "simulated nodes",
        rank: 30,
        program: tools.kwok,
        args: [
          `--kubeconfig=${kubeconfig}`,
          `--config=${config}`,
          `--manage-nodes-with-label-selector=${managedNodes}`,
          `--server-address=127.0.0.1:${ports.kwok}`,
          `--node-port=${ports.kwok}`,
          `--tls-cert-file=${serving.certFile}`,
          `--tls-private-key-file=${serving.keyFile}`,
          "--v=WARN",
          // With leases, pods of a lab that was started anew would wait until that of the former kwok expires.
          "--node-lease-duration-seconds=0",
        ],
        port: ports.kwok!,
        health: { url: `https://127.0.0.1:${ports.kwok}/healthz`, caFile: serving.caFile },
        inputs: [kubeconfig, config, serving.certFile],
        readySeconds: 30,
        stopSeconds: 10,
      });
      if (await ensurePart({ state, portNames: ["kwok"], spec, log, signal })) started.push("kwok");
      await Promise.all(nodeManifests().map((manifest) => client.apply(manifest)));
      await Promise.all(nodeStatusManifests().map((manifest) => client.apply(manifest, "status")));
      await untilReady(client, signal);
    } catch (error) {
      await stopParts(state, started, log);
      throw error;
    } finally {
      client.close();
    }
    return {
      kind: "simulated",
      nodes: nodeNames,
      started,
      description:
        "kwok plays them: pods become ready at once, Jobs complete, volumes are bound, and nothing really runs.",
    };
  });
}

interface Node {
  spec: { taints?: { key: string }[] };
  status?: { conditions?: { type: string; status: string }[] };
}

/** Ready, and without the taint that keeps pods off until the controller-manager has seen that they are. */
async function untilReady(client: ApiClient, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    signal?.throwIfAborted();
    const nodes = await Promise.all(nodeNames.map((name) => client.get<Node>(`/api/v1/nodes/${name}`)));
    const waiting = nodeNames.filter((_, index) => !isReady(nodes[index]));
    if (waiting.length === 0) return;
    if (Date.now() > until)
      throw new LabError(`Not ready after 30 s: ${waiting.join(", ")}. See kwok's log.`);
    await sleep(100);
  }
}

function isReady(node: Node | undefined): boolean {
  const ready = node?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
  return Boolean(ready) && !node?.spec.taints?.some(({ key }) => key.startsWith("node.kubernetes.io/"));
}
