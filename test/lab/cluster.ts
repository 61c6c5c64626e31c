/** A control plane of the tests' own, with the engine on it, and questions to it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { controlPlaneTools, startControlPlane, stopLab } from "../../lab/controlplane";
import { simulatedNodeTools, startSimulatedNodes } from "../../lab/nodes/simulated";
import { officialProvider, preparePulumi, pulumiTools, type PulumiRunner } from "../../lab/pulumi";
import { openState } from "../../lab/state";
import { ensureTools } from "../../lab/tools";

const run = promisify(execFile);
const names = [...controlPlaneTools, ...simulatedNodeTools, ...pulumiTools, "kubectl" as const];

/** Which Kubernetes provider the engine runs. Where an official one is installed, a stand-in is never run. */
export type ProviderKind = "official" | "stand-in";

/** What the tests look at of an object. */
export interface LiveObject {
  kind: string;
  metadata: { name: string; uid: string; namespace?: string; labels?: Record<string, string> };
  spec: {
    replicas?: number;
    nodeName?: string;
    template?: object;
    containers?: { args?: string[]; env?: object[] }[];
  };
  status: { readyReplicas?: number; numberReady?: number; succeeded?: number; phase?: string };
  data?: Record<string, string>;
  message?: string;
}

export interface Cluster {
  pulumi: PulumiRunner;
  /** Runs kubectl and returns what it prints. */
  kubectl(...args: string[]): Promise<string>;
  /** Objects of the resources, of all namespaces. */
  list(...resources: string[]): Promise<LiveObject[]>;
  /** Ends it and removes all that it has. */
  remove(): Promise<void>;
}

/** A fresh control plane with simulated nodes. Tools that are missing are built first, which takes minutes. */
export async function freshCluster(provider: ProviderKind): Promise<Cluster> {
  const tools = await ensureTools(provider === "official" ? [...names, officialProvider] : names);
  const state = openState(mkdtempSync(join(tmpdir(), "bilten-stack-")));
  const log = () => undefined;
  const controlPlane = await startControlPlane({ stateDir: state.directory, tools, log });
  await startSimulatedNodes({ controlPlane, tools, log });
  const { kubeconfig } = controlPlane;
  const kubectl = async (...args: string[]) =>
    (await run(tools.kubectl, ["--kubeconfig", kubeconfig, ...args], { maxBuffer: 64 * 1024 * 1024 })).stdout;
  const pulumi = await preparePulumi({ stateDir: state.directory, tools, kubeconfig, log });
  if (provider === "official") {
    const kinds = pulumi.plugins.filter(({ name }) => name === "kubernetes").map(({ kind }) => kind);
    assert.match(kinds.join(), /^(official|built)$/);
  }
  return {
    pulumi,
    kubectl,
    list: async (...resources) => {
      const text = await kubectl("get", resources.join(","), "--all-namespaces", "--output", "json");
      return (JSON.parse(text) as { items: LiveObject[] }).items;
    },
    remove: async () => {
      await stopLab(state, { log });
      rmSync(state.directory, { recursive: true, force: true });
    },
  };
}
