import { controlPlaneTools, startControlPlane, stopParts, type ControlPlane } from "../controlplane";
import { pauseImage } from "../images";
import { chooseNodes, type NodeChoice, type RealNodeParts } from "../nodes/choose";
import { gatewaySocket, hasRealNode, removeRealNode, startRealNode, untilPodsReady } from "../nodes/real";
import { simulatedNodeTools, startSimulatedNodes, type SimulatedNodeTools } from "../nodes/simulated";
import { openAddresses } from "../network/open";
import { ensurePlacement } from "../placement";
import { preparePulumi, pulumiTools, type PulumiRunner } from "../pulumi";
import { LabError, openState, withLabLock, type Log } from "../state";
import { ensureTools } from "../tools";
import { interruptedCode, interruptible } from "./interrupt";
import { summary } from "./summary";

export interface CommandOptions {
  stateDir: string;
}

export interface StartOptions extends CommandOptions {
  /** Stack to deploy; without one, only control plane and nodes are started. */
  stack?: string;
  /** Without a real node, also where there could be one. */
  simulated: boolean;
  /** Whether registries are asked for images before they are built. */
  pull: boolean;
}

/**
 * Brings up control plane and nodes, and the stack on them. Ctrl-C stops again what this start has started; a
 * deployment that fails leaves the lab running, so that one can look at it.
 */
export async function start(options: StartOptions): Promise<number> {
  const { stateDir, stack } = options;
  const begin = performance.now();
  const log: Log = (line) => console.log(line);
  const state = openState(stateDir);
  return interruptible(async (signal) => {
    const started: string[] = [];
    try {
      return await withLabLock(state, { what: "lab start", log, signal }, async () => {
        const tools = await ensureTools([...controlPlaneTools, ...simulatedNodeTools, ...pulumiTools], {
          log,
          signal,
        });
        const { choice, real } = await chooseNodes({ ...options, state, log, signal });
        signal.throwIfAborted();
        const gateway = real && gatewaySocket(state);
        const controlPlane = await startControlPlane({ stateDir, tools, gateway, log, signal });
        started.push(...controlPlane.started);
        log(controlPlaneLine(controlPlane));
        await startNodes({ controlPlane, tools, real, choice, started, log, signal });
        if (!stack) {
          log(`To look at it: npm run lab -- kubectl get pods -A`);
          log(`With another kubectl: export KUBECONFIG=${controlPlane.kubeconfig}`);
          log(`To end it: npm run lab -- stop`);
          return 0;
        }
        const { kubeconfig } = controlPlane;
        const pulumi = await preparePulumi({ stateDir, tools, kubeconfig, log, signal });
        return await deploy(pulumi, stack, { controlPlane, choice, log, signal, begin });
      });
    } catch (error) {
      if (started.length > 0) await stopParts(state, started, log);
      if (!signal.aborted) throw error;
      log("Interrupted: what this start had started is stopped.");
      return interruptedCode;
    }
  });
}

function controlPlaneLine({ started, readySeconds, url }: ControlPlane): string {
  const how = started.length > 0 ? "is ready after" : "ran already; checked in";
  return `The control plane ${how} ${readySeconds.toFixed(1)} s: ${url}`;
}

interface StartNodesOptions {
  controlPlane: ControlPlane;
  tools: SimulatedNodeTools;
  real?: RealNodeParts;
  choice: NodeChoice;
  /** Gets the names of the parts that are started. */
  started: string[];
  log: Log;
  signal: AbortSignal;
}

/** Both kinds of node, and the policy that gives each workload to one of them. */
async function startNodes(options: StartNodesOptions): Promise<void> {
  const { controlPlane, tools, real, choice, started, log, signal } = options;
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
    if (!real && (await hasRealNode(client))) await removeRealNode(controlPlane, log);
  } finally {
    client.close();
  }
}

interface DeployOptions {
  controlPlane: ControlPlane;
  choice: NodeChoice;
  log: Log;
  signal: AbortSignal;
  /** When the command began, in milliseconds of `performance.now()`. */
  begin: number;
}

async function deploy(
  pulumi: PulumiRunner,
  stack: string,
  { controlPlane, choice, log, signal, begin }: DeployOptions,
): Promise<number> {
  log(`Deploying stack ${stack} with pulumi up ...`);
  try {
    const record = await pulumi.up(stack, { signal, onLine: (line) => tell(line, log) });
    const outputs = await pulumi.outputs(stack);
    const { kubeconfig } = controlPlane;
    if (choice.simulatedBecause.length === 0) await waitForPods(controlPlane, log, signal);
    const seconds = (performance.now() - begin) / 1000;
    const addresses = await openAddresses(controlPlane);
    const { plugins } = pulumi;
    for (const line of summary({ stack, record, outputs, plugins, kubeconfig, choice, addresses, seconds }))
      log(line);
    return 0;
  } catch (error) {
    if (signal.aborted || !(error instanceof LabError)) throw error;
    log(error.message);
    log("The control plane goes on running, so that you can look: npm run lab -- kubectl get pods -A");
    log("When it is mended, run npm start again; to end the lab: npm run lab -- stop");
    return 1;
  }
}

async function waitForPods(controlPlane: ControlPlane, log: Log, signal: AbortSignal): Promise<void> {
  const client = controlPlane.client();
  try {
    const waiting = await untilPodsReady(client, { log, signal });
    if (waiting.length === 0) return;
    log("These pods are not ready:");
    for (const line of waiting) log(`  ${line}`);
  } finally {
    client.close();
  }
}

/** Of what the engine prints, what has ended, as it ends. */
function tell(line: string, log: Log): void {
  const done =
    /^ *([-+~]+)\s+(kubernetes|random|tls):(\S+) (\S+) (created|updated|replaced|deleted)( \(.*\))?/.exec(
      line,
    );
  if (!done) return;
  const [, , , type = "", name, what, time] = done;
  log(`  ${what} ${type.split(":").at(-1)} ${name}${time ?? ""}`);
}
