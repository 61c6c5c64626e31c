/**
 * Property values as the engine sends them: JSON in which a secret is an object with a signature, and a value that is
 * not known yet (in a preview) is one particular string. Kept in this form, nothing gets lost on the way back.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Properties = Record<string, Json>;

/** Stands for a value that is not known before the update runs. The constants are the engine's protocol. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: unknown): value is Properties {
  return isObject(value) && value[signatureKey] === secretSignature;
}

/** A value that the engine encrypts in the state and hides on the screen. */
export function secret(value: Json): Json {
  return isSecret(value) ? value : { [signatureKey]: secretSignature, value };
}

/** Without the marks of secrets and outputs, at any depth. */
export function plain<T extends Json | undefined>(value: T): T;
export function plain(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => plain<Json>(item));
  if (!isObject(value)) return value;
  if (isSecret(value)) return plain(value["value"] ?? null);
  if (value[signatureKey] === outputSignature) return plain(value["value"] ?? unknown);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item as Json)]));
}

/** Whether any part is not known yet. */
export function containsUnknown(value: Json | undefined): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  return isObject(value) && Object.values(value).some(containsUnknown);
}

/** `value` with those parts made secret that are secret in `marked`. */
export function withSecretsOf(value: Json, marked: Json | undefined): Json {
  if (isSecret(marked)) return secret(value);
  if (Array.isArray(value) && Array.isArray(marked)) {
    // Items of a list may have moved: a list with any secret in it is secret as a whole.
    return containsSecret(marked) ? secret(value) : value;
  }
  if (!isObject(value) || !isObject(marked)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withSecretsOf(item, marked[key])]),
  );
}

export function containsSecret(value: Json | undefined): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(containsSecret);
  return isObject(value) && Object.values(value).some(containsSecret);
}

/** The strings in all secrets, for keeping them out of messages. */
export function secretStrings(value: Json | undefined, within = false): string[] {
  if (isSecret(value)) return secretStrings(plain(value), true);
  if (typeof value === "string") return within && value.length > 3 && value !== unknown ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => secretStrings(item, within));
  return isObject(value) ? Object.values(value).flatMap((item) => secretStrings(item, within)) : [];
}

/** A message in which no secret of `values` can be read. */
export function redact(message: string, ...values: (Json | undefined)[]): string {
  const found = values.flatMap((value) => secretStrings(value)).sort((a, b) => b.length - a.length);
  let result = message;
  for (const text of found) result = result.replaceAll(text, "[secret]");
  return result;
}

export function deepEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => deepEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => deepEqual(a[key], b[key]));
}

/** Without `undefined`, which the wire has no form for. */
export function defined(value: Record<string, Json | undefined>): Properties {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
}
