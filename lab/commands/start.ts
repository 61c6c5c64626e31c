import { controlPlaneTools, startControlPlane, stopParts, type ControlPlane } from "../controlplane";
import { simulatedNodeTools, startSimulatedNodes } from "../nodes/simulated";
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
}

/**
 * Brings up control plane and nodes, and the stack on them. Ctrl-C stops again what this start has started; a
 * deployment that fails leaves the lab running, so that one can look at it.
 */
export async function start({ stateDir, stack }: StartOptions): Promise<number> {
  const begin = performance.now();
  const log: Log = (line) => console.log(line);
  const state = openState(stateDir);
  return interruptible(async (signal) => {
    const started: string[] = [];
    try {
      return await withLabLock(state, { what: "lab start", log, signal }, async () => {
        const tools = await ensureTools([...controlPlaneTools, ...simulatedNodeTools, ...pulumiTools], {
          log,
        });
        signal.throwIfAborted();
        const controlPlane = await startControlPlane({ stateDir, tools, log, signal });
        started.push(...controlPlane.started);
        const nodes = await startSimulatedNodes({ controlPlane, tools, log, signal });
        started.push(...nodes.started);
        log(controlPlaneLine(controlPlane));
        log(`Nodes: ${nodes.nodes.join(", ")} (simulated: ${nodes.description})`);
        if (!stack) {
          log(`To look at it: npm run lab -- kubectl get pods -A`);
          log(`With another kubectl: export KUBECONFIG=${controlPlane.kubeconfig}`);
          log(`To end it: npm run lab -- stop`);
          return 0;
        }
        const { kubeconfig } = controlPlane;
        const pulumi = await preparePulumi({ stateDir, tools, kubeconfig, log, signal });
        return await deploy(pulumi, stack, { kubeconfig, log, signal, begin });
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

interface DeployOptions {
  kubeconfig: string;
  log: Log;
  signal: AbortSignal;
  /** When the command began, in milliseconds of `performance.now()`. */
  begin: number;
}

async function deploy(
  pulumi: PulumiRunner,
  stack: string,
  { kubeconfig, log, signal, begin }: DeployOptions,
): Promise<number> {
  log(`Deploying stack ${stack} with pulumi up ...`);
  try {
    const record = await pulumi.up(stack, { signal, onLine: (line) => tell(line, log) });
    const outputs = await pulumi.outputs(stack);
    const seconds = (performance.now() - begin) / 1000;
    for (const line of summary({ stack, record, outputs, plugins: pulumi.plugins, kubeconfig, seconds }))
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
