/** What the json-exporter makes of the JSON that Logstash, Filebeat and the log index answer. */
import { stringify } from "yaml";
import type { LogstashPipeline } from "../logstash";

/** The modules to configure; one that is left out is not known to the exporter. */
export interface JsonExporterModules {
  /**
   * Logstash's `/_node/stats`. The pipelines by their ids: the exporter cannot read the keys of an object, so each is
   * asked for by name.
   */
  logstash?: { pipelines: LogstashPipeline[] };
  /** Filebeat's `/stats`. */
  filebeat?: boolean;
  /** Counts of the log index, asked of Elasticsearch. */
  logIndex?: {
    /** User of Elasticsearch who may search the index. */
    username: string;
    /** Path of the file that holds the password. */
    passwordFile: string;
    /** Path of the certificate of the cluster's authority. */
    caFile: string;
    /** Field with the name of the service, of type keyword. @default "service" */
    serviceField?: string;
  };
}

/** Names of the modules, as a probe asks for them. */
export const moduleNames = { logstash: "logstash", filebeat: "filebeat", logIndex: "log-index" } as const;

interface Metric {
  name: string;
  help: string;
  path: string;
  type: "object";
  valuetype: "counter" | "gauge";
  labels?: Record<string, string>;
  values: Record<string, string>;
}

/**
 * Metrics out of one object: `values` are paths in it. Each is `<name>_<key>`, and a counter when the key ends in
 * `_total`.
 */
function metrics(
  name: string,
  path: string,
  values: Record<string, string>,
  labels?: Record<string, string>,
): Metric[] {
  const some = (valuetype: Metric["valuetype"], want: boolean): Metric[] => {
    const entries = Object.entries(values).filter(([key]) => key.endsWith("_total") === want);
    // The same for all: a metric of several pipelines must have one text, or the exporter ends the request.
    const help = "As the program itself reports it.";
    return entries.length === 0
      ? []
      : [
          {
            name,
            help,
            path: `{${path}}`,
            type: "object",
            valuetype,
            ...(labels && { labels }),
            values: Object.fromEntries(entries),
          },
        ];
  };
  return [...some("gauge", false), ...some("counter", true)];
}

function logstash(pipelines: LogstashPipeline[]): Metric[] {
  const byId = new Map(pipelines.map((pipeline) => [pipeline.id, pipeline]));
  return [
    ...metrics("logstash_jvm", ".jvm.mem", {
      heap_used_bytes: "{.heap_used_in_bytes}",
      heap_max_bytes: "{.heap_max_in_bytes}",
    }),
    ...metrics("logstash_process", ".process", {
      open_file_descriptors: "{.open_file_descriptors}",
      max_file_descriptors: "{.max_file_descriptors}",
    }),
    ...[...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).flatMap(pipelineMetrics),
  ];
}

function pipelineMetrics({ id, deadLetterQueue, shedBy }: LogstashPipeline): Metric[] {
  const pipeline = `.pipelines['${id}']`;
  // Text outside of braces is itself.
  const labels = { pipeline: id };
  // These counts are there from the first time on that they count something. A filter that finds nothing is no error.
  const counted = (field: string, group: string) =>
    [`${pipeline}.plugins.outputs[?(@.${group}.${field})]`, `{.${group}.${field}}`] as const;
  const output = (key: string, [path, value]: readonly [string, string]) =>
    metrics("logstash_output", path, { [key]: value }, { ...labels, plugin: "{.id}" });
  return [
    ...metrics(
      "logstash_pipeline",
      pipeline,
      {
        events_in_total: "{.events.in}",
        events_out_total: "{.events.out}",
        queue_events: "{.queue.events_count}",
        queue_size_bytes: "{.queue.queue_size_in_bytes}",
        queue_max_size_bytes: "{.queue.max_queue_size_in_bytes}",
        ...(deadLetterQueue && {
          dead_letter_queue_size_bytes: "{.dead_letter_queue.queue_size_in_bytes}",
          dead_letter_queue_max_size_bytes: "{.dead_letter_queue.max_queue_size_in_bytes}",
          dead_letter_queue_dropped_events_total: "{.dead_letter_queue.dropped_events}",
        }),
      },
      labels,
    ),
    // What goes into the filter that drops.
    ...(shedBy
      ? metrics(
          "logstash_pipeline",
          `.pipelines['${shedBy.pipeline}'].plugins.filters[?(@.id=='${shedBy.filter}')]`,
          { events_shed_total: "{.events.in}" },
          labels,
        )
      : []),
    ...output("documents_indexed_total", counted("successes", "documents")),
    ...output("documents_retried_total", counted("retryable_failures", "documents")),
    ...output("documents_rejected_total", counted("non_retryable_failures", "documents")),
    ...output("bulk_requests_failed_total", counted("failures", "bulk_requests")),
  ];
}

function filebeat(): Metric[] {
  return [
    ...metrics("filebeat", "", {
      open_handles: "{.beat.handles.open}",
      max_handles: "{.beat.handles.limit.soft}",
      memory_resident_bytes: "{.beat.memstats.rss}",
      harvester_open_files: "{.filebeat.harvester.open_files}",
      events_added_total: "{.filebeat.events.added}",
      pipeline_events_active: "{.libbeat.pipeline.events.active}",
      queue_filled_ratio: "{.libbeat.pipeline.queue.filled.pct}",
      output_events_acked_total: "{.libbeat.output.events.acked}",
      output_events_failed_total: "{.libbeat.output.events.failed}",
      output_events_dropped_total: "{.libbeat.output.events.dropped}",
      output_write_errors_total: "{.libbeat.output.write.errors}",
      output_write_bytes_total: "{.libbeat.output.write.bytes}",
    }).map((metric) => ({ ...metric, path: "{@}" })),
  ];
}

/** How far back events are counted. */
const WINDOW = "5m";

/** More services than this are not told apart. */
const MOST_SERVICES = 500;

/** The search that counts the events of the last five minutes by service, by the events' own time. */
export function logIndexSearch(serviceField = "service"): object {
  return {
    size: 0,
    track_total_hits: false,
    query: { range: { "@timestamp": { gte: `now-${WINDOW}`, lte: "now" } } },
    aggs: { services: { terms: { field: serviceField, size: MOST_SERVICES } } },
  };
}

/** The exporter's configuration file, YAML. Holds no secret, only the paths of files with them. */
export function jsonExporterConfiguration(args: JsonExporterModules): string {
  const { logIndex } = args;
  return stringify({
    modules: {
      ...(args.logstash && { [moduleNames.logstash]: { metrics: logstash(args.logstash.pipelines) } }),
      ...(args.filebeat && { [moduleNames.filebeat]: { metrics: filebeat() } }),
      ...(logIndex && {
        [moduleNames.logIndex]: {
          headers: { "Content-Type": "application/json" },
          body: { content: JSON.stringify(logIndexSearch(logIndex.serviceField)) },
          http_client_config: {
            basic_auth: { username: logIndex.username, password_file: logIndex.passwordFile },
            tls_config: { ca_file: logIndex.caFile },
          },
          metrics: metrics(
            "log_index",
            ".aggregations.services.buckets[*]",
            { events: "{.doc_count}" },
            { service: "{.key}" },
          ),
        },
      }),
    },
  });
}
