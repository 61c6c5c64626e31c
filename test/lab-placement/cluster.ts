/** A control plane of the test's own with simulated nodes, and a node that only says that it is a real one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { controlPlaneTools, startControlPlane, stopLab, type ControlPlane } from "../../lab/controlplane";
import type { ApiClient, Manifest } from "../../lab/controlplane/client";
import { simulatedNodeTools, startSimulatedNodes } from "../../lab/nodes/simulated";
import { ensurePlacement, type Placement } from "../../lab/placement";
import { openState } from "../../lab/state";
import { ensureTools } from "../../lab/tools";

const names = [...controlPlaneTools, ...simulatedNodeTools];
export const realNode = "real-test";
export const [atHand, other] = ["registry.test/at-hand:1", "registry.test/other:1"];
export const apps = "/apis/apps/v1/namespaces/default";
export const core = "/api/v1/namespaces/default";

type Selector = Record<string, string> | undefined;

/** What the tests look at of a workload. */
export interface Templated {
  spec: { template: { spec: { nodeSelector?: Selector } } };
}

export interface LivePod {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { nodeName?: string; nodeSelector?: Selector };
}

export interface TestCluster {
  controlPlane: ControlPlane;
  client: ApiClient;
  directory: string;
  place(images: string[]): Promise<Placement>;
  /** The node selector of a workload such as `deployments/web`. */
  selectorOf(path: string): Promise<Selector>;
  /** The one that a workload would get. */
  selectorFor(manifest: Manifest): Promise<Selector>;
  pods(app: string): Promise<LivePod[]>;
  /** Waits until all pods of an app that are not going are one, on a node of this name. */
  onNode(app: string, node: string | RegExp): Promise<LivePod>;
  /** Starts what does not run. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

export async function freshCluster(): Promise<TestCluster> {
  const tools = await ensureTools(names);
  const state = openState(mkdtempSync(join(tmpdir(), "bilten-placement-")));
  const log = () => undefined;
  const start = async () => {
    const controlPlane = await startControlPlane({ stateDir: state.directory, tools, log });
    await startSimulatedNodes({ controlPlane, tools, log });
    return controlPlane;
  };
  const controlPlane = await start();
  const client = controlPlane.client();
  await makeRealNode(client);
  const heartbeat = setInterval(() => void beat(client).catch(() => undefined), 10_000);
  return {
    controlPlane,
    client,
    directory: state.directory,
    place: (images) => ensurePlacement({ client, images, log }),
    ...questions(client),
    start: async () => void (await start()),
    remove: async () => {
      clearInterval(heartbeat);
      client.close();
      await stopLab(state, { log });
      rmSync(state.directory, { recursive: true, force: true });
    },
  };
}

function questions(client: ApiClient) {
  const pods = (app: string) => client.list<LivePod>(`${core}/pods`, { labelSelector: `app=${app}` });
  return {
    pods,
    selectorOf: async (path: string) =>
      (await client.get<Templated>(`${apps}/${path}`))?.spec.template.spec.nodeSelector,
    selectorFor: async (manifest: Manifest) =>
      (await client.create<Templated>(manifest, { dryRun: true })).spec.template.spec.nodeSelector,
    onNode: (app: string, node: string | RegExp) =>
      eventually(`the pod of ${app} on ${node}`, async () => {
        const left = (await pods(app)).filter(({ metadata }) => !metadata.deletionTimestamp);
        return left.length === 1 && left[0]!.spec.nodeName?.match(node) ? left[0] : undefined;
      }),
  };
}

/** Waits until a question has an answer that is not undefined. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  seconds = 30,
): Promise<T> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > until) throw new Error(`Not within ${seconds} s: ${what}`);
    await sleep(100);
  }
}

const nodes = "/api/v1/nodes";

/** Nothing runs there: its pods stay pending. */
async function makeRealNode(client: ApiClient): Promise<void> {
  const labels = {
    "bilten.dev/node": "real",
    "kubernetes.io/hostname": realNode,
    "kubernetes.io/os": "linux",
    "topology.kubernetes.io/zone": "a",
  };
  const object = { apiVersion: "v1", kind: "Node", metadata: { name: realNode, labels } };
  await client.apply({ collection: nodes, object });
  await beat(client);
  await eventually("the node takes pods", async () => {
    const node = await client.get<{ spec: { taints?: object[] } }>(`${nodes}/${realNode}`);
    return node?.spec.taints === undefined ? true : undefined;
  });
}

async function beat(client: ApiClient): Promise<void> {
  const now = new Date().toISOString();
  const conditions = [
    { type: "Ready", status: "True", reason: "Test", lastHeartbeatTime: now, lastTransitionTime: now },
  ];
  const capacity = { cpu: "4", memory: "8Gi", pods: "50" };
  const object = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: realNode },
    status: { conditions, capacity, allocatable: capacity },
  };
  await client.apply({ collection: nodes, object }, "status");
}

/** A workload with one container for each image; others go into the pod, or into the workload. */
export function workload(
  kind: "Deployment" | "StatefulSet" | "DaemonSet",
  name: string,
  images: string[],
  { pod = {}, spec = {} }: { pod?: object; spec?: object } = {},
): Manifest {
  const labels = { app: name };
  const containers = images.map((image, index) => ({ name: `main-${index}`, image }));
  return {
    collection: `/apis/apps/v1/namespaces/default/${kind.toLowerCase()}s`,
    object: {
      apiVersion: "apps/v1",
      kind,
      metadata: { name, namespace: "default" },
      spec: {
        ...(kind === "StatefulSet" ? { serviceName: name } : {}),
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers, ...pod } },
        ...spec,
      },
    },
  };
}
