import { clusterTools, startCluster } from "../cluster";
import { stopParts, type ControlPlane } from "../controlplane";
import { openAddresses } from "../network/open";
import type { NodeChoice } from "../nodes/choose";
import { untilPodsReady } from "../nodes/real";
import { officialProvider, preparePulumi, pulumiTools, type PulumiRunner } from "../pulumi";
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
  /** The official Kubernetes provider, built when it is not there, instead of the lab's stand-in. */
  officialProvider: boolean;
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
        // All at once, so that the progress says how much is left.
        const provider = options.officialProvider ? [officialProvider] : [];
        const deployTools = [...pulumiTools, ...provider];
        await ensureTools([...clusterTools, ...(stack ? deployTools : [])], { log, signal });
        const { controlPlane, choice } = await startCluster({ ...options, log, signal, started });
        if (!stack) {
          log(`To look at it: npm run lab -- kubectl get pods -A`);
          log(`With another kubectl: export KUBECONFIG=${controlPlane.kubeconfig}`);
          log(`To end it: npm run lab -- stop`);
          return 0;
        }
        const { kubeconfig } = controlPlane;
        const tools = await ensureTools(deployTools, { log, signal });
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
