/** The table of docs/configuration.md that says what volume of logs and traces a stack of this repository holds. */
import {
  expectedLinesPerSecond,
  heapBytes,
  indexedBytesPerLine,
  logCapacity,
  queueSeconds,
} from "./logCapacity";
import type { Settings } from "./settings";
import { expectedSpansPerSecond, gatewaySeconds, traceBytesBesideLogs } from "./traceCapacity";
import { parseQuantity } from "./units";

type Shape = Pick<Settings, "logs" | "traces" | "services">;

/** A row's name and a cell for each of the settings, in their order. */
export function logCapacityRows(shapes: Shape[]): string[][] {
  const rows: [string, (shape: Shape) => string][] = [
    ["Elasticsearch nodes", ({ logs }) => String(logs.elasticsearch.replicas)],
    ["Volume of each node", ({ logs }) => logs.elasticsearch.volumeSize],
    [
      "Memory of each node, its heap",
      ({ logs: { elasticsearch } }) => `${elasticsearch.memory}, ${gib(heapBytes(elasticsearch.memory), 2)}`,
    ],
    ["Retention", ({ logs }) => logs.retention],
    ["Copies of each line", (shape) => String(capacity(shape).copies)],
    ["Expected traces in Elasticsearch, all copies", (shape) => gib(traceBytes(shape), 1)],
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
    ["Expected spans per second", (shape) => spans(shape).toFixed(1)],
    [
      "Trace gateways and their volumes",
      ({ traces: { storage, gateway } }) =>
        storage === "badger" ? "none" : `${gateway.replicas} × ${gateway.volumeSize}`,
    ],
    [
      "Jaeger may be away for",
      (shape) =>
        shape.traces.storage === "badger" ? "0 h" : hours(gatewaySeconds(shape.traces.gateway, spans(shape))),
    ],
    [
      "Volumes in all",
      ({ logs: { elasticsearch, logstash }, traces: { storage, volumeSize, gateway } }) =>
        gib(
          elasticsearch.replicas * parseQuantity(elasticsearch.volumeSize) +
            logstash.replicas * parseQuantity(logstash.volumeSize) +
            (storage === "badger"
              ? parseQuantity(volumeSize)
              : gateway.replicas * parseQuantity(gateway.volumeSize)),
          0,
        ),
    ],
  ];
  return rows.map(([name, cell]) => [name, ...shapes.map(cell)]);
}

const capacity = (shape: Shape) =>
  logCapacity({
    ...shape.logs.elasticsearch,
    retention: shape.logs.retention,
    traceBytes: traceBytes(shape),
  });

const spans = ({ traces, services }: Shape): number => expectedSpansPerSecond(services, traces.sampling);

const traceBytes = (shape: Shape): number =>
  traceBytesBesideLogs(shape.traces, spans(shape), shape.logs.elasticsearch.replicas);

const expected = ({ logs, services }: Pick<Shape, "logs" | "services">): number =>
  expectedLinesPerSecond(services, logs.namespaces);

const gib = (bytes: number, digits: number): string => `${(bytes / 2 ** 30).toFixed(digits)} GiB`;

const hours = (seconds: number): string => `${Math.floor(seconds / 3600)} h`;
