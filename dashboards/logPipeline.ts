/** "Log Pipeline": the way of a log line from its file to the index, stage by stage. */
import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { DASHBOARD_UIDS } from "../alerts/rule";
import { LOG_SERIES } from "../alerts/series";
import type { Dashboard } from "../components/contribution";
import { dashboard, FOLDER, numbered, type PanelDefinition, stat, timeseries, UNITS } from "./panels";
import { ELASTICSEARCH_PANELS } from "./logPipelineElasticsearch";

const GREEN_UP_TO = (orange: number, red: number) => [
  { value: null, color: "green" },
  { value: orange, color: "orange" },
  { value: red, color: "red" },
];

const NOW: Parameters<typeof stat>[0][] = [
  {
    title: "Lines read",
    description: "Lines that Filebeat reads per second, on all nodes.",
    unit: UNITS.perSecond,
    width: 6,
    queries: [{ expr: "sum(rate(filebeat_events_added_total[5m]))", legend: "read" }],
  },
  {
    title: "Events indexed",
    description: "Documents that Elasticsearch takes into the index per second, copies included.",
    unit: UNITS.perSecond,
    width: 6,
    queries: [{ expr: "sum(rate(elasticsearch_indices_indexing_index_total[5m]))", legend: "indexed" }],
  },
  {
    title: "Waiting in Logstash",
    description:
      "Events in the queues of Logstash. LogstashQueueOld warns when they wait longer than a quarter of an hour.",
    unit: UNITS.count,
    width: 6,
    queries: [{ expr: "sum(logstash_pipeline_queue_events)", legend: "events" }],
  },
  {
    title: "Fullest disk",
    description: "Share of the fullest disk of Elasticsearch that is in use. At 95 % writing ends.",
    unit: UNITS.ratio,
    width: 6,
    thresholds: GREEN_UP_TO(0.85, 0.9),
    queries: [
      {
        expr:
          "max(1 - elasticsearch_filesystem_data_available_bytes / " +
          "elasticsearch_filesystem_data_size_bytes)",
        legend: "in use",
      },
    ],
  },
];

const FILEBEAT: PanelDefinition[] = [
  {
    title: "Read and Acknowledged",
    description: "Lines that Filebeat reads, and events that Logstash acknowledges, per second.",
    unit: UNITS.perSecond,
    width: 8,
    queries: [
      { expr: "sum(rate(filebeat_events_added_total[$__rate_interval]))", legend: "read" },
      { expr: "sum(rate(filebeat_output_events_acked_total[$__rate_interval]))", legend: "acknowledged" },
    ],
  },
  {
    title: "Filebeat's Queues",
    description: "How full the queue is on each node. FilebeatQueueFull warns when one stays full.",
    unit: UNITS.ratio,
    width: 8,
    queries: [{ expr: "filebeat_queue_filled_ratio", legend: "{{node}}" }],
  },
  {
    title: "Filebeat's Failures",
    description: "Events sent again, events lost and failed writes, per second.",
    unit: UNITS.perSecond,
    width: 8,
    queries: [
      { expr: "sum(rate(filebeat_output_events_failed_total[$__rate_interval]))", legend: "sent again" },
      { expr: "sum(rate(filebeat_output_events_dropped_total[$__rate_interval]))", legend: "lost" },
      { expr: "sum(rate(filebeat_output_write_errors_total[$__rate_interval]))", legend: "failed writes" },
    ],
  },
];

const LOGSTASH: PanelDefinition[] = [
  {
    title: "In and Out of Logstash",
    description: "Events that each pipeline takes in and hands on per second.",
    unit: UNITS.perSecond,
    width: 12,
    queries: [
      {
        expr: "sum by (pipeline) (rate(logstash_pipeline_events_in_total[$__rate_interval]))",
        legend: "in {{pipeline}}",
      },
      {
        expr: "sum by (pipeline) (rate(logstash_pipeline_events_out_total[$__rate_interval]))",
        legend: "out {{pipeline}}",
      },
    ],
  },
  {
    title: "Logstash's Queues",
    description: "How full the queue of each pipeline is. LogstashQueueFilling warns above 60 %.",
    unit: UNITS.ratio,
    width: 12,
    queries: [
      {
        expr: "logstash_pipeline_queue_size_bytes / logstash_pipeline_queue_max_size_bytes",
        legend: "{{pipeline}} {{pod}}",
      },
    ],
  },
  {
    title: "Lines Shed",
    description:
      "Lines per second above the limit of their service, which are lost so that the others go on. LogstashLinesShed warns.",
    unit: UNITS.perSecond,
    width: 8,
    queries: [
      {
        expr: "sum by (pipeline) (rate(logstash_pipeline_events_shed_total[$__rate_interval]))",
        legend: "{{pipeline}}",
      },
    ],
  },
  {
    title: "Dead Letter Queues",
    description:
      "Events that Elasticsearch refuses for good, in bytes kept. LogstashDeadLetterQueueGrowing warns.",
    unit: UNITS.bytes,
    width: 8,
    queries: [{ expr: "logstash_pipeline_dead_letter_queue_size_bytes", legend: "{{pipeline}} {{pod}}" }],
  },
  {
    title: "Logstash's Output",
    description: "Documents sent again and refused, and requests failed, per second.",
    unit: UNITS.perSecond,
    width: 8,
    queries: [
      {
        expr: "sum by (pipeline) (rate(logstash_output_documents_retried_total[$__rate_interval]))",
        legend: "sent again {{pipeline}}",
      },
      {
        expr: "sum by (pipeline) (rate(logstash_output_documents_rejected_total[$__rate_interval]))",
        legend: "refused {{pipeline}}",
      },
      {
        expr: "sum by (pipeline) (rate(logstash_output_bulk_requests_failed_total[$__rate_interval]))",
        legend: "requests failed {{pipeline}}",
      },
    ],
  },
];

const SERVICES: PanelDefinition[] = [
  {
    title: "Events by Service",
    description: "Events of the last five minutes in the index. LogsMissing warns when a service has none.",
    unit: UNITS.count,
    width: 12,
    queries: [{ expr: "max by (service) (log_index_events)", legend: "{{service}}" }],
  },
  {
    title: "Usual Events by Service",
    description: "Mean of the day before. LogVolumeHigh warns at five times as many.",
    unit: UNITS.count,
    width: 12,
    queries: [{ expr: LOG_SERIES.usualEvents, legend: "{{service}}" }],
  },
];

/** The dashboard on the way of the logs. Only for stacks that have logs. */
export function logPipeline(): Dashboard {
  const builder = dashboard(
    DASHBOARD_UIDS.logPipeline,
    "Log Pipeline",
    "The way of a log line from its file to the index: Filebeat, Logstash, Elasticsearch.",
  ).withRow(new RowBuilder("Now"));
  for (const definition of NOW) builder.withPanel(stat(definition));
  for (const [row, panels] of [
    ["Filebeat: from the file", FILEBEAT],
    ["Logstash: on the way", LOGSTASH],
    ["Elasticsearch: into the index", ELASTICSEARCH_PANELS],
    ["Services", SERVICES],
  ] as const) {
    builder.withRow(new RowBuilder(row));
    for (const definition of panels) builder.withPanel(timeseries(definition));
  }
  return {
    uid: DASHBOARD_UIDS.logPipeline,
    title: "Log Pipeline",
    folder: FOLDER,
    model: numbered(builder),
  };
}
