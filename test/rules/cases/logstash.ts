import type { CaseFile } from "../alertCase";
import { pairsOn, seriesOf } from "./pairs";

const pair = pairsOn("logstash_");

const target = {
  job: "logstash",
  namespace: "bilten-monitoring",
  pod: "logstash-0",
  instance: "10.0.0.31:9600",
};
const pipeline = { ...target, pipeline: "bilten-api" };
const shed = (name: string, pod: string) =>
  seriesOf("logstash_pipeline_events_shed_total", { ...target, pod, pipeline: name });
const output = { ...pipeline, plugin: "elasticsearch" };

type Values = Record<string, string>;

/** A queue of 1000 bytes. */
const queue = (values: string): Values => ({
  pipeline_queue_max_size_bytes: "1000x60",
  pipeline_queue_size_bytes: values,
});

export const logstash: CaseFile = {
  subject: "logstash",
  cases: [
    {
      alert: "LogstashDown",
      when: "the only one has ended",
      series: { [seriesOf("up", target)]: "1x3 0x20" },
      at: "15m",
      firing: [{}],
    },
    { alert: "LogstashDown", when: "there is none at all", series: {}, at: "15m", firing: [{}] },
    {
      alert: "LogstashDown",
      when: "one of two answers",
      series: {
        [seriesOf("up", target)]: "1x20",
        [seriesOf("up", { ...target, pod: "logstash-1", instance: "10.0.0.32:9600" })]: "0x20",
      },
      at: "15m",
      firing: [],
    },
    ...pair(
      "LogstashHeapHigh",
      target,
      "40m",
      {
        when: "it is 90 % full on average",
        series: { jvm_heap_used_bytes: "90x60", jvm_heap_max_bytes: "100x60" },
        description: "90% of the heap are in use on average.",
      },
      {
        when: "it is nearly full before each collection",
        series: { jvm_heap_used_bytes: "50 70 95 50 70 95 50 70 95 50x60", jvm_heap_max_bytes: "100x60" },
      },
    ),
    ...pair(
      "LogstashPipelineBlocked",
      pipeline,
      "25m",
      {
        when: "events wait and none is handed on",
        series: { pipeline_queue_events: "10+100x40", pipeline_events_out_total: "5000x40" },
        description:
          "2510 events wait in the queue and none has left it for 10 minutes: the output is blocked.",
      },
      {
        when: "there is nothing to hand on",
        series: { pipeline_queue_events: "0x40", pipeline_events_out_total: "5000x40" },
      },
    ),
    ...pair(
      "LogstashOutputFailing",
      output,
      "25m",
      {
        when: "Elasticsearch refuses a request each minute",
        series: { output_bulk_requests_failed_total: "0+1x40" },
      },
      {
        when: "it failed while a node restarted",
        series: { output_bulk_requests_failed_total: "0 3 6 9x40" },
      },
    ),
    ...pair(
      "LogstashQueueFilling",
      pipeline,
      "20m",
      {
        when: "70 % are in use",
        series: queue("700x60"),
        description: "70% of its queue are in use: more comes in than goes out.",
      },
      { when: "a burst fills it for five minutes", series: queue("10x5 700x5 10x60") },
    ),
    ...pair(
      "LogstashQueueFull",
      pipeline,
      "20m",
      {
        when: "95 % are in use",
        series: queue("950x60"),
        description: "95% are in use. Logstash takes nothing more in, of any service; Filebeat waits.",
      },
      { when: "70 % are in use", series: queue("700x60") },
    ),
    ...pair(
      "LogstashQueueOld",
      pipeline,
      "25m",
      {
        when: "60000 events wait and 30 are handed on each second",
        series: { pipeline_queue_events: "60000x40", pipeline_events_out_total: "0+1800x40" },
        description: "An event that comes in now is handed on in 33m 20s.",
      },
      {
        when: "60000 events wait and 300 are handed on each second",
        series: { pipeline_queue_events: "60000x40", pipeline_events_out_total: "0+18000x40" },
      },
    ),
    {
      alert: "LogstashLinesShed",
      when: "two Logstashes drop lines of one pipeline",
      series: {
        [shed("bilten-api", "logstash-0")]: "0x10 0+100x30",
        [shed("bilten-api", "logstash-1")]: "0x10 0+50x30",
        [shed("other", "logstash-0")]: "0x40",
      },
      at: "30m",
      firing: [
        {
          labels: { pipeline: "bilten-api" },
          description:
            "2.25k lines of the last 15 minutes were above its limit and are lost, errors among them. The other pipelines go on.",
        },
      ],
    },
    {
      alert: "LogstashLinesShed",
      when: "some were dropped an hour ago, and the counter begins anew",
      series: { [shed("bilten-api", "logstash-0")]: "95x40", [shed("other", "logstash-0")]: "95x20 0x20" },
      at: "30m",
      firing: [],
    },
    ...pair(
      "LogstashDeadLetterQueueGrowing",
      pipeline,
      "90m",
      {
        when: "a service writes what does not fit the mapping",
        series: { pipeline_dead_letter_queue_size_bytes: "1+1024x90" },
        description: "The dead letter queue grew by 60kiB within an hour: these events do not fit the index.",
      },
      {
        when: "it holds what was refused yesterday",
        series: { pipeline_dead_letter_queue_size_bytes: "102400x90" },
      },
    ),
    ...pair(
      "LogstashDeadLetterQueueFilling",
      pipeline,
      "20m",
      {
        when: "80 % are in use",
        series: {
          pipeline_dead_letter_queue_size_bytes: "800x30",
          pipeline_dead_letter_queue_max_size_bytes: "1000x30",
        },
        description: "80% are in use. When it is full, refused events are lost.",
      },
      {
        when: "a tenth is in use",
        series: {
          pipeline_dead_letter_queue_size_bytes: "100x30",
          pipeline_dead_letter_queue_max_size_bytes: "1000x30",
        },
      },
    ),
    ...pair(
      "LogstashEventsDropped",
      pipeline,
      "20m",
      {
        when: "the dead letter queue is full and more is refused",
        series: { pipeline_dead_letter_queue_dropped_events_total: "0x10 0+5x20" },
      },
      {
        when: "some were lost an hour ago",
        series: { pipeline_dead_letter_queue_dropped_events_total: "95x30" },
      },
    ),
  ],
};
