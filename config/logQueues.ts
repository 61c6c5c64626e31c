/** What is wrong with the settings of Logstash and its queues. */
import { leastQueueBytes } from "./logCapacity";
import type { Reading, Report } from "./relations";
import { formatQuantity, parseQuantity } from "./units";

/** Share of Logstash's volume that its queues may fill: the file system, and pages written before old ones go, need the rest. */
const queueShare = 0.9;

/** Checks that Logstash is redundant in prod, and that its queues are neither too small nor larger than its volume. */
export function checkLogstash({ scalars, services = [] }: Reading, report: Report): void {
  const {
    logstashReplicas: replicas,
    logstashVolumeSize: volume,
    logstashQueueSize: queue,
    logstashDeadLetterQueueSize: deadLetters,
  } = scalars;
  if (replicas !== undefined && replicas < 2 && scalars.environment === "prod") {
    report(["logstashReplicas"], replicas, "2 or more in environment prod", "2");
  }
  if (volume === undefined || queue === undefined || deadLetters === undefined) return;
  const least = leastQueueBytes(services.length);
  for (const [setting, size, bytes] of [
    ["logstashQueueSize", queue, least.queue],
    ["logstashDeadLetterQueueSize", deadLetters, least.deadLetters],
  ] as const) {
    if (parseQuantity(size) >= bytes) continue;
    const needed = formatQuantity(bytes);
    report(
      [setting],
      size,
      `at least ${needed}: each service has a queue of its own (there are ${services.length}), and two files need room in it`,
      needed,
    );
  }
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
