/** Reads raw values through the schemas: what is usable, and a problem for each value that is not. */
import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { metaOf, unwrap } from "./fields";
import { sizeHint } from "./units";
import { configPath, displayValue, type PathPart, type Problem } from "./problems";

/** One element of a list: as given, and as read when nothing was wrong with it. */
export interface Entry<T> {
  raw: unknown;
  value?: T;
}

/** The raw value below `parts`, or undefined. */
export function rawAt(raw: unknown, parts: readonly PropertyKey[]): unknown {
  return parts.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, part)
        ? (value as Record<PropertyKey, unknown>)[part]
        : undefined,
    raw,
  );
}

/** A text below `parts` of a raw value, or undefined when there is none. */
export function rawText(raw: unknown, ...parts: PathPart[]): string | undefined {
  const value = rawAt(raw, parts);
  return typeof value === "string" ? value : undefined;
}

/**
 * Parses `raw` and reports what is wrong with it.
 * @param path where the value stands in the configuration.
 */
export function readValue<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  path: PathPart[],
  problems: Problem[],
): z.output<S> | undefined {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const seen = new Set<string>();
  for (const issue of result.error.issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) problems.push(unknownKey(schema, path, [...issue.path, key]));
      continue;
    }
    const fullPath = configPath([...path, ...issue.path]);
    if (seen.has(fullPath)) continue;
    seen.add(fullPath);
    const given = rawAt(raw, issue.path);
    const meta = metaOf(schemaAt(schema, issue.path));
    problems.push({
      path: fullPath,
      value: displayValue(given),
      expected: `${meta?.expected ?? issue.message}${hint(given, meta?.example)}`,
      example: meta?.example ?? "see docs/configuration.md",
    });
  }
  return undefined;
}

/** Reads a list element by element, so that one bad element does not hide what is wrong with the others. */
export function readList<S extends z.ZodType>(
  listSchema: z.ZodArray<S>,
  raw: unknown,
  path: PathPart[],
  problems: Problem[],
): Entry<z.output<S>>[] | undefined {
  if (!Array.isArray(raw)) {
    readValue(listSchema, raw, path, problems);
    return undefined;
  }
  return raw.map((element: unknown, index) => ({
    raw: element,
    value: readValue(listSchema.element, element, [...path, index], problems),
  }));
}

/** For a size that Kubernetes spells differently, its spelling. */
function hint(given: unknown, example: string | undefined): string {
  const isSize = example !== undefined && /^\d+[GM]i$/.test(example);
  return isSize && typeof given === "string" ? sizeHint(given) : "";
}

/** The schema of the value at a path. */
function schemaAt(schema: z.ZodType, parts: readonly PropertyKey[]): z.ZodType {
  return parts.reduce<z.ZodType>((parent, part) => {
    const inner = unwrap(parent);
    if (inner instanceof z.ZodObject) return (inner.shape as Record<PropertyKey, z.ZodType>)[part] ?? parent;
    if (inner instanceof z.ZodArray) return inner.element as z.ZodType;
    if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
    return parent;
  }, schema);
}

function unknownKey(schema: z.ZodType, path: PathPart[], issuePath: PropertyKey[]): Problem {
  const key = String(issuePath.at(-1));
  const parent = unwrap(schemaAt(schema, issuePath.slice(0, -1)));
  const shape = parent instanceof z.ZodObject ? (parent.shape as Record<string, z.ZodType>) : {};
  const known = Object.keys(shape);
  const nearest = nearestOf(key, known);
  const shown = nearest ?? known[0]!;
  return {
    path: configPath([...path, ...issuePath]),
    value: "an unknown key",
    expected: `${nearest ? `${nearest}, the nearest known key, or another` : "one"} of ${known.join(", ")}`,
    example: `${shown}: ${metaOf(shape[shown]!)?.example ?? "…"}`,
  };
}

/** The known name most like `name`, unless nothing is: more than half of it would have to change. */
export function nearestOf(name: string, known: string[]): string | undefined {
  if (known.length === 0) return undefined;
  const nearest = closest(
    name.toLowerCase(),
    known.map((other) => other.toLowerCase()),
  );
  const match = known.find((other) => other.toLowerCase() === nearest)!;
  return distance(name.toLowerCase(), nearest) <= Math.max(1, Math.floor(match.length / 2))
    ? match
    : undefined;
}
