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
  const parts = state ? await statusOf(state) : [];
  const healthy = new Set(parts.filter((part) => part.state === "healthy").map(({ name }) => name));
  if (!state || !healthy.has("kube-apiserver"))
    throw new LabError("The lab is stopped. Start it with: npm start");
  const credentials = new Pki(state.pki).credentials("admin");
  return { state, healthy, client: () => new ApiClient(apiServerUrl(readPorts(state)), credentials) };
}
