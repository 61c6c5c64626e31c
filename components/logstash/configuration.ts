import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { LogRedaction } from "../../config/logSettings";
import { parseQuantity } from "../../config/units";
import { paths } from "./paths";
import {
  eventsConfiguration,
  intakeConfiguration,
  intakePipeline,
  type LoggedService,
  otherPipeline,
  pipelineOf,
  shedFilterOf,
} from "./pipelines";

export const ports = { beats: 5044, api: 9600 } as const;

export interface LogstashConfigurationArgs {
  /** Services with a pipeline and a queue of their own; the lines of all others share one. */
  services: LoggedService[];
  /** As `maxLinesPerSecond` of a service, for the lines of all others together. */
  otherMaxLinesPerSecond: number;
  /** What is taken out of every line besides `standardRedactions`, in this order. */
  redactions: LogRedaction[];
  /** Bytes of all persistent queues together, e.g. `4Gi`. */
  queueSize: string;
  /** Bytes of all dead letter queues together, e.g. `1Gi`. */
  deadLetterQueueSize: string;
}

/** A queue is made of files of this size; bytes. */
const pageSize = 32 * 2 ** 20;
/** A dead letter queue is made of files of this size, which Logstash sets; bytes. */
const segmentSize = 10 * 2 ** 20;

/**
 * All files of the ConfigMap by name.
 * @throws when a queue would be too small for two of its files, or a redaction cannot be written
 */
export function logstashFiles(args: LogstashConfigurationArgs): Record<string, string> {
  const services = sorted(args.services);
  const pipelines = logstashPipelines(services);
  return {
    "logstash.yml": logstashSettings(),
    "pipelines.yml": pipelineList(pipelines, args),
    "log4j2.properties": readFileSync(join(__dirname, "log4j2.properties"), "utf8"),
    "prepare.sh": readFileSync(join(__dirname, "prepare.sh"), "utf8"),
    [`${intakePipeline}.conf`]: intakeConfiguration(services, args.otherMaxLinesPerSecond),
    ...Object.fromEntries(
      pipelines
        .filter(({ deadLetterQueue }) => deadLetterQueue)
        .map(({ id }) => [`${id}.conf`, eventsConfiguration(id, args.redactions)]),
    ),
  };
}

export interface LogstashPipeline {
  id: string;
  /** Whether it sends to Elasticsearch, and keeps what that refuses. */
  deadLetterQueue: boolean;
  /** What drops lines for it that are above its limit: a filter, by its id, of another pipeline. */
  shedBy?: { pipeline: string; filter: string };
}

/** The pipelines of one Logstash: the one that takes lines in, one for each service, one for all other lines. */
export function logstashPipelines(services: LoggedService[]): LogstashPipeline[] {
  return [
    { id: intakePipeline, deadLetterQueue: false },
    ...[...sorted(services).map(pipelineOf), otherPipeline].map((id) => ({
      id,
      deadLetterQueue: true,
      shedBy: { pipeline: intakePipeline, filter: shedFilterOf(id) },
    })),
  ];
}

/** logstash.yml: what holds for all pipelines. */
export function logstashSettings(): string {
  return stringify({
    "path.data": paths.data,
    "api.http.host": "0.0.0.0",
    "api.http.port": ports.api,
    // Fields are named as the index has them, not as the common schema does.
    "pipeline.ecs_compatibility": "disabled",
    // A line for each of its own; order is by time in the index.
    "pipeline.ordered": false,
    "queue.type": "persisted",
    "queue.page_capacity": `${pageSize / 2 ** 20}mb`,
    // On a stop, what is queued goes out first as far as there is time; the rest waits on the volume.
    "queue.drain": true,
    "log.level": "info",
    "log.format": "json",
  });
}

function pipelineList(
  pipelines: LogstashPipeline[],
  { queueSize, deadLetterQueueSize }: Pick<LogstashConfigurationArgs, "queueSize" | "deadLetterQueueSize">,
): string {
  const keepers = pipelines.filter(({ deadLetterQueue }) => deadLetterQueue).length;
  const queue = share("queueSize", queueSize, pipelines.length, 2 * pageSize);
  const letters = share("deadLetterQueueSize", deadLetterQueueSize, keepers, 2 * segmentSize);
  return stringify(
    pipelines.map(({ id, deadLetterQueue }) => ({
      "pipeline.id": id,
      "path.config": `${paths.pipelines}/${id}.conf`,
      "queue.max_bytes": `${queue}mb`,
      "pipeline.workers": deadLetterQueue ? 2 : 1,
      ...(deadLetterQueue && {
        // Only lines that Elasticsearch refuses for good come here. The newest tell what is wrong now.
        "dead_letter_queue.enable": true,
        "dead_letter_queue.max_bytes": `${letters}mb`,
        "dead_letter_queue.storage_policy": "drop_older",
      }),
    })),
  );
}

/** An equal share for each pipeline, in MiB, which Logstash calls `mb`. */
function share(name: string, total: string, pipelines: number, least: number): number {
  const bytes = Math.floor(parseQuantity(total) / pipelines);
  if (bytes < least) {
    throw new Error(
      `Logstash: ${name} is ${total}, shared by ${pipelines} pipelines; each needs ${least / 2 ** 20}Mi, so give at ` +
        `least ${(pipelines * least) / 2 ** 20}Mi.`,
    );
  }
  return Math.floor(bytes / 2 ** 20);
}

function sorted(services: LoggedService[]): LoggedService[] {
  const unique = new Map(services.map((service) => [pipelineOf(service), service]));
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, service]) => service);
}

/** DNS name of each replica, where Filebeat finds it and for which its certificate is made. */
export function logstashHosts(args: { name: string; namespace: string; replicas: number }): string[] {
  return Array.from(
    { length: args.replicas },
    (_, index) => `${args.name}-${index}.${args.name}-headless.${args.namespace}.svc`,
  );
}

/** JVM options: a heap of half the memory limit, all of it taken at the start. */
export function javaOptions(memoryLimit: string): string {
  const heap = Math.floor(parseQuantity(memoryLimit) / 2 / 2 ** 20);
  return [
    `-Xms${heap}m`,
    `-Xmx${heap}m`,
    // Out of memory, some pipelines may have died already: the queues are on the volume, so start anew.
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.io.tmpdir=/tmp",
  ].join(" ");
}
