/**
 * What is wrong between the settings about logs. As long as there is no log pipeline, nothing: each value on its own is
 * checked all the same.
 */
import type { z } from "zod";
import { configPath } from "./problems";
import {
  expectedLinesPerSecond,
  heapBytes,
  logCapacity,
  neededVolumeBytes,
  retentionDays,
} from "./logCapacity";
import type { objectSchemas } from "./objects";
import { rawAt } from "./read";
import { reporter, type Findings, type Reading, type Report } from "./relations";
import { checkLogstash } from "./logQueues";
import { logLevels } from "./logSettings";
import { checkSnapshots } from "./logSnapshots";
import type { ServiceSettings } from "./settings";
import { expectedSpansPerSecond, traceBytesBesideLogs } from "./traceCapacity";
import type { TraceSettings } from "./traceSettings";
import { parseDuration, parseQuantity } from "./units";

/** The part of a reading that only logs have. */
export interface LogReading {
  logNamespaces?: z.output<typeof objectSchemas.logNamespaces>;
  logRedactions?: z.output<typeof objectSchemas.logRedactions>;
  logSnapshots?: z.output<typeof objectSchemas.logSnapshots>;
}

const gibibyte = 2 ** 30;

/** Above it, Java needs twice the bytes for each reference; the exact limit varies and is near 32 GiB. */
const mostHeap = 31 * gibibyte;

/** Memory with which a program still starts and works, and which its heap is a part of. */
const leastMemory = { elasticsearch: "1Gi", logstash: "512Mi", kibana: "1Gi" } as const;

/** Checks logs against each other, the environment and the services. */
export function checkLogs(reading: Reading): Findings {
  const problems: Findings["problems"] = [];
  const notes: string[] = [];
  if (!reading.scalars.logsEnabled) return { problems, notes };
  const report = reporter(problems);
  checkElasticsearch(reading, report);
  checkMemory(reading, report);
  checkVolume(reading, report);
  checkLogstash(reading, logNamespaces(reading), report);
  checkKibana(reading, report, notes);
  checkNamespaces(reading, report, notes);
  checkSnapshots(reading, report, notes);
  checkServices(reading, notes);
  return { problems, notes };
}

/**
 * Namespaces whose logs are collected: those that are set, else those of the services; sorted, so that their order in the
 * configuration means nothing.
 */
export function logNamespaces({ logNamespaces: given, services = [] }: Reading): string[] {
  const ofServices = services.flatMap(({ value }) => value?.namespace ?? []);
  return [...new Set(given ?? ofServices)].sort();
}

function checkElasticsearch({ scalars }: Reading, report: Report): void {
  const { elasticsearchReplicas: replicas, elasticsearchMemory: memory } = scalars;
  if (replicas !== undefined && replicas < 3 && scalars.environment === "prod") {
    report(
      ["elasticsearchReplicas"],
      replicas,
      "an odd number, 3 or more, in environment prod: one node has no second copy of a line, and no majority without itself",
      "3",
    );
  }
  if (memory !== undefined && heapBytes(memory) > mostHeap) {
    report(
      ["elasticsearchMemory"],
      memory,
      "at most 62Gi: half of it is the heap, and Java needs more bytes for each reference when that is above 31Gi. " +
        "More nodes help, more memory does not",
      "62Gi",
    );
  }
}

function checkMemory({ scalars, raw }: Reading, report: Report): void {
  for (const [program, least] of Object.entries(leastMemory)) {
    const setting = `${program}Memory` as `${keyof typeof leastMemory}Memory`;
    const memory = scalars[setting];
    if (memory !== undefined && parseQuantity(memory) < parseQuantity(least)) {
      report([setting], memory, `at least ${least}: a part of it is the heap`, least);
    }
    for (const kind of ["requests", "limits"]) {
      const given = rawAt(raw.resources, [program, kind, "memory"]);
      if (given === undefined) continue;
      report(
        ["resources", program, kind, "memory"],
        given,
        `nothing: ${setting} is both, because the heap follows from it`,
        `pulumi config set ${setting} 4Gi`,
      );
    }
  }
}

function checkVolume(reading: Reading, report: Report): void {
  const {
    elasticsearchReplicas: replicas,
    elasticsearchVolumeSize: volumeSize,
    logRetention: retention,
  } = reading.scalars;
  if (retention === undefined) return;
  if (parseDuration(retention) % 86_400 !== 0) {
    const days = Math.max(1, retentionDays(retention));
    report(
      ["logRetention"],
      retention,
      "whole days: there is one index a day, and it goes as a whole",
      `${days}d`,
    );
    return;
  }
  const services = reading.services?.flatMap(({ value }) => value ?? []);
  if (replicas === undefined || volumeSize === undefined || services === undefined) return;
  const expected = expectedLinesPerSecond(services, logNamespaces(reading));
  const traceBytes = traceBytesIn(reading, services, replicas);
  const { linesPerSecond } = logCapacity({ replicas, volumeSize, retention, traceBytes });
  if (expected > linesPerSecond) {
    const needed = neededVolumeBytes(expected, replicas, retention, traceBytes);
    report(
      ["elasticsearchVolumeSize"],
      volumeSize,
      `a size that holds ${retention} of logs on ${replicas === 1 ? "one node" : `${replicas} nodes`}: ` +
        `${linesPerSecond.toFixed(1)} lines per second fit, ${expected.toFixed(1)} are expected of the services ` +
        "(linesPerSecond in their logging, after sampling)" +
        (traceBytes === 0
          ? ". Or a shorter logRetention"
          : `, beside ${(traceBytes / gibibyte).toFixed(1)} GiB of traces (spansPerSecond in their tracing, after ` +
            "sampling). Or a shorter logRetention or traceRetention"),
      `${Math.ceil(needed / gibibyte)}Gi`,
    );
  }
}

/** Bytes of the traces that are expected in the same Elasticsearch; 0 as long as their settings have problems. */
function traceBytesIn(
  { scalars, traceSampling, traceTailSampling: tailSampling }: Reading,
  services: Pick<ServiceSettings, "tracing">[],
  nodes: number,
): number {
  const { tracesEnabled: enabled, traceStorage: storage, traceRetention: retention } = scalars;
  if (!enabled || retention === undefined || traceSampling === undefined) return 0;
  const spansPerSecond = expectedSpansPerSecond(services, traceSampling);
  return traceBytesBesideLogs(
    { enabled, storage: storage as TraceSettings["storage"], retention, tailSampling },
    spansPerSecond,
    nodes,
  );
}

function checkKibana({ scalars }: Reading, report: Report, notes: string[]): void {
  const { kibanaUrl: given } = scalars;
  if (given === undefined) return;
  const url = new URL(given);
  if (url.search !== "" || url.hash !== "" || !/^(\/[\w.~-]+)*\/?$/.test(url.pathname)) {
    report(
      ["kibanaUrl"],
      given,
      "an address whose path is Kibana's base path: parts of letters, digits, '-', '_', '.' and '~', each behind one /, " +
        "without query or fragment",
      `${url.origin}/kibana`,
    );
    return;
  }
  for (const key of ["grafanaUrl", "prometheusUrl", "alertmanagerUrl"] as const) {
    if (scalars[key]?.replace(/\/+$/, "") !== given.replace(/\/+$/, "")) continue;
    report(
      ["kibanaUrl"],
      given,
      `another address than ${key}: one of them would not be reached`,
      `${url.origin}/kibana`,
    );
  }
  if (scalars.environment === "prod" && ["localhost", "127.0.0.1"].includes(url.hostname)) {
    notes.push(
      `${configPath(["kibanaUrl"])} is ${given}: links to log lines work only behind a port-forward.`,
    );
  }
}

function checkNamespaces(reading: Reading, report: Report, notes: string[]): void {
  const { namespace, hostNamespace } = reading.scalars;
  const collected = logNamespaces(reading);
  reading.logNamespaces?.forEach((name, index, all) => {
    if (all.indexOf(name) < index) {
      report(
        ["logNamespaces", index],
        name,
        "each namespace once",
        "pulumi config rm --path logNamespaces[" + index + "]",
      );
    } else if (name === namespace || name === hostNamespace) {
      report(
        ["logNamespaces", index],
        name,
        "no namespace of this stack: what Logstash says about an event that fails would be the next event that fails",
        "bilten",
      );
    }
  });
  reading.services?.forEach(({ value }, index) => {
    if (value === undefined || collected.includes(value.namespace)) return;
    notes.push(
      `${configPath(["services", index])} (${value.name}) goes without logs: its namespace ${value.namespace} is not in ` +
        "logNamespaces.",
    );
  });
}

function checkServices({ scalars, services }: Reading, notes: string[]): void {
  services?.forEach(({ value }, index) => {
    if (value === undefined) return;
    const { level, sampling } = value.logging;
    const path = (...rest: string[]): string => configPath(["services", index, "logging", ...rest]);
    if (sampling.error < 1) {
      notes.push(`${path("sampling", "error")} is below 100%: some errors leave no line.`);
    }
    if (scalars.environment === "prod" && logLevels.indexOf(level) < logLevels.indexOf("info")) {
      notes.push(`${path("level")} is ${level} in environment prod: several times as many lines as info.`);
    }
  });
}
