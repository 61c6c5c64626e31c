/** Alerts on Logstash: what it takes in, what it holds, what it hands on. */
import type { AlertingRule, RuleGroup } from "../components/contribution";
import { alert, type AlertDefinition, DASHBOARD_UIDS, type Links, matcher, type Patience } from "./rule";

export interface LogstashRulesArgs {
  /** Scrape job of Logstash. */
  job: string;
  links: Links;
}

type Definition = Omit<AlertDefinition, "dashboard"> & Patience;

const WHERE = "pipeline {{ $labels.pipeline }} of {{ $labels.pod }}";

/** Alerts on Logstash and each of its pipelines. */
export function logstashRuleGroups({ job, links }: LogstashRulesArgs): RuleGroup[] {
  const of = matcher("job", job);
  const definitions = [...processAlerts(of), ...queueAlerts(of), ...deadLetterAlerts(of)];
  const rules = definitions.map((definition): AlertingRule =>
    alert(links, { ...definition, dashboard: { uid: DASHBOARD_UIDS.logPipeline } }),
  );
  return [{ name: "logstash", rules }];
}

function processAlerts(of: string): Definition[] {
  return [
    {
      alert: "LogstashDown",
      expr: `(count(up{${of}} == 1) or vector(0)) == 0`,
      for: "5m",
      severity: "critical",
      summary: "No Logstash answers",
      description: "No Logstash has answered for 5 minutes: logs wait in their files on the nodes.",
    },
    {
      alert: "LogstashHeapHigh",
      expr: `avg_over_time(logstash_jvm_heap_used_bytes{${of}}[15m]) / logstash_jvm_heap_max_bytes{${of}} > 0.85`,
      for: "15m",
      severity: "warning",
      summary: "The heap of {{ $labels.pod }} is short",
      description: "{{ $value | humanizePercentage }} of the heap are in use on average.",
    },
    {
      alert: "LogstashPipelineBlocked",
      expr: `logstash_pipeline_queue_events{${of}} > 0 and rate(logstash_pipeline_events_out_total{${of}}[5m]) == 0`,
      for: "10m",
      severity: "critical",
      summary: `The ${WHERE} hands nothing on`,
      description:
        "{{ $value }} events wait in the queue and none has left it for 10 minutes: the output is blocked.",
    },
    {
      alert: "LogstashOutputFailing",
      expr: `rate(logstash_output_bulk_requests_failed_total{${of}}[5m]) > 0`,
      for: "15m",
      severity: "warning",
      summary: `The ${WHERE} cannot write to Elasticsearch`,
      description: "Elasticsearch fails or refuses requests of the output, which sends them again.",
    },
  ];
}

function queueAlerts(of: string): Definition[] {
  const fill =
    `logstash_pipeline_queue_size_bytes{${of}} / ` + `logstash_pipeline_queue_max_size_bytes{${of}}`;
  return [
    {
      alert: "LogstashQueueFilling",
      expr: `${fill} > 0.6`,
      for: "10m",
      severity: "warning",
      summary: `The queue of the ${WHERE} is filling`,
      description: "{{ $value | humanizePercentage }} of its queue are in use: more comes in than goes out.",
    },
    {
      alert: "LogstashQueueFull",
      // One page of the queue, 32 MiB, is not given back before all of it is read: it is full before the last byte.
      expr: `${fill} > 0.9`,
      for: "5m",
      severity: "critical",
      summary: `The queue of the ${WHERE} is full`,
      description:
        "{{ $value | humanizePercentage }} are in use. Logstash takes nothing more in, of any service; Filebeat waits.",
    },
    {
      alert: "LogstashQueueOld",
      // How long the newest event will wait, at the pace of the last minutes.
      expr:
        `logstash_pipeline_queue_events{${of}} / ` +
        `(rate(logstash_pipeline_events_out_total{${of}}[5m]) > 0) > 900`,
      for: "10m",
      severity: "warning",
      summary: `Logs wait long in the ${WHERE}`,
      description: "An event that comes in now is handed on in {{ $value | humanizeDuration }}.",
    },
    {
      alert: "LogstashLinesShed",
      expr: `sum by (pipeline) (increase(logstash_pipeline_events_shed_total{${of}}[15m])) > 0`,
      for: "1m",
      severity: "warning",
      summary: "Logstash drops lines of pipeline {{ $labels.pipeline }}",
      description:
        "{{ $value | humanize }} lines of the last 15 minutes were above its limit and are lost, errors among them. " +
        "The other pipelines go on.",
    },
  ];
}

function deadLetterAlerts(of: string): Definition[] {
  return [
    {
      alert: "LogstashDeadLetterQueueGrowing",
      expr: `delta(logstash_pipeline_dead_letter_queue_size_bytes{${of}}[1h]) > 0`,
      for: "10m",
      severity: "warning",
      summary: `Elasticsearch refuses events of the ${WHERE}`,
      description:
        "The dead letter queue grew by {{ $value | humanize1024 }}B within an hour: these events do not fit the index.",
    },
    {
      alert: "LogstashDeadLetterQueueFilling",
      expr:
        `logstash_pipeline_dead_letter_queue_size_bytes{${of}} / ` +
        `logstash_pipeline_dead_letter_queue_max_size_bytes{${of}} > 0.7`,
      for: "10m",
      severity: "warning",
      summary: `The dead letter queue of the ${WHERE} is filling`,
      description: "{{ $value | humanizePercentage }} are in use. When it is full, refused events are lost.",
    },
    {
      alert: "LogstashEventsDropped",
      expr: `increase(logstash_pipeline_dead_letter_queue_dropped_events_total{${of}}[15m]) > 0`,
      for: "1m",
      severity: "critical",
      summary: `The ${WHERE} loses events`,
      description:
        "Elasticsearch refuses events and the dead letter queue has no room for them: they are lost.",
    },
  ];
}
