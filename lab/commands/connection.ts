/** The connection of a command to a lab that runs. */
import { ApiClient } from "../controlplane/client";
import { Pki } from "../controlplane/certificates";
import { apiServerUrl } from "../controlplane/parts";
import { statusOf } from "../controlplane";
import { readPorts } from "../parts/ports";
import { findState, LabError, type LabState } from "../state";

export interface RunningLab {
  state: LabState;
  /** Names of the parts that answer. */
  healthy: Set<string>;
  /** A connection as administrator. To be closed by who asks for it. */
  client(): ApiClient;
}

/** @throws LabError when the lab does not run */
export async function runningLab(stateDir: string): Promise<RunningLab> {
  const state = findState(stateDir);
  const running = state && (await findRunning(state));
  if (!running) throw new LabError("The lab is stopped. Start it with: npm start");
  return running;
}

/** What runs of a lab; undefined when its API server does not answer. */
export async function findRunning(state: LabState): Promise<RunningLab | undefined> {
  const parts = await statusOf(state);
  const healthy = new Set(parts.filter((part) => part.state === "healthy").map(({ name }) => name));
  if (!healthy.has("kube-apiserver")) return undefined;
  const credentials = new Pki(state.pki).credentials("admin");
  return { state, healthy, client: () => new ApiClient(apiServerUrl(readPorts(state)), credentials) };
}
