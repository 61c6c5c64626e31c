/** Control plane, nodes of both kinds, and what gives each workload to one of them. */
import { controlPlaneTools, startControlPlane, type ControlPlane } from "./controlplane";
import { pauseImage } from "./images";
import { findRunning } from "./commands/connection";
import { chooseNodes, recordChoice, type NodeChoice, type RealNodeParts } from "./nodes/choose";
import { gatewaySocket, RealNodeError, removeRealNode, startRealNode } from "./nodes/real";
import { simulatedNodeTools, startSimulatedNodes } from "./nodes/simulated";
import { ensurePlacement, refuseToLeaveData } from "./placement";
import { LabError, openState, type LabState, type Log } from "./state";
import { ensureTools } from "./tools";

/** The programs that every cluster needs. */
export const clusterTools = [...controlPlaneTools, ...simulatedNodeTools];

export interface ClusterOptions {
  stateDir: string;
  /** Without a real node, also where there could be one. */
  simulated: boolean;
  /** Whether registries are asked for images before they are built. */
  pull: boolean;
  log: Log;
  /** Ends the start; who calls stops what was started. */
  signal: AbortSignal;
  /** Gets the names of the parts as they are started. */
  started: string[];
}

export interface Cluster {
  controlPlane: ControlPlane;
  choice: NodeChoice;
}

/**
 * Makes a cluster run. Where a real node turns out not to work, there are only simulated ones, and the choice says why.
 * @throws LabError when a part does not become healthy, or a workload would leave its data on the real node behind
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const state = openState(options.stateDir);
  const { choice, real } = await chooseNodes(options);
  options.signal.throwIfAborted();
  await refuseBeforeChanges(state, choice);
  try {
    return await startWith(options, choice, real);
  } catch (error) {
    if (!(error instanceof RealNodeError)) throw error;
    const simulated = { simulatedBecause: error.message.split("\n"), images: [], missing: [] };
    await refuseBeforeChanges(state, simulated).catch((held: unknown) => {
      throw held instanceof LabError ? new LabError(`${error.message}\n${held.message}`) : held;
    });
    options.log("The real node does not work here; going on with simulated nodes alone.");
    return startWith(options, simulated);
  }
}

/** Later, when parts are started anew with other settings, would be too late. A lab that is stopped is asked then. */
async function refuseBeforeChanges(state: LabState, { images }: NodeChoice): Promise<void> {
  const client = (await findRunning(state))?.client();
  if (!client) return;
  try {
    await refuseToLeaveData(
      client,
      images.map(({ reference }) => reference),
    );
  } finally {
    client.close();
  }
}

async function startWith(
  options: ClusterOptions,
  choice: NodeChoice,
  real?: RealNodeParts,
): Promise<Cluster> {
  const { stateDir, started, log, signal } = options;
  const tools = await ensureTools(clusterTools, options);
  const gateway = real && gatewaySocket(openState(stateDir));
  const controlPlane = await startControlPlane({ stateDir, tools, gateway, log, signal });
  started.push(...controlPlane.started);
  log(controlPlaneLine(controlPlane));
  const simulated = await startSimulatedNodes({ controlPlane, tools, log, signal });
  started.push(...simulated.started);
  log(`Nodes: ${simulated.nodes.join(", ")} (simulated: ${simulated.description})`);
  let images: string[] = [];
  if (real) {
    const node = await startRealNode({ controlPlane, ...real, pauseImage, log, signal });
    started.push(...node.started);
    images = node.images;
    log(`Node: ${node.nodes.join()} (${node.description} Ready after ${node.readySeconds.toFixed(1)} s.)`);
  } else {
    log("There is no real node:");
    for (const reason of choice.simulatedBecause) log(`  ${reason}`);
  }
  const client = controlPlane.client();
  try {
    await ensurePlacement({ client, images, log, signal });
    if (!real) await removeRealNode(controlPlane, log);
    recordChoice(controlPlane.state, choice);
  } finally {
    client.close();
  }
  return { controlPlane, choice };
}

function controlPlaneLine({ started, readySeconds, url }: ControlPlane): string {
  const how = started.length > 0 ? "is ready after" : "ran already; checked in";
  return `The control plane ${how} ${readySeconds.toFixed(1)} s: ${url}`;
}
