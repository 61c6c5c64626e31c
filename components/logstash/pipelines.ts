import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shedPeriod } from "../../config/logCapacity";
import type { LogRedaction } from "../../config/logSettings";
import { paths } from "./paths";
import { knownFields, levelNames, plainLinePattern, plausibleTime, tags, textTimes } from "./parsing";
import { fieldReference, quoted, quotedPattern } from "./quoting";
import { standardRedactions } from "./redaction";

/** A service whose lines have a pipeline of their own. */
export interface LoggedService {
  /** What Filebeat calls it: the label `app.kubernetes.io/name` of its pods. */
  name: string;
  namespace: string;
  /** Lines per second that each Logstash takes at most of it; see `intakeConfiguration`. */
  maxLinesPerSecond: number;
}

/** Pipeline of the lines that have no other. */
export const otherPipeline = "other";
/** Pipeline that takes the lines from Filebeat. */
export const intakePipeline = "intake";

/** Name of the pipeline of a service, and its address inside Logstash. */
export function pipelineOf({ name, namespace }: Pick<LoggedService, "name" | "namespace">): string {
  return `service-${namespace}-${name}`;
}

/** Id of the filter of the intake that sheds lines of a pipeline; how many, Logstash counts by it. */
export function shedFilterOf(pipeline: string): string {
  return `shed-${pipeline}`;
}

/**
 * How long a slot is remembered, seconds: lines older than the newest of their pipeline by more are not shed. Little of a
 * flood is that old, since the kubelet keeps 50 MiB of a container: with lines of 300 bytes, six minutes at the default
 * limit. The filter looks through all slots for each line, and a slow intake is slow for all: hence not longer.
 */
const slotAge = 900;

/**
 * Pipeline `intake`: takes the lines from Filebeat and hands them to the others. Of what one service sends it sheds what
 * is above its limit, whatever the level, since a full queue of one pipeline stops the intake, and with it all others.
 *
 * Lines are counted by when the container wrote them, not by when they come: what waited while Logstash or Elasticsearch
 * was away arrives all at once and is kept, while a flood is shed however late it comes. The counters are in memory;
 * after a restart the period begins anew. A line that Filebeat sends twice counts twice, a stack trace once.
 *
 * A limit is that of each Logstash, not its share of one for all: when the others are away, one gets all lines and must
 * not shed what is within the limit. So as many times the limit gets through as there are replicas.
 */
export function intakeConfiguration(services: LoggedService[], otherMaxLinesPerSecond: number): string {
  return render("intake.conf", {
    certificates: paths.certificates,
    limits: eachPipeline(services, (service) =>
      service
        ? limit(pipelineOf(service), service.maxLinesPerSecond)
        : limit(otherPipeline, otherMaxLinesPerSecond),
    ),
    routes: eachPipeline(services, (service) => sendTo(service ? pipelineOf(service) : otherPipeline)),
  });
}

/** What is done with the lines of each service, and with those of no service. */
function eachPipeline(
  services: LoggedService[],
  statement: (service: LoggedService | undefined) => string,
): string {
  const rest = statement(undefined);
  if (services.length === 0) return indent(rest, 2);
  const branches = services.map((service) => {
    const condition =
      `[service] == ${quoted(service.name)} and ` + `[kubernetes][namespace] == ${quoted(service.namespace)}`;
    return `if ${condition} {\n${indent(statement(service), 2)}\n}`;
  });
  return indent([...branches, `{\n${indent(rest, 2)}\n}`].join(" else "), 2);
}

/** Drops what is above so many lines per second in a slot of `shedPeriod`. */
function limit(pipeline: string, maxLinesPerSecond: number): string {
  return `throttle {
  id => ${quoted(`limit-${pipeline}`)}
  key => ${quoted(pipeline)}
  period => "${shedPeriod}"
  after_count => ${maxLinesPerSecond * shedPeriod}
  max_age => ${slotAge}
  add_field => { "[@metadata][shed]" => "true" }
}
if [@metadata][shed] {
  drop {
    id => ${quoted(shedFilterOf(pipeline))}
  }
}`;
}

/**
 * A pipeline of events: takes out, understands and indexes the lines that the intake sends to this address.
 * @throws when a redaction's replacement cannot be written in Logstash's language
 */
export function eventsConfiguration(address: string, redactions: readonly LogRedaction[]): string {
  const everywhere = [...standardRedactions, ...redactions.filter(({ field }) => field === undefined)];
  const inField = redactions.filter(
    (redaction): redaction is LogRedaction & { field: string } => redaction.field !== undefined,
  );
  const message = inField.filter(({ field }) => field === "message");
  return render("events.conf", {
    address: quoted(address),
    elasticsearch: paths.elasticsearch,
    redactions: indent(everywhere.map((redaction) => substitution("message", redaction)).join(",\n"), 6),
    fieldRedactions: substitutions(
      inField.map((redaction) =>
        substitution(`[@metadata][line]${fieldReference(redaction.field)}`, redaction),
      ),
    ),
    messageRedactions: substitutions(message.map((redaction) => substitution("message", redaction))),
    knownFields: indent(Object.entries(knownFields).map(rename).join("\n"), 4),
    // Not `quoted`: its names in braces are meant.
    plainLine: `"${plainLinePattern}"`,
    levels: indent(
      Object.entries(levelNames)
        .map(([name, level]) => `${quoted(name)} => ${quoted(level)}`)
        .join("\n"),
      8,
    ),
    textTimes: textTimes.map(quoted).join(", "),
    past: String(plausibleTime.past),
    future: String(plausibleTime.future),
    ...tags,
  });
}

function sendTo(address: string): string {
  // Waits when the other's queue is full: nothing is lost, but neither is anything of the others handed on. Without
  // ensure_delivery that would be the same; only what is sent to a pipeline that does not run would be lost.
  return `pipeline {\n  send_to => [${quoted(address)}]\n  ensure_delivery => true\n}`;
}

/** Three members of gsub's list. */
function substitution(field: string, { pattern, replacement }: LogRedaction): string {
  return `${quoted(field)}, ${quotedPattern(pattern)}, ${quoted(replacement)}`;
}

function substitutions(list: string[]): string {
  if (list.length === 0) return "";
  return indent(`mutate {\n  gsub => [\n${indent(list.join(",\n"), 4)}\n  ]\n}`, 4);
}

/** Moves the first of the names that is there, unless Filebeat has set the field. */
function rename([field, names]: [string, readonly string[]]): string {
  return names
    .map((name, index) => {
      const source = `[@metadata][line][${name}]`;
      const condition = index === 0 ? `if ![${field}] and ${source}` : `} else if ![${field}] and ${source}`;
      return `${condition} {\n  mutate {\n    rename => { "${source}" => "[${field}]" }\n  }`;
    })
    .join("\n")
    .concat("\n}");
}

/** A file of `pipelines/` with a value for each `@@name@@`. */
function render(file: string, values: Record<string, string>): string {
  const template = readFileSync(join(__dirname, "pipelines", file), "utf8");
  return template
    .replace(/^@@(\w+)@@\n/gm, (whole, name: string) => (values[name] === "" ? "" : whole))
    .replace(/@@(\w+)@@/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`pipelines/${file} asks for "${name}", which has no value.`);
      return value;
    });
}

function indent(text: string, spaces: number): string {
  return text.replace(/^(?=.)/gm, " ".repeat(spaces));
}
