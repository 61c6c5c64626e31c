/**
 * What Logstash does with a line, as an ingest pipeline of OpenSearch: made of the same patterns, names and order, so
 * that these run on a real server. What is Logstash's own - its language, queues, connections - does not run here.
 */
import type { LogRedaction } from "../../config/logSettings";
import {
  knownFields,
  levelNames,
  plainLinePattern,
  tags,
  textTimes,
} from "../../components/logstash/parsing";
import { standardRedactions } from "../../components/logstash/redaction";

type Processor = Record<string, object>;

/** Java writes a group as `$1` where Ruby writes `\1`. */
export function javaReplacement(replacement: string): string {
  return replacement.replaceAll("$", "\\$").replace(/\\(\d)/g, "$$$1");
}

export function gsub(field: string, { pattern, replacement }: LogRedaction): Processor {
  return { gsub: { field, pattern, replacement: javaReplacement(replacement), ignore_missing: true } };
}

/** Takes `message` and gives the fields of the event; `line` while it is at work. */
export function eventPipeline(redactions: LogRedaction[] = []): { processors: Processor[] } {
  const everywhere = [...standardRedactions, ...redactions.filter(({ field }) => field === undefined)];
  const inField = redactions.filter(({ field }) => field !== undefined);
  const parsed = "ctx.line != null";
  return {
    processors: [
      ...everywhere.map((redaction) => gsub("message", redaction)),
      {
        json: {
          if: "ctx.message.trim().startsWith('{')",
          field: "message",
          target_field: "line",
          on_failure: [{ append: { field: "tags", value: tags.brokenJson } }],
        },
      },
      { remove: { if: parsed, field: "message" } },
      ...inField.map((redaction) => gsub(`line.${redaction.field}`, redaction)),
      ...Object.entries(knownFields).flatMap(([field, names]) =>
        names
          // A name with a point is a path here.
          .filter((name) => !name.includes("."))
          .map((name) => ({
            rename: {
              if: `${parsed} && ctx['${field}'] == null`,
              field: `line.${name}`,
              target_field: field,
              ignore_missing: true,
            },
          })),
      ),
      {
        grok: {
          if: "ctx.line == null",
          field: "message",
          patterns: [plainLinePattern],
          on_failure: [{ append: { field: "tags", value: tags.unparsed } }],
        },
      },
      { rename: { field: "line", target_field: "fields", ignore_missing: true } },
      {
        script: {
          if: "ctx.level != null",
          source:
            "def level = ctx.level.toString().toLowerCase(); ctx.level = params.names.getOrDefault(level, level)",
          params: { names: levelNames },
        },
      },
      { convert: { field: "timestamp", type: "string", ignore_missing: true } },
      date("(ctx.timestamp =~ /^\\d{13}(\\.\\d+)?$/)", ["UNIX_MS"]),
      date("(ctx.timestamp =~ /^\\d{10}(\\.\\d+)?$/)", ["UNIX"]),
      date("!(ctx.timestamp =~ /^(\\d{10}|\\d{13})(\\.\\d+)?$/)", [...textTimes]),
    ],
  };
}

function date(condition: string, formats: string[]): Processor {
  return {
    date: {
      if: `ctx.timestamp != null && ${condition}`,
      field: "timestamp",
      formats,
      timezone: "UTC",
      on_failure: [{ append: { field: "tags", value: tags.noTime } }],
    },
  };
}

/** Runs each line through the pipeline; the events, in the order of the lines. */
export async function simulate(
  url: string,
  pipeline: { processors: Processor[] },
  lines: string[],
): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${url}/_ingest/pipeline/_simulate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ pipeline, docs: lines.map((message) => ({ _source: { message } })) }),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`OpenSearch answered ${response.status}: ${text}`);
  const { docs } = JSON.parse(text) as { docs: { doc?: { _source: Record<string, unknown> } }[] };
  return docs.map(({ doc }, index) => {
    if (!doc) throw new Error(`No event of ${JSON.stringify(lines[index])}: ${JSON.stringify(docs[index])}`);
    return doc._source;
  });
}
