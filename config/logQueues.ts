/** What is wrong with the settings of Logstash and its queues. */
import {
  leastLimit,
  leastQueueBytes,
  limitOf,
  otherLinesPerNamespace,
  queuedBytesPerLine,
  shedPeriod,
} from "./logCapacity";
import type { Reading, Report } from "./relations";
import { formatQuantity, parseQuantity } from "./units";

/** Share of Logstash's volume that its queues may fill: the file system, and pages written before old ones go, need the rest. */
const queueShare = 0.9;

/**
 * Checks that Logstash is redundant in prod, that its queues are neither too small nor larger than its volume, and that
 * the limits above which it sheds lines leave what is expected alone.
 * @param namespaces those whose logs are collected
 */
export function checkLogstash(reading: Reading, namespaces: string[], report: Report): void {
  const { scalars } = reading;
  const {
    logstashReplicas: replicas,
    logstashVolumeSize: volume,
    logstashQueueSize: queue,
    logstashDeadLetterQueueSize: deadLetters,
  } = scalars;
  if (replicas !== undefined && replicas < 2 && scalars.environment === "prod") {
    report(["logstashReplicas"], replicas, "2 or more in environment prod", "2");
  }
  checkLimits(reading, namespaces, report);
  if (volume === undefined || queue === undefined || deadLetters === undefined) return;
  checkLeastQueues(reading, { queue, deadLetters }, report);
  const usable = Math.floor(parseQuantity(volume) * queueShare);
  const left = usable - parseQuantity(deadLetters);
  if (parseQuantity(queue) > left) {
    const most = Math.floor(left / 2 ** 20);
    report(
      ["logstashQueueSize"],
      queue,
      `with logstashDeadLetterQueueSize (${deadLetters}) at most ${queueShare * 100} % of logstashVolumeSize (${volume}): ` +
        "Logstash does not start when its queues may grow beyond its volume",
      most > 0 ? formatQuantity(most * 2 ** 20) : "4Gi, with a larger logstashVolumeSize",
    );
  }
}

/** Each service has a queue, which must hold a burst up to the limit, and one of dead letters. */
function checkLeastQueues(
  { scalars, services = [] }: Reading,
  { queue, deadLetters }: { queue: string; deadLetters: string },
  report: Report,
): void {
  const limits = [
    ...services.flatMap(({ value }) => (value ? [[value.name, limitOf(value.logging)] as const] : [])),
    ["all other pods", scalars.logOtherMaxLinesPerSecond ?? 0] as const,
  ];
  const [who, limit] = limits.reduce((most, each) => (each[1] > most[1] ? each : most));
  const least = leastQueueBytes(services.length, limit);
  const byFiles = leastQueueBytes(services.length, 0).queue;
  const each = `each service has a queue of its own (there are ${services.length}), and `;
  const twoFiles = "two files need room in it";
  const burst =
    `beside a file that is being read there must be room in it for ${shedPeriod} s of the highest limit: ` +
    `${limit} lines per second of ${who}, ${queuedBytesPerLine} bytes each. Or a lower maxLinesPerSecond`;
  for (const [setting, size, bytes, why] of [
    ["logstashQueueSize", queue, least.queue, least.queue > byFiles ? burst : twoFiles],
    ["logstashDeadLetterQueueSize", deadLetters, least.deadLetters, twoFiles],
  ] as const) {
    if (parseQuantity(size) >= bytes) continue;
    const needed = formatQuantity(Math.ceil(bytes / 2 ** 20) * 2 ** 20);
    report([setting], size, `at least ${needed}: ${each}${why}`, needed);
  }
}

/** No limit is below what is expected on average: that would be a loss on every day. */
function checkLimits({ scalars, services = [] }: Reading, namespaces: string[], report: Report): void {
  services.forEach(({ value }, index) => {
    if (value === undefined) return;
    const { maxLinesPerSecond: limit } = value.logging;
    const least = leastLimit(value.logging);
    if (limit === undefined || limit >= least) return;
    report(
      ["services", index, "logging", "maxLinesPerSecond"],
      limit,
      `${least} or more: so many are expected on average (linesPerSecond, and what level and sampling make of it), and ` +
        "what is above the limit is lost",
      String(limitOf({ ...value.logging, maxLinesPerSecond: undefined })),
    );
  });
  const { logOtherMaxLinesPerSecond: others } = scalars;
  const expected = namespaces.length * otherLinesPerNamespace;
  if (others !== undefined && others < expected) {
    report(
      ["logOtherMaxLinesPerSecond"],
      others,
      `${expected} or more: ${otherLinesPerNamespace} are expected on average of each namespace (there are ` +
        `${namespaces.length}), and what is above the limit is lost`,
      "500",
    );
  }
}
