import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDuration } from "../../config/units";
import { logFields, shapeOf, strayField, type Mapping } from "./mappings";
import { logIndexPattern, logPolicy } from "./names";
import type { SetupStep } from "./steps";

export interface LogIndexArgs {
  /** How long a day's index is kept, counted from the day's start, e.g. `30d`. */
  retention: string;
  /** Nodes of the cluster: with more than one, every index has a copy on another node. */
  nodes: number;
}

/** Lifecycle, ingest and template of the daily indices, in the order in which they name each other. */
export function indexSteps(args: LogIndexArgs): SetupStep[] {
  return [
    {
      name: `lifecycle policy ${logPolicy}`,
      method: "PUT",
      path: `/_ilm/policy/${logPolicy}`,
      body: lifecyclePolicy(args.retention),
    },
    {
      name: `ingest pipeline ${logPolicy}`,
      method: "PUT",
      path: `/_ingest/pipeline/${logPolicy}`,
      body: ingestPipeline(),
    },
    {
      name: `index template ${logPolicy}`,
      method: "PUT",
      path: `/_index_template/${logPolicy}`,
      body: indexTemplate(args),
    },
  ];
}

/**
 * Deletes an index when its day is older than the retention. There is no rollover: a new index begins every day by its
 * name, and Elasticsearch then counts an index's age from its creation.
 * @throws when the retention is no duration
 */
export function lifecyclePolicy(retention: string): object {
  return {
    policy: {
      phases: {
        // Recovered first when a node returns: people search the newest.
        hot: { min_age: "0ms", actions: { set_priority: { priority: 100 } } },
        delete: { min_age: `${parseDuration(retention)}s`, actions: { delete: {} } },
      },
      _meta: managed,
    },
  };
}

/** Makes a line fit the mapping before it is indexed: see fit.painless. A line without a time gets that of its arrival. */
export function ingestPipeline(): object {
  return {
    description:
      "Moves what has no field of its own aside, so that a line is neither refused nor adds fields.",
    processors: [
      {
        script: {
          lang: "painless",
          source: readFileSync(join(__dirname, "fit.painless"), "utf8"),
          params: { shape: shapeOf(logFields), strayField },
        },
      },
      { set: { field: "@timestamp", value: "{{{_ingest.timestamp}}}", override: false } },
    ],
    // The line is indexed as it is, and can be found by this.
    on_failure: [{ append: { field: "tags", value: ["_ingestfailure"], allow_duplicates: false } }],
  };
}

/** Settings and mapping of the daily indices. */
export function indexTemplate({ nodes }: Pick<LogIndexArgs, "nodes">): object {
  const mappings: { dynamic: false; properties: Record<string, Mapping> } = {
    dynamic: false,
    properties: logFields,
  };
  return {
    index_patterns: [logIndexPattern],
    // Above the templates that Elasticsearch brings along.
    priority: 500,
    template: {
      settings: {
        index: {
          number_of_shards: 1,
          number_of_replicas: nodes > 1 ? 1 : 0,
          codec: "best_compression",
          refresh_interval: "5s",
          // A node that restarts is back before others have copied what it has.
          unassigned: { node_left: { delayed_timeout: "5m" } },
          default_pipeline: logPolicy,
          lifecycle: { name: logPolicy },
          // Nothing adds a field but this template, which has fewer.
          mapping: { total_fields: { limit: fieldLimit }, ignore_malformed: true },
          query: { default_field: ["message", "error.message", "error.type", "error.stack_trace"] },
        },
      },
      mappings,
    },
    _meta: managed,
  };
}

/** Most fields that a daily index may have. */
export const fieldLimit = 100;

/** On whatever can carry it, for people who find it in the cluster. */
export const managed = { managed_by: "bilten-monitoring" };
