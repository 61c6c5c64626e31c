/** The fields of a log line: what Elasticsearch indexes of it, and what becomes of the rest. */

/** A field, or an object of fields, as Elasticsearch's mapping API has it. */
export type Mapping = { type: string; [option: string]: unknown } | { properties: Record<string, Mapping> };

/** Field that holds what has no field of its own, by its dotted name; searched as `fields.<name>`. */
export const strayField = "fields";

/** Longest keyword that is indexed, characters. A longer one is kept, but not found by its value. */
const keywordLength = 1024;

const keyword: Mapping = { type: "keyword", ignore_above: keywordLength };
// Logs are searched by word and phrase, and never ranked: this takes less space than `text`.
const text: Mapping = { type: "match_only_text" };
const date: Mapping = { type: "date" };
const long: Mapping = { type: "long" };
const double: Mapping = { type: "double" };
const ip: Mapping = { type: "ip" };
/** One field in the mapping, however many keys it has: nothing that is written here makes the mapping grow. */
const anything: Mapping = { type: "flattened", ignore_above: keywordLength };
const object = (properties: Record<string, Mapping>): Mapping => ({ properties });

/**
 * Fields of the daily indices: what services write, and what Filebeat and Logstash add. A date, number or address that
 * is none is kept and not indexed (`_ignored` names it), instead of the whole line being refused.
 */
export const logFields: Record<string, Mapping> = {
  "@timestamp": date,
  timestamp: date,
  level: keyword,
  message: text,
  service: keyword,
  version: keyword,
  environment: keyword,
  trace_id: keyword,
  span_id: keyword,
  request_id: keyword,
  http: object({
    method: keyword,
    route: keyword,
    path: keyword,
    status_code: long,
    duration_ms: double,
    request: object({ bytes: long }),
    response: object({ bytes: long }),
    client_ip: ip,
    user_agent: keyword,
  }),
  error: object({ type: keyword, code: keyword, message: text, stack_trace: text }),
  tags: keyword,
  kubernetes: object({
    namespace: keyword,
    node: object({ name: keyword }),
    pod: object({ name: keyword, uid: keyword, ip }),
    container: object({ name: keyword }),
    labels: anything,
  }),
  container: object({ id: keyword, runtime: keyword, image: object({ name: keyword }) }),
  log: object({ offset: long, file: object({ path: keyword }) }),
  event: object({ original: { type: "keyword", index: false, doc_values: false } }),
  stream: keyword,
  [strayField]: anything,
};

/**
 * What the ingest pipeline looks fields up in: `"value"` for a field, `"any"` for one that takes everything, an object
 * for an object of fields.
 */
export type Shape = "value" | "any" | { [field: string]: Shape };

/** The shape of mapped fields. */
export function shapeOf(fields: Record<string, Mapping>): { [field: string]: Shape } {
  return Object.fromEntries(
    Object.entries(fields).map(([name, mapping]) => [
      name,
      "properties" in mapping
        ? shapeOf(mapping.properties as Record<string, Mapping>)
        : mapping.type === "flattened"
          ? "any"
          : "value",
    ]),
  );
}

/** How many fields and objects a mapping has: what Elasticsearch's limit of fields counts. */
export function fieldCount(fields: Record<string, Mapping>): number {
  return Object.values(fields).reduce(
    (count, mapping) =>
      count + 1 + ("properties" in mapping ? fieldCount(mapping.properties as Record<string, Mapping>) : 0),
    0,
  );
}
