/** What a resource's inputs become before they are compared and applied. */
import { createHash } from "node:crypto";
import { isObject, isSecret, plain, secret, unknown, type Json, type Properties } from "../values";
import type { Kind } from "./kinds";

/** Marks objects whose name was made here, as the official plugin does: they can be replaced by one beside them. */
export const autonamedAnnotation = "pulumi.com/autonamed";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

export interface NamingRequest {
  /** Of the resource in the program. */
  urn: string;
  olds?: Properties;
  randomSeed: Buffer;
}

/** Inputs with a name: the given one, that of before when it was made here, or a new one with 8 random characters. */
export function withName(inputs: Properties, { urn, olds, randomSeed }: NamingRequest): Properties {
  const metadata = metadataOf(inputs);
  if (metadata["name"] !== undefined || metadata["generateName"] !== undefined) return inputs;
  const before = olds && metadataOf(olds);
  const kept = before && isAutonamed(olds) ? before["name"] : undefined;
  const name = kept ?? `${baseName(urn)}-${suffix(urn, randomSeed)}`;
  const annotations = isObject(metadata["annotations"]) ? metadata["annotations"] : {};
  return {
    ...inputs,
    metadata: { ...metadata, name, annotations: { ...annotations, [autonamedAnnotation]: "true" } },
  };
}

export function isAutonamed(inputs: Properties | undefined): boolean {
  return annotationsOf(inputs)[autonamedAnnotation] === "true";
}

export function metadataOf(inputs: Properties | undefined): Properties {
  const metadata = plain(inputs?.["metadata"]);
  return isObject(metadata) ? metadata : {};
}

export function annotationsOf(inputs: Properties | undefined): Properties {
  const annotations = metadataOf(inputs)["annotations"];
  return isObject(annotations) ? annotations : {};
}

/** Lower-case and short enough for a name of 63 characters with its suffix. */
function baseName(urn: string): string {
  const name = urn.split("::").slice(3).join("-").toLowerCase();
  return (
    name
      .replace(/[^a-z0-9.-]/g, "-")
      .slice(0, 54)
      .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "") || "object"
  );
}

/** The engine sends the same seed in a preview and in its update, so the name is the one that was shown. */
function suffix(urn: string, randomSeed: Buffer): string {
  const digest = createHash("sha256").update(randomSeed).update(urn).digest();
  return Array.from(digest.subarray(0, 8), (byte) => alphabet[byte % alphabet.length]).join("");
}

/** Content of a Secret is secret, whatever the program says. */
export function withSecretContent({ apiVersion, kind }: Kind, object: Properties): Properties {
  if (apiVersion !== "v1" || kind !== "Secret") return object;
  const result = { ...object };
  for (const key of ["data", "stringData"]) {
    const content = result[key];
    if (content !== undefined && content !== unknown && !isSecret(content)) result[key] = secret(content);
  }
  return result;
}

/** Without null, which means "not set" in the API but would be an error or a deletion in an apply. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}
