import { deepEqual, isObject, plain, type Json } from "./values";

export type ChangeKind = "add" | "delete" | "update";

/** A property that differs. */
export interface Change {
  path: (string | number)[];
  kind: ChangeKind;
}

/** What differs between two values, as deep as possible. An unknown value differs from every other. */
export function compare(before: Json | undefined, after: Json | undefined): Change[] {
  return changes(plain(before), plain(after), []);
}

function changes(before: Json | undefined, after: Json | undefined, path: (string | number)[]): Change[] {
  if (deepEqual(before, after)) return [];
  if (before === undefined || before === null) return [{ path, kind: "add" }];
  if (after === undefined || after === null) return [{ path, kind: "delete" }];
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changes(before[key], after[key], [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) =>
      changes(before[index], after[index], [...path, index]),
    ).flat();
  }
  return [{ path, kind: "update" }];
}

/** A path in the engine's notation: `spec.containers[0].image`, `data["a.yml"]`. */
export function formatPath(path: (string | number)[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `["${part.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"]`;
  }
  return text;
}
