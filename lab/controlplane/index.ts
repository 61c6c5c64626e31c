/** The lab's control plane: etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback ports. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LabError, openState, readJson, withLabLock, writePrivate, type LabState, type Log } from "../state";
import { ensurePki, type Pki } from "./certificates";
import { ApiClient } from "./client";
import { writeKubeconfig } from "./kubeconfig";
import { statusOf, stopParts } from "../parts/lifecycle";
import { ensurePart, type PartSpec, type PartStatus } from "../parts/part";
import {
  apiServerUrl,
  etcd,
  kubeApiserver,
  kubeControllerManager,
  kubeScheduler,
  partKubeconfig,
  type ControlPlaneTools,
} from "./parts";
import { readPorts, type Ports } from "../parts/ports";
import { stopStrays } from "../parts/strays";

export { resetLab, statusOf, stopLab, stopParts } from "../parts/lifecycle";
export type { PartStatus } from "../parts/part";
export { controlPlaneTools, type ControlPlaneTools } from "./parts";

export interface ControlPlaneOptions {
  /** Folder of everything that the lab keeps; made when it is not there. */
  stateDir: string;
  /** Absolute paths of the programs. */
  tools: ControlPlaneTools;
  /** Unix socket of the gateway to a real node (`gatewaySocket`); without one, there can be only simulated nodes. */
  gateway?: string;
  /** Gets progress, a line at a time. */
  log: Log;
  /** Ends the start: what it has started is stopped again. */
  signal?: AbortSignal;
}

export interface ControlPlane {
  state: LabState;
  pki: Pki;
  /** Path of the administrator's kubeconfig, readable by its owner only; its context is `bilten-lab`. */
  kubeconfig: string;
  /** Such as `https://127.0.0.1:23456`. */
  url: string;
  /** A connection as administrator. To be closed by who asks for it. */
  client(): ApiClient;
  /** Names of the parts that this start has started; the others ran already. */
  started: string[];
  /** From the start of etcd until the API server accepts workloads; when all ran already, that of the check. */
  readySeconds: number;
  /** Stops everything that runs in this state folder, nodes included. */
  stop(): Promise<void>;
  status(): Promise<PartStatus[]>;
}

/** Written when a start has started anything, for `status`. */
export interface ReadyRecord {
  seconds: number;
  at: string;
  parts: string[];
}

/**
 * Makes the control plane run. Parts that run and are healthy are left alone, others are started with the data of the
 * last time.
 * @throws LabError when a part does not become healthy; what this call started is then stopped again
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { log, signal } = options;
  const state = openState(options.stateDir);
  return withLabLock(state, { what: "starting the control plane", log, signal }, async () => {
    const started: string[] = [];
    try {
      return await start(state, options, started);
    } catch (error) {
      if (started.length > 0) {
        log(`Stopping what was started: ${started.join(", ")} ...`);
        await stopParts(state, started, log);
      }
      throw error;
    }
  });
}

async function start(
  state: LabState,
  options: ControlPlaneOptions,
  started: string[],
): Promise<ControlPlane> {
  const { tools, gateway, log, signal } = options;
  const begin = performance.now();
  await stopStrays(state, log);
  const { pki, made } = await ensurePki(state.pki);
  if (made.length > 0) log(`Made certificates: ${made.join(", ")}.`);
  const context = { state, pki, tools, gateway };
  const ensure = async (portNames: string[], spec: (ports: Ports) => PartSpec) => {
    const name = portNames[0]!;
    if (await ensurePart({ state, portNames, spec, log, signal })) started.push(name);
  };

  await ensure(["etcd", "etcd-peer"], (ports) => etcd(context, ports));
  await ensure(["kube-apiserver"], (ports) => kubeApiserver(context, ports));
  const url = apiServerUrl(readPorts(state));
  for (const name of ["kube-controller-manager", "kube-scheduler"] as const) {
    writeKubeconfig(partKubeconfig(pki, name), url, pki.credentials(name));
  }
  writeKubeconfig(state.kubeconfig, url, pki.credentials("admin"));
  // One after the other is not slower by much on two cores, but a failure of one would leave the other behind.
  const both = await Promise.allSettled([
    ensure(["kube-controller-manager"], (ports) => kubeControllerManager(context, ports)),
    ensure(["kube-scheduler"], (ports) => kubeScheduler(context, ports)),
  ]);
  for (const result of both) if (result.status === "rejected") throw result.reason;

  const client = () => new ApiClient(url, pki.credentials("admin"));
  await untilUsable(client(), signal);
  const readySeconds = (performance.now() - begin) / 1000;
  if (started.length > 0) {
    const record: ReadyRecord = { seconds: readySeconds, at: new Date().toISOString(), parts: started };
    writePrivate(join(state.directory, "ready.json"), JSON.stringify(record));
  }
  return {
    state,
    pki,
    kubeconfig: state.kubeconfig,
    url,
    client,
    started,
    readySeconds,
    stop: () => stopParts(state, undefined, log),
    status: () => statusOf(state),
  };
}

/** How long the last start took that started anything. */
export function lastReady(state: LabState): ReadyRecord | undefined {
  return readJson<ReadyRecord>(join(state.directory, "ready.json"));
}

/** Pods are refused until the controller-manager has made their namespace's service account. */
async function untilUsable(client: ApiClient, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + 60_000;
  try {
    while (!(await client.get("/api/v1/namespaces/default/serviceaccounts/default"))) {
      signal?.throwIfAborted();
      if (Date.now() > until) {
        throw new LabError(
          "The controller-manager runs, but has made no service account within 60 s: see its log.",
        );
      }
      await sleep(100);
    }
  } finally {
    client.close();
  }
}
