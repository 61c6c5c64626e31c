/** From the program's resource types to the API's kinds and paths. */
import { refuse } from "../standIn";
import type { Json, Properties } from "../values";
import { ApiError, type KubeApi } from "./api";

export interface Kind {
  /** `apps/v1`, or `v1`. */
  apiVersion: string;
  kind: string;
}

export interface ApiResource extends Kind {
  /** Lower-case plural, as in paths. */
  plural: string;
  namespaced: boolean;
}

/** Types that are more than one object of the API: the official plugin implements them apart, too. */
const compound = [/^helm\.sh\//, /^kustomize[/:]/, /^yaml[/:]/, /^apiextensions\.k8s\.io:/];

/**
 * Kind of a type token such as `kubernetes:apps/v1:Deployment`.
 * @throws Error that names a type which is not one object of the API
 */
export function kindOf(type: string): Kind {
  const [plugin, group, kind] = type.split(":");
  const rest = type.slice("kubernetes:".length);
  if (plugin !== "kubernetes" || !group || !kind) refuse("kubernetes", type);
  if (compound.some((pattern) => pattern.test(rest))) refuse("kubernetes", type);
  if (!/^([a-z0-9.-]+\/)?v\d+((alpha|beta)\d+)?$/.test(group)) refuse("kubernetes", type);
  if (kind.endsWith("Patch"))
    refuse("kubernetes", type, "does not implement patches of objects it does not own");
  if (kind.endsWith("List")) refuse("kubernetes", type, "does not implement lists");
  return { apiVersion: group.replace(/^core\//, ""), kind };
}

/** Finds out, once for each group and version, what the API server serves. */
export class Discovery {
  private readonly known = new Map<string, Promise<Properties[]>>();

  constructor(private readonly api: KubeApi) {}

  /** @throws Error that names the kind when the API server does not serve it */
  async find({ apiVersion, kind }: Kind): Promise<ApiResource> {
    const found = (await this.resources(apiVersion)).find(
      (resource) => resource["kind"] === kind && !String(resource["name"]).includes("/"),
    );
    if (!found) {
      // A custom resource definition may be made in the same update: ask again next time.
      this.known.delete(apiVersion);
      throw new Error(`The API server does not serve ${kind} of ${apiVersion}. Is its definition installed?`);
    }
    return { apiVersion, kind, plural: String(found["name"]), namespaced: found["namespaced"] === true };
  }

  private resources(apiVersion: string): Promise<Properties[]> {
    let resources = this.known.get(apiVersion);
    if (!resources) {
      resources = this.load(apiVersion);
      this.known.set(apiVersion, resources);
      resources.catch(() => this.known.delete(apiVersion));
    }
    return resources;
  }

  private async load(apiVersion: string): Promise<Properties[]> {
    try {
      return ((await this.api.get(versionPath(apiVersion))).body["resources"] ?? []) as Properties[];
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  }
}

function versionPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Path of an object, or without a name of its collection. */
export function objectPath(resource: ApiResource, namespace: string | undefined, name?: string): string {
  const space = resource.namespaced ? `/namespaces/${encodeURIComponent(namespace ?? "default")}` : "";
  const object = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${versionPath(resource.apiVersion)}${space}/${resource.plural}${object}`;
}

/** The engine's id of an object: `namespace/name`, or the name of one without a namespace. */
export function objectId(metadata: Json | undefined, namespaced: boolean): string {
  const { namespace, name } = (metadata ?? {}) as { namespace?: string; name?: string };
  return namespaced ? `${namespace ?? "default"}/${name ?? ""}` : (name ?? "");
}

export function parseId(id: string): { namespace?: string; name: string } {
  const [first = "", second] = id.split("/");
  return second === undefined ? { name: first } : { namespace: first, name: second };
}
