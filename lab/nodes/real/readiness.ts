/** Whether the real node and its pods are ready, by what the API server says after a start of the node. */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, type ApiClient } from "../../controlplane/client";
import { nodeName } from "../../network/addresses";
import { LabError, type Log } from "../../state";

interface Condition {
  type: string;
  status: string;
  message?: string;
  lastHeartbeatTime?: string;
}

interface Node {
  spec: { taints?: { key: string }[] };
  status?: { conditions?: Condition[] };
}

interface Pod {
  metadata: { name: string; namespace: string; deletionTimestamp?: string };
  status?: { phase?: string; conditions?: Condition[]; containerStatuses?: ContainerStatus[] };
}

interface ContainerStatus {
  name: string;
  state?: { waiting?: { reason?: string; message?: string } };
}

const nodeSeconds = 60;

/** Waits until the kubelet has told, since `begin`, that the node is ready. */
export async function untilReady(client: ApiClient, begin: Date, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + nodeSeconds * 1000;
  // Times in objects have no fractions of seconds.
  const since = begin.getTime() - 1000;
  for (;;) {
    signal?.throwIfAborted();
    const node = await client.get<Node>(`/api/v1/nodes/${nodeName}`);
    const ready = node?.status?.conditions?.find(({ type }) => type === "Ready");
    const told = Date.parse(ready?.lastHeartbeatTime ?? "") >= since;
    if (told && ready?.status === "True" && !node?.spec.taints?.length) return;
    if (Date.now() > until) {
      const message = ready?.message ? `: ${ready.message}` : "";
      throw new LabError(
        `The real node is not ready after ${nodeSeconds} s${message}. See: npm run lab -- logs kubelet`,
      );
    }
    await sleep(200, undefined, { signal });
  }
}

async function podsOf(client: ApiClient): Promise<Pod[]> {
  return client.list<Pod>("/api/v1/pods", { fieldSelector: `spec.nodeName=${nodeName}` });
}

const isReady = ({ status }: Pod) =>
  status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");

/**
 * Says of the node's pods that they are not ready, as the controller-manager would after 50 s without a kubelet: none
 * of them runs after a stop, and what they were before would be believed until the kubelet has looked at each.
 */
export async function markNotReady(client: ApiClient): Promise<void> {
  for (const pod of (await podsOf(client)).filter(isReady)) {
    const conditions = pod.status?.conditions?.map((condition) =>
      ["Ready", "ContainersReady"].includes(condition.type) ? { ...condition, status: "False" } : condition,
    );
    const { namespace, name } = pod.metadata;
    try {
      await client.patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, { status: { conditions } });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }
}

/**
 * Waits until all pods on the real node are ready.
 * @returns what is not ready after `seconds`, for people; empty when all are
 */
export async function untilPodsReady(
  client: ApiClient,
  { seconds = 120, log, signal }: { seconds?: number; log: Log; signal?: AbortSignal },
): Promise<string[]> {
  const begin = Date.now();
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    const waiting = (await podsOf(client)).filter(
      (pod) => pod.status?.phase !== "Succeeded" && !pod.metadata.deletionTimestamp && !isReady(pod),
    );
    if (waiting.length === 0) return [];
    if (Date.now() - begin > seconds * 1000) return waiting.map(describe);
    if (!told && Date.now() - begin > 3000) {
      log(
        `Waiting for pods on the real node: ${waiting.map(({ metadata }) => metadata.name).join(", ")} ...`,
      );
      told = true;
    }
    await sleep(300, undefined, { signal });
  }
}

function describe({ metadata, status }: Pod): string {
  const reasons = (status?.containerStatuses ?? []).flatMap(({ name, state }) =>
    state?.waiting ? `${name}: ${state.waiting.message ?? state.waiting.reason}` : [],
  );
  return `${metadata.namespace}/${metadata.name} (${reasons.join("; ") || status?.phase || "unknown"})`;
}
