/** What somebody else has changed in the fields that the program sets. */
import { deepEqual, isObject, isSecret, plain, secret, type Json, type Properties } from "../values";
import type { Kind } from "./kinds";

/** Fields by which the API tells the items of a list apart. */
const itemKeys = ["name", "containerPort", "port", "mountPath", "ip", "type", "topologyKey", "uid", "key"];

/**
 * The inputs as they are in the cluster: a field of which the live value is still that of the last operation keeps its
 * input (so "1000m" and "1" are no drift), another one takes the live value. Fields the program does not set are
 * left out.
 * @param before the object after the last operation
 * @param live the object now
 */
export function liveInputs(kind: Kind, inputs: Properties, before: Properties, live: Properties): Properties {
  const result = merge(
    inputs,
    withStringData(kind, plain(before)),
    withStringData(kind, plain(live)),
  ) as Properties;
  // Both are the API server's business, not state.
  for (const key of ["apiVersion", "kind"]) if (inputs[key] !== undefined) result[key] = inputs[key];
  return result;
}

function merge(input: Json, before: Json | undefined, live: Json | undefined): Json | undefined {
  if (isSecret(input)) {
    const merged = merge(input["value"] ?? null, before, live);
    return merged === undefined ? undefined : secret(merged);
  }
  if (deepEqual(before, live)) return input;
  if (isObject(input) && isObject(live)) {
    const entries = Object.entries(input).map(([key, item]) => {
      return [key, merge(item, isObject(before) ? before[key] : undefined, live[key])] as const;
    });
    return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
  }
  if (Array.isArray(input) && Array.isArray(live)) return mergeLists(input, before, live);
  return deepEqual(plain(input), live) ? input : live;
}

function mergeLists(input: Json[], before: Json | undefined, live: Json[]): Json {
  const old = Array.isArray(before) ? before : [];
  const key = itemKeys.find((name) => isKeyOf(name, input) && isKeyOf(name, live));
  if (key) {
    const at = (list: Json[], item: Json) =>
      list.find((other) => isObject(other) && other[key] === plain((item as Properties)[key]));
    const items = input.map((item) => merge(item, at(old, item), at(live, item)));
    return items.filter((item): item is Json => item !== undefined);
  }
  if (input.length !== live.length) return live;
  return input.map((item, index) => merge(item, old[index], live[index]) ?? null);
}

function isKeyOf(name: string, list: Json[]): boolean {
  const values = list.map((item) => (isObject(item) ? plain(item[name]) : undefined));
  return !values.includes(undefined) && new Set(values).size === values.length;
}

/** The API server turns `stringData` into `data`; seen as both, a change is found whichever the program uses. */
function withStringData({ apiVersion, kind }: Kind, object: Properties): Properties {
  const { data } = object;
  if (apiVersion !== "v1" || kind !== "Secret" || !isObject(data)) return object;
  const decoded = Object.entries(data).map(([key, value]) => {
    return [key, Buffer.from(String(value), "base64").toString()] as const;
  });
  return { ...object, stringData: Object.fromEntries(decoded) };
}
