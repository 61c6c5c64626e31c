import assert from "node:assert/strict";
import { kubernetesObjects, type KubernetesObject } from "../../rendering/objects";
import { runStack, type StackRunOptions } from "../../rendering/stack";

export type { KubernetesObject };

/** The stacks whose objects are looked at. */
export const stacks = ["dev", "prod"] as const;

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvironmentVariable[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports?: { name?: string; containerPort: number }[];
  volumeMounts?: { name: string; mountPath: string }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    capabilities?: { drop?: string[]; add?: string[] };
    privileged?: boolean;
    readOnlyRootFilesystem?: boolean;
    runAsNonRoot?: boolean;
    seccompProfile?: { type: string };
  };
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
}

interface EnvironmentVariable {
  name: string;
  value?: string;
  valueFrom?: { configMapKeyRef?: Source; secretKeyRef?: Source };
}

interface Source {
  name: string;
  key: string;
}

export interface Probe {
  httpGet?: { path: string; port: number | string };
  tcpSocket?: { port: number | string };
}

interface Item {
  key: string;
}

export interface Volume {
  name: string;
  configMap?: { name: string; items?: Item[] };
  secret?: { secretName: string; items?: Item[] };
  projected?: {
    sources: {
      configMap?: { name: string; items?: Item[] };
      secret?: { name: string; items?: Item[] };
    }[];
  };
  emptyDir?: object;
  hostPath?: object;
}

export interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } };
  containers: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
  topologySpreadConstraints?: { topologyKey: string; labelSelector?: Selector }[];
}

export interface Selector {
  matchLabels?: Record<string, string>;
}

export interface Template {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: PodSpec;
}

/** What runs pods. A Job has no selector of its own, Kubernetes makes it one. */
export interface Workload extends KubernetesObject {
  spec: {
    replicas?: number;
    selector?: Selector;
    serviceName?: string;
    template: Template;
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

/** What the stacks put on a cluster as their files configure them; a run takes half a second. */
const asConfigured = new Map<string, KubernetesObject[]>();

/** What the stack would put on a cluster. With options, the program runs anew at every call. */
export async function objectsOf(stack: string, options?: StackRunOptions): Promise<KubernetesObject[]> {
  if (options) return kubernetesObjects((await runStack(stack, options)).resources);
  const objects = asConfigured.get(stack) ?? kubernetesObjects((await runStack(stack)).resources);
  asConfigured.set(stack, objects);
  return structuredClone(objects);
}

export function ofKind(objects: KubernetesObject[], ...kinds: string[]): KubernetesObject[] {
  return objects.filter(({ kind }) => kinds.includes(kind));
}

export function workloadsOf(objects: KubernetesObject[]): Workload[] {
  return ofKind(objects, "Deployment", "StatefulSet", "DaemonSet", "Job") as Workload[];
}

/** All containers of a pod, those that run before the others included. */
export function containersOf({ spec }: Template): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** Kind, namespace and name, as messages and comparisons name an object. */
export function idOf({ kind, metadata }: KubernetesObject): string {
  return [kind, metadata.namespace, metadata.name].filter(Boolean).join("/");
}

/** Whether a selector that names labels only takes an object with these. An empty one takes all. */
export function selects(selector: Selector | undefined, labels: Record<string, string>): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

/** The one object of that kind and name; a name that Pulumi completes is found by its beginning. */
export function find<T extends KubernetesObject>(
  objects: KubernetesObject[],
  kind: string,
  name: string,
): T {
  const found = objects.filter(
    (object) =>
      object.kind === kind && (object.metadata.name === name || startsGenerated(object.metadata.name, name)),
  );
  assert.equal(found.length, 1, `${kind} ${name}: ${found.map(idOf).join(", ") || "none"}`);
  return found[0] as T;
}

function startsGenerated(name: string, start: string): boolean {
  return name.startsWith(`${start}-`) && /^[0-9a-f]{8}$/.test(name.slice(start.length + 1));
}

/** All texts in a value, keys included. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
}
