import { controlPlaneTools, startControlPlane, stopParts } from "../controlplane";
import { simulatedNodeTools, startSimulatedNodes } from "../nodes/simulated";
import { openState, withLabLock } from "../state";
import { ensureTools } from "../tools";
import { interruptedCode, interruptible } from "./interrupt";

export interface CommandOptions {
  stateDir: string;
}

/** Brings up control plane and nodes. Ctrl-C stops again what this start has started. */
export async function start({ stateDir }: CommandOptions): Promise<number> {
  const log = (line: string) => console.log(line);
  const state = openState(stateDir);
  return interruptible(async (signal) => {
    const started: string[] = [];
    try {
      return await withLabLock(state, { what: "lab start", log, signal }, async () => {
        const tools = await ensureTools([...controlPlaneTools, ...simulatedNodeTools], { log });
        signal.throwIfAborted();
        const controlPlane = await startControlPlane({ stateDir, tools, log, signal });
        started.push(...controlPlane.started);
        const nodes = await startSimulatedNodes({ controlPlane, tools, log, signal });
        started.push(...nodes.started);
        const how = controlPlane.started.length > 0 ? "is ready after" : "ran already; checked in";
        log(`The control plane ${how} ${controlPlane.readySeconds.toFixed(1)} s: ${controlPlane.url}`);
        log(`Nodes: ${nodes.nodes.join(", ")} (simulated: ${nodes.description})`);
        log(`To look at it: npm run lab -- kubectl get pods -A`);
        log(`With another kubectl: export KUBECONFIG=${controlPlane.kubeconfig}`);
        log(`To end it: npm run lab -- stop`);
        return 0;
      });
    } catch (error) {
      if (started.length > 0) await stopParts(state, started, log);
      if (!signal.aborted) throw error;
      log("Interrupted: what this start had started is stopped.");
      return interruptedCode;
    }
  });
}
