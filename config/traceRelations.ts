/**
 * What is wrong between the settings about traces. As long as there is no Jaeger, nothing: each value on its own is
 * checked all the same.
 */
import type { z } from "zod";
import { retentionDays } from "./logCapacity";
import type { objectSchemas } from "./objects";
import { configPath, type PathPart } from "./problems";
import { rawText } from "./read";
import { reporter, type Findings, type Reading, type Report } from "./relations";
import {
  badgerVolumeBytes,
  expectedSpansPerSecond,
  gatewaySeconds,
  keptSpansPerSecond,
  volumeFor,
} from "./traceCapacity";
import { bytesOfTrace, heldTraceBytes, tracesThatFit } from "./traceMemory";
import { parseDuration, parseQuantity } from "./units";

/** The part of a reading that only traces have. */
export interface TraceReading {
  traceSampling?: z.output<typeof objectSchemas.traceSampling>;
  traceTailSampling?: z.output<typeof objectSchemas.traceTailSampling>;
  traceBaggage?: z.output<typeof objectSchemas.traceBaggage>;
  traceBrowsers?: z.output<typeof objectSchemas.traceBrowsers>;
}

/** Checks traces against each other, the environment, the logs and the services. */
export function checkTraces(reading: Reading): Findings {
  const problems: Findings["problems"] = [];
  const notes: string[] = [];
  if (!reading.scalars.tracesEnabled) return { problems, notes };
  const report = reporter(problems);
  checkStorage(reading, report);
  checkReplicas(reading, report);
  checkGateway(reading, report);
  checkRetention(reading, report);
  checkBadgerVolume(reading, report);
  checkMemory(reading, report);
  checkTailSampling(reading, report, notes);
  checkBaggage(reading, report);
  checkUrl(reading, report, notes);
  checkOperations(reading, report);
  return { problems, notes };
}

function checkStorage({ scalars }: Reading, report: Report): void {
  const { traceStorage, logsEnabled, environment } = scalars;
  if (traceStorage === "badger" && environment === "prod") {
    report(
      ["traceStorage"],
      traceStorage,
      "elasticsearch in environment prod: Badger's files belong to one process on one volume",
      "elasticsearch",
    );
  }
  if (traceStorage === "elasticsearch" && logsEnabled === false) {
    report(
      ["traceStorage"],
      traceStorage,
      "badger while logsEnabled is false: Elasticsearch is part of the log pipeline",
      "badger",
    );
  }
}

function checkReplicas({ scalars, raw }: Reading, report: Report): void {
  const { traceStorage, environment } = scalars;
  const one = traceStorage === "badger" ? "with traceStorage badger, which one process has open" : undefined;
  const tail = raw.traceTailSampling
    ? "with traceTailSampling: a trace is judged where all its spans are"
    : undefined;
  for (const [setting, reason] of [
    ["jaegerCollectorReplicas", one ?? tail],
    ["jaegerQueryReplicas", one],
  ] as const) {
    const replicas = scalars[setting];
    if (replicas === undefined) continue;
    if (reason !== undefined && replicas !== 1) report([setting], replicas, `1 ${reason}`, "1");
    if (reason === undefined && environment === "prod" && replicas < 2) {
      report([setting], replicas, "2 or more in environment prod", "2");
    }
  }
}

/** Volume with which the gateway's queue still has a use: its file grows by 16 MiB, and is never as full as it is large. */
const leastQueueVolume = "1Gi";

/** Memory with which the gateway takes a request of the largest size, and has a batch under way for each consumer. */
const leastGatewayMemory = "256Mi";

function checkGateway(reading: Reading, report: Report): void {
  const { scalars, resources } = reading;
  const {
    traceStorage,
    traceGatewayReplicas: replicas,
    traceGatewayVolumeSize: volume,
    environment,
  } = scalars;
  if (traceStorage !== "elasticsearch") return;
  if (replicas !== undefined && environment === "prod" && replicas < 2) {
    report(["traceGatewayReplicas"], replicas, "2 or more in environment prod", "2");
  }
  if (volume !== undefined && parseQuantity(volume) < parseQuantity(leastQueueVolume)) {
    report(
      ["traceGatewayVolumeSize"],
      volume,
      `at least ${leastQueueVolume}: about a third of it holds spans that wait, the rest is for the file that they are in`,
      leastQueueVolume,
    );
  }
  checkQueue(reading, report);
  const memory = resources?.["trace-gateway"]?.limits?.memory;
  if (memory !== undefined && parseQuantity(memory) < parseQuantity(leastGatewayMemory)) {
    report(
      ["resources", "trace-gateway", "limits", "memory"],
      memory,
      `at least ${leastGatewayMemory}: requests and batches under way are in memory`,
      leastGatewayMemory,
    );
  }
}

/** How long Jaeger may be away at least before gateways refuse spans: time to answer an alert, seconds. */
const leastAway = 3600;

function checkQueue(reading: Reading, report: Report): void {
  const { traceGatewayReplicas: replicas, traceGatewayVolumeSize: volumeSize } = reading.scalars;
  const spansPerSecond = expectedSpans(reading);
  if (replicas === undefined || volumeSize === undefined || !spansPerSecond) return;
  const seconds = gatewaySeconds({ replicas, volumeSize }, spansPerSecond);
  if (seconds >= leastAway) return;
  report(
    ["traceGatewayVolumeSize"],
    volumeSize,
    `a size that holds an hour of spans on ${replicas === 1 ? "one gateway" : `${replicas} gateways`}: ` +
      `${Math.floor(seconds / 60)} minutes fit of the ${spansPerSecond.toFixed(1)} spans per second that are expected of ` +
      "the services (spansPerSecond in their tracing, after sampling)",
    volumeFor((parseQuantity(volumeSize) * leastAway) / seconds),
  );
}

/** Spans per second that are expected; undefined as long as what decides it has problems. */
function expectedSpans({ services, traceSampling }: Reading): number | undefined {
  if (services === undefined || traceSampling === undefined) return undefined;
  return expectedSpansPerSecond(
    services.flatMap(({ value }) => value ?? []),
    traceSampling,
  );
}

function checkBadgerVolume(reading: Reading, report: Report): void {
  const { traceStorage, traceRetention: retention, jaegerVolumeSize: volume } = reading.scalars;
  const recorded = expectedSpans(reading);
  if (traceStorage !== "badger" || retention === undefined || volume === undefined) return;
  if (recorded === undefined) return;
  const kept = keptSpansPerSecond(recorded, reading.traceTailSampling);
  const needed = badgerVolumeBytes(kept, retention);
  if (needed <= parseQuantity(volume)) return;
  report(
    ["jaegerVolumeSize"],
    volume,
    `a size that holds ${retention} of traces: ${kept.toFixed(1)} spans per second are expected of the services ` +
      `(spansPerSecond in their tracing, after sampling), and take ${(needed / 2 ** 30).toFixed(1)} GiB with room to ` +
      "spare. Or a shorter traceRetention",
    volumeFor(needed),
  );
}

function checkRetention({ scalars }: Reading, report: Report): void {
  const { traceStorage, traceRetention: retention } = scalars;
  if (retention === undefined || traceStorage !== "elasticsearch") return;
  if (parseDuration(retention) % 86_400 === 0) return;
  report(
    ["traceRetention"],
    retention,
    "whole days with traceStorage elasticsearch: there is one index a day, and it goes as a whole",
    `${Math.max(1, retentionDays(retention))}d`,
  );
}

/** Memory with which a burst was refused and not answered with the end of the process: Badger's tables take half of it. */
const leastMemory = "512Mi";

function checkMemory({ scalars, resources }: Reading, report: Report): void {
  const memory = resources?.jaeger?.limits?.memory;
  if (scalars.traceStorage !== "badger" || memory === undefined) return;
  if (parseQuantity(memory) >= parseQuantity(leastMemory)) return;
  report(
    ["resources", "jaeger", "limits", "memory"],
    memory,
    `at least ${leastMemory} with traceStorage badger: its tables and what waits for it are in memory`,
    leastMemory,
  );
}

function checkTailSampling(
  { traceTailSampling: tail, traceSampling, resources, scalars }: Reading,
  report: Report,
  notes: string[],
): void {
  if (tail === undefined) return;
  const workload = scalars.traceStorage === "elasticsearch" ? "jaeger-collector" : "jaeger";
  const memory = resources?.[workload]?.limits?.memory ?? "1Gi";
  if (heldTraceBytes(tail.maxTraces) > heldTraceBytes(tracesThatFit(memory))) {
    report(
      ["traceTailSampling", "maxTraces"],
      tail.maxTraces,
      `at most ${tracesThatFit(memory)}: each is expected to take ${bytesOfTrace / 1024} KiB, and a third of the memory ` +
        `of ${workload} (${memory}) is for them`,
      String(tracesThatFit(memory)),
    );
  }
  if (traceSampling !== undefined && traceSampling.default < 1) {
    notes.push(
      `${configPath(["traceTailSampling"])} keeps the errors and slow traces among those that services record, which ` +
        "are not all: traceSampling.default is below 100%.",
    );
  }
  if (scalars.environment === "prod") {
    notes.push(
      `${configPath(["traceTailSampling"])} runs in one collector: without it, no span is taken in.`,
    );
  }
}

/** Keys that identify a person. */
const personalKeys = ["userid", "user_id", "user.id", "user-id", "email", "enduser.id"];

function checkBaggage({ traceBaggage = [] }: Reading, report: Report): void {
  traceBaggage.forEach(({ name, hashed }, index) => {
    const first = traceBaggage.findIndex((other) => other.name === name);
    if (first < index) {
      report(
        ["traceBaggage", index, "name"],
        name,
        "each key once",
        `pulumi config rm --path traceBaggage[${index}]`,
      );
    } else if (!hashed && personalKeys.includes(name.toLowerCase())) {
      report(
        ["traceBaggage", index, "hashed"],
        hashed,
        `true: ${name} tells who somebody is, and baggage goes to every service, and with the spans to who reads them`,
        "true",
      );
    }
  });
}

function checkUrl({ scalars }: Reading, report: Report, notes: string[]): void {
  const { jaegerUrl: given } = scalars;
  if (given === undefined) return;
  const url = new URL(given);
  if (url.search !== "" || url.hash !== "" || !/^(\/[\w.~-]+)*\/?$/.test(url.pathname)) {
    report(
      ["jaegerUrl"],
      given,
      "an address whose path is Jaeger's base path: parts of letters, digits, '-', '_', '.' and '~', each behind one /, " +
        "without query or fragment",
      `${url.origin}/jaeger`,
    );
    return;
  }
  const trimmed = given.replace(/\/+$/, "");
  for (const key of ["grafanaUrl", "prometheusUrl", "alertmanagerUrl", "kibanaUrl"] as const) {
    if (scalars[key]?.replace(/\/+$/, "") !== trimmed) continue;
    report(
      ["jaegerUrl"],
      given,
      `another address than ${key}: one of them would not be reached`,
      `${url.origin}/jaeger`,
    );
  }
  if (scalars.environment === "prod" && ["localhost", "127.0.0.1"].includes(url.hostname)) {
    notes.push(`${configPath(["jaegerUrl"])} is ${given}: links to traces work only behind a port-forward.`);
  }
}

/** Reports operations that are listed twice: which of the two shares holds would be a matter of luck. */
function checkOperations({ traceSampling, services = [] }: Reading, report: Report): void {
  const check = (path: PathPart[], operations: { operation: string }[]): void =>
    operations.forEach((each, index) => {
      if (operations.findIndex(({ operation }) => operation === each.operation) === index) return;
      report([...path, index, "operation"], rawText(each, "operation"), "each operation once", "/api/orders");
    });
  check(["traceSampling", "operations"], traceSampling?.operations ?? []);
  services.forEach(({ value }, index) =>
    check(["services", index, "tracing", "operations"], value?.tracing.operations ?? []),
  );
}
