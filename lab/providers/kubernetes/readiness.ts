/** When an object counts as ready, and why it does not yet. */
import { isObject, type Json, type Properties } from "../values";
import type { KubeApi } from "./api";

/** Waited for unless the user sets `customTimeouts` or the annotation; as the official plugin: 10 minutes. */
export const defaultTimeoutSeconds = 600;

/** `undefined` when ready, else what is still missing. */
export type Check = (object: Properties, api: KubeApi) => Promise<string | undefined> | string | undefined;

const checks: Record<string, Check> = {
  "apps/Deployment": deployment,
  "apps/StatefulSet": statefulSet,
  "apps/DaemonSet": daemonSet,
  "apps/ReplicaSet": (object) =>
    observed(object) ?? counted(object, "readyReplicas", number(object, "spec", "replicas") ?? 1, "ready"),
  "batch/Job": job,
  "/Pod": pod,
  "/PersistentVolumeClaim": volumeClaim,
  "/PersistentVolume": (object) => {
    const phase = text(object, "status", "phase");
    return phase === "Available" || phase === "Bound" ? undefined : `phase is ${phase ?? "not set"}`;
  },
  "/Namespace": (object) =>
    text(object, "status", "phase") === "Active" ? undefined : "the namespace is not active",
  "/Service": service,
  "networking.k8s.io/Ingress": (object) =>
    list(object, "status", "loadBalancer", "ingress").length > 0
      ? undefined
      : "no load balancer has taken it",
  "apiextensions.k8s.io/CustomResourceDefinition": (object) =>
    condition(object, "Established")?.["status"] === "True" ? undefined : "the definition is not established",
};

/** A check for the kind, or undefined for one that is ready once it exists. */
export function readinessOf(apiVersion: string, kind: string): Check | undefined {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
  return checks[`${group}/${kind}`];
}

/** A failure that no waiting heals. */
export class FailedError extends Error {}

function deployment(object: Properties): string | undefined {
  const wanted = number(object, "spec", "replicas") ?? 1;
  const progressing = condition(object, "Progressing");
  if (observed(object)) return observed(object);
  if (progressing?.["reason"] === "ProgressDeadlineExceeded") {
    throw new FailedError(`the rollout does not progress: ${String(progressing["message"])}`);
  }
  const updated = counted(object, "updatedReplicas", wanted, "updated");
  if (updated) return updated;
  const old =
    (number(object, "status", "replicas") ?? 0) - (number(object, "status", "updatedReplicas") ?? 0);
  if (old > 0) return `${old} old pods are still there`;
  return counted(object, "availableReplicas", wanted, "available");
}

function statefulSet(object: Properties): string | undefined {
  const wanted = number(object, "spec", "replicas") ?? 1;
  if (observed(object)) return observed(object);
  const ready = counted(object, "readyReplicas", wanted, "ready");
  if (ready) return ready;
  // With OnDelete, or below a partition, pods of the old revision stay as they are.
  const partition = number(object, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
  if (text(object, "spec", "updateStrategy", "type") === "OnDelete") return undefined;
  return counted(object, "updatedReplicas", Math.max(0, wanted - partition), "updated");
}

function daemonSet(object: Properties): string | undefined {
  const wanted = number(object, "status", "desiredNumberScheduled") ?? 0;
  if (observed(object)) return observed(object);
  if (text(object, "spec", "updateStrategy", "type") !== "OnDelete") {
    const updated = counted(object, "updatedNumberScheduled", wanted, "updated");
    if (updated) return updated;
  }
  return counted(object, "numberAvailable", wanted, "available");
}

function job(object: Properties): string | undefined {
  const failed = condition(object, "Failed");
  if (failed?.["status"] === "True") throw new FailedError(`the job failed: ${String(failed["message"])}`);
  if (condition(object, "Complete")?.["status"] === "True") return undefined;
  if (get(object, "spec", "suspend") === true) return undefined;
  return counted(object, "succeeded", number(object, "spec", "completions") ?? 1, "succeeded");
}

function pod(object: Properties): string | undefined {
  const phase = text(object, "status", "phase");
  if (phase === "Succeeded" || condition(object, "Ready")?.["status"] === "True") return undefined;
  if (phase === "Failed") throw new FailedError(`the pod failed: ${text(object, "status", "message") ?? ""}`);
  return podTrouble(object) ?? `phase is ${phase ?? "not set"}`;
}

async function volumeClaim(object: Properties, api: KubeApi): Promise<string | undefined> {
  const phase = text(object, "status", "phase");
  if (phase === "Bound") return undefined;
  // Such a volume is only bound once a pod wants it.
  const className = text(object, "spec", "storageClassName");
  const storageClass = className && (await api.find(`/apis/storage.k8s.io/v1/storageclasses/${className}`));
  if (storageClass && storageClass["volumeBindingMode"] === "WaitForFirstConsumer") return undefined;
  return `the claim is ${phase ?? "not bound"}`;
}

async function service(object: Properties, api: KubeApi): Promise<string | undefined> {
  const type = text(object, "spec", "type");
  if (type === "LoadBalancer" && list(object, "status", "loadBalancer", "ingress").length === 0) {
    return "no load balancer has given it an address";
  }
  const selector = get(object, "spec", "selector");
  const headless = text(object, "spec", "clusterIP") === "None";
  if (type === "ExternalName" || headless || !isObject(selector) || Object.keys(selector).length === 0)
    return undefined;
  const { name, namespace } = object["metadata"] as { name: string; namespace: string };
  const query = new URLSearchParams({ labelSelector: `kubernetes.io/service-name=${name}` });
  const slices = await api.find(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${query}`);
  const ready = list(slices ?? {}, "items")
    .flatMap((slice) => list(slice as Properties, "endpoints"))
    .some((endpoint) => get(endpoint as Properties, "conditions", "ready") !== false);
  return ready ? undefined : "no pod behind the service is ready";
}

/** Pods that do not become ready, with the reason, and the last warnings, for the message at the end of the wait. */
export async function troubles(object: Properties, api: KubeApi): Promise<string[]> {
  const { name, namespace } = (object["metadata"] ?? {}) as { name?: string; namespace?: string };
  const labels = get(object, "spec", "selector", "matchLabels") ?? get(object, "spec", "selector");
  const found: string[] = [];
  for (const item of list(object, "status", "conditions")) {
    const { type, status, message } = item as { type?: string; status?: string; message?: string };
    if (status === "False" && message) found.push(`${type}: ${message}`);
  }
  if (!namespace) return found;
  if (isObject(labels) && Object.values(labels).every((value) => typeof value === "string")) {
    const labelSelector = Object.entries(labels)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(",");
    const pods = await api.find(
      `/api/v1/namespaces/${namespace}/pods?${new URLSearchParams({ labelSelector })}`,
    );
    for (const item of list(pods ?? {}, "items").slice(0, 5) as Properties[]) {
      const trouble = podTrouble(item);
      if (trouble) found.push(`pod ${text(item, "metadata", "name")}: ${trouble}`);
    }
  }
  const events = await api.find(`/api/v1/namespaces/${namespace}/events?fieldSelector=type%3DWarning`);
  const ours = (list(events ?? {}, "items") as Properties[]).filter((event) =>
    (text(event, "involvedObject", "name") ?? "").startsWith(name ?? "\0"),
  );
  for (const event of ours.slice(-5)) found.push(`event ${text(event, "reason")}: ${text(event, "message")}`);
  return found;
}

function podTrouble(object: Properties): string | undefined {
  for (const item of list(object, "status", "containerStatuses") as Properties[]) {
    const waiting = get(item, "state", "waiting");
    if (isObject(waiting) && waiting["reason"] !== "ContainerCreating") {
      return `container ${text(item, "name")} is waiting: ${String(waiting["reason"])} ${String(waiting["message"] ?? "")}`.trim();
    }
  }
  for (const type of ["PodScheduled", "ContainersReady", "Ready"]) {
    const found = condition(object, type);
    if (found?.["status"] === "False")
      return String(found["message"] ?? found["reason"] ?? `${type} is false`);
  }
  return undefined;
}

function observed(object: Properties): string | undefined {
  const generation = number(object, "metadata", "generation") ?? 0;
  const seen = number(object, "status", "observedGeneration") ?? 0;
  return seen >= generation ? undefined : "its controller has not seen it yet";
}

function counted(object: Properties, field: string, wanted: number, what: string): string | undefined {
  const count = number(object, "status", field) ?? 0;
  return count >= wanted ? undefined : `${count} of ${wanted} ${what}`;
}

function condition(object: Properties, type: string): Properties | undefined {
  return (list(object, "status", "conditions") as Properties[]).find((item) => item["type"] === type);
}

function get(object: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, key) => (isObject(value) ? value[key] : undefined), object);
}

function text(object: Properties, ...path: string[]): string | undefined {
  const value = get(object, ...path);
  return typeof value === "string" ? value : undefined;
}

function number(object: Properties, ...path: string[]): number | undefined {
  const value = get(object, ...path);
  return typeof value === "number" ? value : undefined;
}

function list(object: Properties, ...path: string[]): Json[] {
  const value = get(object, ...path);
  return Array.isArray(value) ? value : [];
}
