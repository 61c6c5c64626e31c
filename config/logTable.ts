/** The table of docs/configuration.md that says what volume of logs a stack of this repository holds. */
import {
  expectedLinesPerSecond,
  heapBytes,
  indexedBytesPerLine,
  logCapacity,
  queueSeconds,
} from "./logCapacity";
import type { Settings } from "./settings";
import { parseQuantity } from "./units";

/** A row's name and a cell for each of the settings, in their order. */
export function logCapacityRows(shapes: Pick<Settings, "logs" | "services">[]): string[][] {
  const rows: [string, (shape: Pick<Settings, "logs" | "services">) => string][] = [
    ["Elasticsearch nodes", ({ logs }) => String(logs.elasticsearch.replicas)],
    ["Volume of each node", ({ logs }) => logs.elasticsearch.volumeSize],
    [
      "Memory of each node, its heap",
      ({ logs: { elasticsearch } }) => `${elasticsearch.memory}, ${gib(heapBytes(elasticsearch.memory), 2)}`,
    ],
    ["Retention", ({ logs }) => logs.retention],
    ["Copies of each line", (shape) => String(capacity(shape).copies)],
    ["Room for logs, all copies", (shape) => gib(capacity(shape).usableBytes, 1)],
    ["**Holds per day, one copy**", (shape) => gib(capacity(shape).bytesPerDay, 2)],
    [
      "**Holds in lines per day**",
      (shape) => `${(capacity(shape).linesPerSecond * 0.0864).toFixed(1)} million`,
    ],
    ["**Holds in lines per second**", (shape) => capacity(shape).linesPerSecond.toFixed(1)],
    ["Expected lines per second", (shape) => expected(shape).toFixed(1)],
    ["Expected per day, one copy", (shape) => gib(expected(shape) * 86_400 * indexedBytesPerLine, 2)],
    [
      "Room that is expected to be used",
      (shape) => `${Math.round((100 * expected(shape)) / capacity(shape).linesPerSecond)} %`,
    ],
    ["Logstash and its queue", ({ logs: { logstash } }) => `${logstash.replicas} × ${logstash.queueSize}`],
    [
      "Each Logstash takes at most",
      ({ logs, services }) =>
        `${services.reduce((sum, { logging }) => sum + logging.maxLinesPerSecond, logs.logstash.otherMaxLinesPerSecond)} lines/s`,
    ],
    [
      "Elasticsearch may be away for",
      ({ logs, services }) =>
        hours(queueSeconds(logs.logstash, services.length, expected({ logs, services }))),
    ],
    [
      "Volumes in all",
      ({ logs: { elasticsearch, logstash } }) =>
        gib(
          elasticsearch.replicas * parseQuantity(elasticsearch.volumeSize) +
            logstash.replicas * parseQuantity(logstash.volumeSize),
          0,
        ),
    ],
  ];
  return rows.map(([name, cell]) => [name, ...shapes.map(cell)]);
}

const capacity = ({ logs }: Pick<Settings, "logs">) =>
  logCapacity({ ...logs.elasticsearch, retention: logs.retention });

const expected = ({ logs, services }: Pick<Settings, "logs" | "services">): number =>
  expectedLinesPerSecond(services, logs.namespaces);

const gib = (bytes: number, digits: number): string => `${(bytes / 2 ** 30).toFixed(digits)} GiB`;

const hours = (seconds: number): string => `${Math.floor(seconds / 3600)} h`;
