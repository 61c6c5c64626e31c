/**
 * What is wrong between settings that are each fine on their own. Every check works with what could be read and passes
 * over the rest, so that it reports beside the problems of single values.
 */
import type { z } from "zod";
import type { receiverSchema, routeSchema } from "./alertSchemas";
import { parseCpu, parseDuration, parseQuantity } from "./units";
import { isHttpUrl } from "./checks";
import { bytesPerSample, expectedBytes, usableShare } from "./capacity";
import { configPath, displayValue, type PathPart, type Problem } from "./problems";
import { rawAt, rawText, type Entry } from "./read";
import { workloadNames, type objectSchemas, type serviceSchema } from "./objects";
import type { ScalarValues } from "./scalars";
import type { LogReading } from "./logRelations";
import type { TraceReading } from "./traceRelations";
import type { SecretName } from "./settings";

/** What could be read of a configuration. A list is missing when it is no list; an entry's value when it has problems. */
export interface Reading extends LogReading, TraceReading {
  scalars: Partial<ScalarValues>;
  services?: Entry<z.output<typeof serviceSchema>>[];
  receivers?: Entry<z.output<typeof receiverSchema>>[];
  routes?: Entry<z.output<typeof routeSchema>>[];
  groupBy?: z.output<typeof objectSchemas.alertGroupBy>;
  escalation?: z.output<typeof objectSchemas.alertEscalation>;
  alertOverrides?: z.output<typeof objectSchemas.alertOverrides>;
  remoteWrite?: z.output<typeof objectSchemas.remoteWrite>;
  resources?: z.output<typeof objectSchemas.resources>;
  /** Objects as given: their relations are checked even when a part of them has the wrong form. */
  raw: Partial<
    Record<
      | "alertEscalation"
      | "alertOverrides"
      | "remoteWrite"
      | "resources"
      | "logSnapshots"
      | "traceTailSampling",
      unknown
    >
  >;
  secretsPresent: ReadonlySet<SecretName>;
}

export interface Findings {
  problems: Problem[];
  /** Worth knowing, no reason to stop. */
  notes: string[];
}

/** Reports a problem at a path. */
export type Report = (path: PathPart[], given: unknown, expected: string, example: string) => void;

export function reporter(problems: Problem[]): Report {
  return (path, given, expected, example) =>
    void problems.push({ path: configPath(path), value: displayValue(given), expected, example });
}

/** A sample older than this is no longer answered by Prometheus. */
const stalenessSeconds = 5 * 60;

/** Checks everything but the way alerts take, which is `routing.ts`. */
export function checkRelations(reading: Reading): Findings {
  const problems: Problem[] = [];
  const notes: string[] = [];
  const report = reporter(problems);
  checkNamespaces(reading, report);
  checkReplicas(reading, report);
  checkRetention(reading, report);
  checkIntervals(reading, report, notes);
  checkServices(reading, report);
  checkRemoteWrite(reading, report, notes);
  checkResources(reading, report);
  checkProduction(reading, report, notes);
  return { problems, notes };
}

function checkNamespaces({ scalars: { namespace, hostNamespace } }: Reading, report: Report): void {
  if (namespace !== undefined && namespace === hostNamespace) {
    report(
      ["hostNamespace"],
      hostNamespace,
      "another namespace than `namespace`: one enforces Pod Security level restricted, the other privileged",
      `${namespace}-host`,
    );
  }
}

function checkReplicas({ scalars }: Reading, report: Report): void {
  const production = scalars.environment === "prod";
  const { alertmanagerReplicas: alertmanagers, prometheusReplicas: prometheuses } = scalars;
  if (alertmanagers !== undefined && production && alertmanagers < 3) {
    report(["alertmanagerReplicas"], alertmanagers, "an odd number, 3 or more, in environment prod", "3");
  } else if (alertmanagers !== undefined && alertmanagers % 2 === 0) {
    report(
      ["alertmanagerReplicas"],
      alertmanagers,
      "an odd number: after a network partition an even one may have no majority side",
      String(alertmanagers + 1),
    );
  }
  if (prometheuses !== undefined && production && prometheuses < 2) {
    report(["prometheusReplicas"], prometheuses, "2 or more in environment prod", "2");
  }
}

function checkRetention({ scalars, services = [] }: Reading, report: Report): void {
  const {
    prometheusRetention: retention,
    prometheusRetentionSize: size,
    prometheusVolumeSize: volume,
  } = scalars;
  if (volume === undefined) return;
  const usable = parseQuantity(volume) * usableShare;
  const usableGi = (usable / 2 ** 30).toFixed(1);
  if (size !== undefined && parseQuantity(size) > usable) {
    report(
      ["prometheusRetentionSize"],
      size,
      `at most ${usableShare * 100} % of prometheusVolumeSize (${volume}): the write-ahead log and compaction need the rest`,
      `${Math.floor(usable / 2 ** 20)}Mi`,
    );
  }
  const scrapeInterval = scalars.prometheusScrapeInterval;
  if (retention === undefined || scrapeInterval === undefined) return;
  const intervals = services.map(({ value }) => value?.scrapeInterval ?? "10s");
  const expected = expectedBytes(retention, scrapeInterval, intervals);
  if (expected > usable) {
    const days = Math.floor((parseDuration(retention) * usable) / expected / 86_400);
    report(
      ["prometheusRetention"],
      retention,
      `a time whose samples fit into ${usableGi} GiB of prometheusVolumeSize (${volume}); about ` +
        `${(expected / 2 ** 30).toFixed(1)} GiB are expected at ${bytesPerSample} bytes per sample`,
      days > 0 ? `${days}d` : "12h",
    );
  }
}

function checkIntervals({ scalars, services = [] }: Reading, report: Report, notes: string[]): void {
  const checkOne = (path: PathPart[], interval: string | undefined, what: string): void => {
    if (interval === undefined) return;
    const seconds = parseDuration(interval);
    if (seconds >= stalenessSeconds) {
      report(path, interval, `less than 5m: Prometheus forgets a sample after 5 minutes`, "30s");
    } else if (seconds > 120) {
      notes.push(
        `${configPath(path)} is ${interval}: above 2m, one missed ${what} makes series disappear for a while ` +
          "(Prometheus forgets a sample after 5 minutes).",
      );
    }
  };
  const { prometheusScrapeInterval: scrape, prometheusEvaluationInterval: evaluation } = scalars;
  checkOne(["prometheusScrapeInterval"], scrape, "scrape");
  checkOne(["prometheusEvaluationInterval"], evaluation, "evaluation");
  services.forEach(({ value }, index) => {
    checkOne(["services", index, "scrapeInterval"], value?.scrapeInterval, "scrape");
    checkOne(["services", index, "probes", "interval"], value?.probes.interval, "probe");
  });
  if (scrape !== undefined && evaluation !== undefined && parseDuration(scrape) > parseDuration(evaluation)) {
    notes.push(
      `${configPath(["prometheusScrapeInterval"])} (${scrape}) is longer than prometheusEvaluationInterval ` +
        `(${evaluation}): rules are computed several times from the same samples.`,
    );
  }
}

function checkServices({ services }: Reading, report: Report): void {
  if (services?.length === 0) {
    report(["services"], "none", "at least one service", "[{ name: bilten-api, port: 3000 }]");
  }
  firstOfEachName(services, (index, first, name) =>
    report(
      ["services", index, "name"],
      name,
      `another name than ${configPath(["services", first])}: the label \`service\` tells services apart`,
      `${name}-2`,
    ),
  );
}

/** Calls back for every entry whose name an earlier entry has. */
export function firstOfEachName(
  entries: Entry<unknown>[] | undefined,
  duplicate: (index: number, first: number, name: string) => void,
): void {
  const seen = new Map<string, number>();
  entries?.forEach(({ raw }, index) => {
    const name = rawText(raw, "name");
    if (name === undefined) return;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else duplicate(index, first, name);
  });
}

function checkRemoteWrite({ raw, secretsPresent }: Reading, report: Report, notes: string[]): void {
  const { remoteWrite } = raw;
  const username = rawText(remoteWrite, "username");
  const hasPassword = secretsPresent.has("remoteWritePassword");
  if (username !== undefined && !hasPassword) {
    report(
      ["remoteWritePassword"],
      undefined,
      "a secret, because remoteWrite.username is set",
      "pulumi config set --secret remoteWritePassword",
    );
  }
  if (hasPassword && username === undefined) {
    notes.push(`${configPath(["remoteWritePassword"])} is not used: remoteWrite has no username.`);
  }
  const shards = ["minShards", "maxShards"].map((key) => rawAt(remoteWrite, ["queue", key]));
  const [least, most] = [shards[0] ?? 1, shards[1] ?? 50];
  if (typeof least === "number" && typeof most === "number" && least > most) {
    report(["remoteWrite", "queue", "minShards"], least, `at most maxShards (${most})`, String(most));
  }
}

function checkResources({ raw: { resources } }: Reading, report: Report): void {
  const amounts = { cpu: parseCpu, memory: parseQuantity };
  for (const workload of workloadNames) {
    for (const [kind, parse] of Object.entries(amounts)) {
      const request = amountText(rawAt(resources, [workload, "requests", kind]));
      const limit = amountText(rawAt(resources, [workload, "limits", kind]));
      if (request === undefined || limit === undefined) continue;
      try {
        if (parse(request) <= parse(limit)) continue;
      } catch {
        continue; // one of the two has a problem of its own
      }
      report(
        ["resources", workload, "requests", kind],
        request,
        `at most the limit (${limit}): Kubernetes refuses a request above it`,
        limit,
      );
    }
  }
}

/** An amount as text; YAML's bare numbers are amounts of CPU. */
function amountText(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function checkProduction({ scalars }: Reading, report: Report, notes: string[]): void {
  if (scalars.environment !== "prod") return;
  if (scalars.mailCatcher) {
    report(["mailCatcher"], true, "false in environment prod: caught mail reaches nobody", "false");
  }
  for (const key of ["prometheusUrl", "alertmanagerUrl", "grafanaUrl"] as const) {
    const url = scalars[key];
    if (url !== undefined && isHttpUrl(url) && ["localhost", "127.0.0.1"].includes(new URL(url).hostname)) {
      notes.push(`${configPath([key])} is ${url}: links in notifications work only behind a port-forward.`);
    }
  }
}
