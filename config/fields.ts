/**
 * Kinds of values in the object settings. Each is a zod schema that carries in its metadata what a reader needs: what is
 * expected, an example, and what the value is for. Error messages and docs/configuration.md are made from these.
 */
import { z } from "zod";
import * as checks from "./checks";
import { parseCpu, parseDuration, parsePercentage, parseQuantity } from "./units";

/** What a message or a table says about a value. */
export interface FieldMeta {
  expected: string;
  example: string;
  description?: string;
}

/** Puts the metadata on a schema; the type stays. */
export function field<S extends z.ZodType>(schema: S, meta: FieldMeta): S {
  return schema.meta({ ...meta });
}

/** The metadata of a schema, found below the wrappers for defaults, options and transforms. */
export function metaOf(schema: z.ZodType): FieldMeta | undefined {
  const meta = schema.meta() as unknown as FieldMeta | undefined;
  if (meta?.expected !== undefined) return meta;
  const inner = unwrapOnce(schema);
  return inner && metaOf(inner);
}

/** The schema without defaults, options and transforms: an object, an array, or a leaf. */
export function unwrap(schema: z.ZodType): z.ZodType {
  const inner = unwrapOnce(schema);
  return inner ? unwrap(inner) : schema;
}

function unwrapOnce(schema: z.ZodType): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return schema.def.innerType as z.ZodType;
  }
  if (schema instanceof z.ZodPipe) return schema.def.in as z.ZodType;
  return undefined;
}

/** A text that passes `check`. */
export function text(check: (value: string) => boolean, meta: FieldMeta) {
  return field(z.string().refine(check), meta);
}

const meta = (expected: string, example: string) => (description: string, ownExample?: string) => ({
  expected,
  example: ownExample ?? example,
  description,
});

const durationMeta = meta(
  "a duration above zero: whole numbers with y, w, d, h, m, s or ms, largest first",
  "30s",
);
const waitMeta = meta(
  "a duration, 0s for none: whole numbers with y, w, d, h, m, s or ms, largest first",
  "30s",
);
const quantityMeta = meta("a size above zero as a Kubernetes quantity", "10Gi");
const percentMeta = meta("a percentage above 0% and below 100%", "99.9%");

const positive = (value: number): boolean => value > 0;

export const isDuration = checks.accepts(parseDuration, positive);
export const isWait = checks.accepts(parseDuration);
export const isQuantity = checks.accepts(parseQuantity, positive);

/** A duration above zero, kept as text. */
export const durationText = (description: string, example?: string) =>
  text(isDuration, durationMeta(description, example));

/** A duration that may be zero, kept as text: for waits that can be left out. */
export const waitText = (description: string, example?: string) =>
  text(isWait, waitMeta(description, example));

/** A duration above zero, as seconds. */
export const durationSeconds = (description: string, example?: string) =>
  durationText(description, example).transform(parseDuration);

/** A size above zero, kept as text. */
export const quantityText = (description: string, example?: string) =>
  text(isQuantity, quantityMeta(description, example));

/** A percentage above 0 and below 100, as a ratio. */
export const percentageRatio = (description: string, example?: string) =>
  text(
    checks.accepts(parsePercentage, (ratio) => ratio > 0 && ratio < 1),
    percentMeta(description, example),
  ).transform(parsePercentage);

/** A percentage from 0 to 100, both included, as a ratio. */
export const shareRatio = (description: string, example: string) =>
  text(checks.accepts(parsePercentage), {
    expected: "a percentage from 0% to 100%",
    example,
    description,
  }).transform(parsePercentage);

/** An amount of CPU above zero, as text; YAML's bare numbers are welcome. */
export const cpuText = (description: string) =>
  field(
    z.union([z.string(), z.number()]).refine((value) => checks.accepts(parseCpu, positive)(String(value))),
    meta("an amount of CPU above zero, in cores or thousandths of a core", "250m")(description),
  ).transform(String);

export const namespaceName = (description: string, example: string) =>
  text(checks.isDnsLabel, {
    expected: "a Kubernetes namespace name: at most 63 of a-z, 0-9 and -, no - at either end",
    example,
    description,
  });

export const httpUrl = (description: string, example: string) =>
  text(checks.isHttpUrl, {
    expected: "an http:// or https:// address without user name and password",
    example,
    description,
  });

export const flag = (description: string, example = "true") =>
  field(z.boolean(), { expected: "true or false", example, description });

export const wholeNumber = (minimum: number, description: string, example: string, maximum?: number) =>
  field(maximum === undefined ? z.int().min(minimum) : z.int().min(minimum).max(maximum), {
    expected:
      maximum === undefined
        ? `a whole number, ${minimum} or more`
        : `a whole number from ${minimum} to ${maximum}`,
    example,
    description,
  });
