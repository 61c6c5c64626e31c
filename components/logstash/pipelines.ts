import { readFileSync } from "node:fs";
import { join } from "node:path";
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
}

/** Pipeline of the lines that have no other. */
export const otherPipeline = "other";
/** Pipeline that takes the lines from Filebeat. */
export const intakePipeline = "intake";

/** Name of the pipeline of a service, and its address inside Logstash. */
export function pipelineOf({ name, namespace }: LoggedService): string {
  return `service-${namespace}-${name}`;
}

/** Pipeline `intake`: takes the lines from Filebeat and hands them to the others. */
export function intakeConfiguration(services: LoggedService[]): string {
  const branches = services.map((service) => ({
    condition:
      `[service] == ${quoted(service.name)} and ` + `[kubernetes][namespace] == ${quoted(service.namespace)}`,
    send: sendTo(pipelineOf(service)),
  }));
  const chain = branches
    .map(({ condition, send }, index) => `${index === 0 ? "if" : "} else if"} ${condition} {\n${send}`)
    .join("\n");
  const rest = sendTo(otherPipeline);
  return render("intake.conf", {
    certificates: paths.certificates,
    routes: indent(services.length > 0 ? `${chain}\n} else {\n${rest}\n}` : rest.replace(/^ {2}/gm, ""), 2),
  });
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
  // Waits when the other's queue is full: nothing is lost, and Filebeat waits in turn.
  return `  pipeline {\n    send_to => [${quoted(address)}]\n    ensure_delivery => true\n  }`;
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
