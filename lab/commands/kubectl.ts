import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { LabError, stateAt, type LabState } from "../state";
import { ensureTools } from "../tools";
import type { CommandOptions } from "./start";

/** What kubectl needs to know of a lab; it writes to nothing else. */
export function kubectlEnvironment({ kubeconfig, directory }: LabState): Record<string, string> {
  return {
    KUBECONFIG: kubeconfig,
    // Both would be in ~/.kube.
    KUBECACHEDIR: join(directory, "kubectl-cache"),
    KUBERC: "off",
  };
}

/** Runs kubectl with the lab's kubeconfig. Returns its exit code. */
export async function kubectl({ stateDir, args }: CommandOptions & { args: string[] }): Promise<number> {
  const state = stateAt(stateDir);
  if (!existsSync(state.kubeconfig))
    throw new LabError("The lab has never been started here. Start it with: npm start");
  const tools = await ensureTools(["kubectl"]);
  // kubectl gets Ctrl-C from the terminal itself, and decides what it means.
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  try {
    return await new Promise<number>((resolve, reject) => {
      const child = spawn(tools.kubectl, args, {
        stdio: "inherit",
        env: { ...process.env, ...kubectlEnvironment(state) },
      });
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? 1));
    });
  } finally {
    process.off("SIGINT", ignore);
  }
}
