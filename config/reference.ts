/**
 * The tables of docs/configuration.md, made from Pulumi.yaml and the schemas, so that they cannot go stale. Run this file
 * to write them: `node --require ./scripts/typescript.cjs config/reference.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { metaOf, unwrap } from "./fields";
import { objectSchemas, resourcesOfWorkload, workloadNames, type ObjectKey } from "./objects";
import { secretNames } from "./scalars";
import { logCapacityRows } from "./logTable";
import { parseStackFiles, projectFolder, readProjectFile } from "./stackFiles";

/** The reference's file. */
export const referenceFile = join(projectFolder, "docs", "configuration.md");

/** The stacks whose capacity for logs is shown. */
const shapes = ["dev", "prod"];

/** The generated parts by name. */
export function referenceTables(): Record<string, string> {
  const declared = Object.entries(readProjectFile().config);
  const isSecret = (key: string): boolean => (secretNames as string[]).includes(key);
  return {
    scalars: table(
      ["Setting", "Type", "Default", "Meaning"],
      declared
        .filter(([key]) => !isSecret(key))
        .map(([key, { type, default: value, description }]) => [
          code(key),
          type,
          value === "" ? "none" : code(String(value)),
          description,
        ]),
    ),
    secrets: table(
      ["Secret", "Meaning"],
      declared
        .filter(([key]) => isSecret(key))
        .map(([key, { description }]) => [code(key), description.replace(/^Secret\. /, "")]),
    ),
    logs: table(
      ["", ...shapes.map((stack) => code(stack))],
      logCapacityRows(shapes.map((stack) => parseStackFiles(stack).settings)),
    ),
    objects: (Object.keys(objectSchemas) as ObjectKey[]).map(objectSection).join("\n\n"),
  };
}

/**
 * A document with its generated parts renewed. A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`.
 * @throws Error when the document lacks a part.
 */
export function renderReference(document: string): string {
  return Object.entries(referenceTables()).reduce((text, [name, content]) => {
    const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/configuration.md lacks ${begin} … ${end}`);
    return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
  }, document);
}

function objectSection(key: ObjectKey): string {
  const schema = objectSchemas[key] as z.ZodType;
  const meta = metaOf(schema)!;
  const inner = unwrap(schema);
  const element = inner instanceof z.ZodArray ? unwrap(inner.element as z.ZodType) : inner;
  const rows =
    key === "resources"
      ? rowsOf(unwrap(resourcesOfWorkload), "<workload>.")
      : inner instanceof z.ZodRecord
        ? rowsOf(unwrap(inner.valueType as z.ZodType), "<alert>.")
        : rowsOf(element, "");
  const parts = [`### \`${key}\``, meta.description ?? "", `Example: ${code(meta.example)}`];
  if (key === "resources") parts.push(`Workloads: ${workloadNames.map(code).join(", ")}.`);
  if (rows.length > 0) parts.push(table(["Key", "Value", "Default", "Meaning"], rows));
  return parts.join("\n\n");
}

/** A row for each leaf of an object schema; keys of nested objects are joined by dots. */
function rowsOf(schema: z.ZodType, prefix: string): string[][] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([key, child]) => {
    const inner = unwrap(child);
    if (inner instanceof z.ZodObject) return rowsOf(inner, `${prefix}${key}.`);
    const meta = metaOf(child)!;
    return [
      [
        code(prefix + key),
        `${meta.expected}, e.g. ${code(meta.example)}`,
        fallback(child),
        meta.description ?? "",
      ],
    ];
  });
}

/** The default of a schema as somebody would write it. */
function fallback(schema: z.ZodType): string {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    const value: unknown = schema.def.defaultValue;
    return code(typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return schema.safeParse(undefined).success ? "none" : "required";
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/** A Markdown table, its columns aligned as the formatter wants them. */
function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

if (require.main === module) {
  writeFileSync(referenceFile, renderReference(readFileSync(referenceFile, "utf8")));
}
