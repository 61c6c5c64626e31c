/** What an image reference says. */

export interface Reference {
  /** Host, with its port when it has one: `quay.io`. */
  registry: string;
  /** With the registry: `docker.io/library/node`. */
  repository: string;
  /** @default "latest" */
  tag: string;
  digest?: string;
}

/** The parts of `quay.io/prometheus/prometheus:v3.14.0`; what is left out means what it means to Docker. */
export function parseReference(reference: string): Reference {
  const [named = "", digest] = reference.split("@");
  const colon = named.lastIndexOf(":");
  const tagged = colon > named.lastIndexOf("/");
  const path = (tagged ? named.slice(0, colon) : named).split("/");
  const tag = tagged ? named.slice(colon + 1) : "latest";
  const [first = ""] = path;
  const hasRegistry = path.length > 1 && (/[.:]/.test(first) || first === "localhost");
  const registry = hasRegistry ? first : "docker.io";
  const name = hasRegistry ? path.slice(1) : path.length > 1 ? path : ["library", ...path];
  return { registry, repository: [registry, ...name].join("/"), tag, ...(digest && { digest }) };
}

/** The version that a tag names: `3.14.0` of `v3.14.0`, `20.19.4` of `20.19.4-slim`; other tags as they are. */
export function versionOfTag(tag: string): string {
  return /^v?(\d+(?:\.\d+)*)/.exec(tag)?.[1] ?? tag;
}
