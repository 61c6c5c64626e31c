/** Names that the parts of the log pipeline share: what Elasticsearch holds, and who may do what there. */

/** Pattern of the daily indices, and name of their template and view. */
export const logIndexPattern = "bilten-logs-*";

/** Name of the lifecycle policy and of the ingest pipeline of the daily indices. */
export const logPolicy = "bilten-logs";

/** Pattern of the indices of traces, whose names Jaeger makes from its prefix. */
export const traceIndexPattern = "jaeger-*";

/** Name of the snapshot repository, and of the policy that fills it. */
export const snapshotRepository = "bilten";
export const snapshotPolicy = "bilten-daily";

/** Who exists before the set-up, and applies it; nobody else uses this name. */
export const bootstrapUser = "elastic";

/** The users whose passwords the set-up sets. */
export const programUsers = [
  "kibana_system",
  "bilten_logstash",
  "bilten_exporter",
  "bilten_json_exporter",
  "bilten_grafana",
  "bilten_jaeger",
] as const;

export type ProgramUser = (typeof programUsers)[number];
