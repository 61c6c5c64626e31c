/** What people find in Kibana at the first login: the data view of the log lines, and searches in it. */

/** An object as Kibana's export writes it and its import reads it. */
export interface KibanaObject {
  type: "index-pattern" | "search";
  /** Stable; links contain it. */
  id: string;
  attributes: Record<string, unknown>;
  references: { type: string; id: string; name: string }[];
  /** Versions of the formats used here, from which Kibana brings the object up to its own. */
  coreMigrationVersion: string;
  typeMigrationVersion: string;
}

export interface SavedObjectsArgs {
  /** Indices that hold the lines. @default "bilten-logs-*" */
  indexPattern?: string;
}

export const dataViewId = "bilten-logs";
export const errorsByServiceId = "bilten-errors-by-service";
export const requestByTraceId = "bilten-request-by-trace-id";

/** A data view with the default time field, and the searches: errors by service, one request by its trace. */
export function savedObjects(args: SavedObjectsArgs = {}): KibanaObject[] {
  return [
    {
      type: "index-pattern",
      id: dataViewId,
      attributes: {
        title: args.indexPattern ?? "bilten-logs-*",
        name: "Bilten logs",
        timeFieldName: "@timestamp",
        fieldAttrs: JSON.stringify({
          trace_id: { customLabel: "Trace" },
          service: { customLabel: "Service" },
        }),
      },
      references: [],
      coreMigrationVersion: "8.8.0",
      typeMigrationVersion: "8.0.0",
    },
    search({
      id: errorsByServiceId,
      title: "Errors by service",
      description: "Lines of level error and fatal, counted by service over time.",
      query: 'level : ("error" or "fatal")',
      columns: ["service", "level", "message", "error.type", "trace_id"],
      breakdownField: "service",
      timeRange: { from: "now-24h", to: "now" },
      order: "desc",
    }),
    search({
      id: requestByTraceId,
      title: "One request by trace id",
      description:
        "All lines of one request, in all services, in their order. Put the trace id in place of the zeros.",
      query: `trace_id : "${"0".repeat(32)}"`,
      columns: ["service", "level", "message", "span_id", "request_id", "http.status_code"],
      breakdownField: "service",
      timeRange: { from: "now-30d", to: "now" },
      order: "asc",
    }),
  ];
}

interface Search {
  id: string;
  title: string;
  description: string;
  /** In Kibana's query language. */
  query: string;
  columns: string[];
  breakdownField: string;
  timeRange: { from: string; to: string };
  order: "asc" | "desc";
}

function search({ id, query, order, ...attributes }: Search): KibanaObject {
  const reference = "kibanaSavedObjectMeta.searchSourceJSON.index";
  return {
    type: "search",
    id,
    attributes: {
      ...attributes,
      sort: [["@timestamp", order]],
      grid: {},
      hideChart: false,
      isTextBasedQuery: false,
      timeRestore: true,
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({
          query: { query, language: "kuery" },
          filter: [],
          indexRefName: reference,
        }),
      },
    },
    references: [{ type: "index-pattern", id: dataViewId, name: reference }],
    coreMigrationVersion: "8.8.0",
    typeMigrationVersion: "10.5.0",
  };
}

/** The objects as the file that Kibana imports: one by line. */
export function savedObjectsFile(objects: KibanaObject[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join("");
}
