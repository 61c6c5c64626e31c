import { createHash } from "node:crypto";
import { autoNameSuffix, type Inputs, type RegisteredResource } from "./record";

/** A Kubernetes object as a file or an API server takes it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- every kind has another shape
  [field: string]: any;
}

/**
 * The Kubernetes objects of a recorded run, in the order of registration. An object whose name Pulumi would choose is
 * named after its content, and what refers to it follows, so the same program always gives the same files.
 */
export function kubernetesObjects(resources: RegisteredResource[]): KubernetesObject[] {
  const registered = resources.filter(({ type, custom }) => custom && type.startsWith("kubernetes:"));
  const names = new Map<string, string>();
  for (const { name, inputs } of registered) {
    if (inputs.metadata?.name === undefined)
      names.set(`${name}-${autoNameSuffix}`, `${name}-${contentHash(inputs)}`);
  }
  return registered.map(({ type, name, inputs }) => {
    const { apiVersion, kind } = kindOf(type);
    const { metadata, ...rest } = inputs as { metadata?: object };
    const named = { name: `${name}-${autoNameSuffix}`, ...metadata };
    return rename({ apiVersion, kind, metadata: named, ...rest }, names) as KubernetesObject;
  });
}

/** `kubernetes:apps/v1:Deployment` is apiVersion `apps/v1`, kind `Deployment`; the core group has no name. */
function kindOf(type: string): { apiVersion: string; kind: string } {
  const [, groupVersion = "", kind = ""] = type.split(":");
  return { apiVersion: groupVersion.replace(/^core\//, ""), kind };
}

function contentHash(inputs: Inputs): string {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 8);
}

function rename(value: Inputs, names: Map<string, string>): Inputs {
  if (typeof value === "string") return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => rename(item, names) as Inputs);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rename(item, names) as Inputs]));
}

/** `<kind>-<namespace>-<name>.yaml`, lower case; cluster-wide objects have no namespace. */
export function fileName({ kind, metadata }: KubernetesObject): string {
  return `${[kind, metadata.namespace, metadata.name].filter(Boolean).join("-").toLowerCase()}.yaml`;
}
