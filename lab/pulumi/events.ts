/** What the engine records about a run: one JSON object per line. */

/** Numbers of resources, the stack itself and components included. */
export interface Changes {
  created: number;
  updated: number;
  deleted: number;
  replaced: number;
  same: number;
}

/** A resource that is not as before. */
export interface ChangedResource {
  urn: string;
  /** `create`, `update`, `replace`, `delete`, ...; in a refresh `update` has drifted and `delete` is gone. */
  operation: string;
  /** Properties that differ, such as `spec`. */
  diffs: string[];
}

export interface RunRecord {
  changes: Changes;
  changed: ChangedResource[];
  /** Messages of severity "error", and why resources failed. */
  errors: string[];
  /** As the engine measured it. */
  seconds?: number;
}

interface EngineEvent {
  summaryEvent?: { resourceChanges?: Record<string, number>; durationSeconds?: number };
  diagnosticEvent?: { severity?: string; message?: string; urn?: string };
  resourcePreEvent?: { metadata?: EngineStep };
  resOutputsEvent?: { metadata?: EngineStep };
}

interface EngineStep {
  op: string;
  urn: string;
  diffs?: string[] | null;
}

const unchanged = new Set(["same", "read", "refresh"]);

/** Reads the engine's event log. Lines that are not whole, such as the last one of a killed run, are passed over. */
export function readEvents(text: string): RunRecord {
  const record: RunRecord = {
    changes: { created: 0, updated: 0, deleted: 0, replaced: 0, same: 0 },
    changed: [],
    errors: [],
  };
  const changed = new Map<string, ChangedResource>();
  /** The lines that the program has written to its standard error. */
  const written: string[] = [];
  for (const line of text.split("\n")) {
    const event = parseEvent(line);
    if (!event) continue;
    const { summaryEvent, diagnosticEvent, resourcePreEvent, resOutputsEvent } = event;
    if (summaryEvent) {
      record.changes = changesOf(summaryEvent.resourceChanges ?? {});
      record.seconds = summaryEvent.durationSeconds;
    }
    if (diagnosticEvent?.severity === "info#err")
      written.push(withoutColours(diagnosticEvent.message ?? "").trimEnd());
    if (diagnosticEvent?.severity === "error" && diagnosticEvent.message) {
      const text = withoutColours(diagnosticEvent.message).trim();
      // A program that could not even begin has said why itself.
      const message = /Program exited with non-zero exit code/.test(text)
        ? [...written, text].join("\n")
        : text;
      const name = diagnosticEvent.urn?.split("::").at(-1);
      record.errors.push(name ? `${name}: ${message}` : message);
    }
    // In a refresh, only the event at the end of a step knows what has been found.
    const step = (resOutputsEvent ?? resourcePreEvent)?.metadata;
    if (!step || unchanged.has(step.op)) continue;
    const earlier = changed.get(`${step.op} ${step.urn}`);
    const diffs = step.diffs ?? earlier?.diffs ?? [];
    changed.set(`${step.op} ${step.urn}`, { urn: step.urn, operation: step.op, diffs });
  }
  record.changed = [...changed.values()];
  return record;
}

function changesOf(counts: Record<string, number>): Changes {
  const sum = (...operations: string[]) =>
    operations.reduce((total, operation) => total + (counts[operation] ?? 0), 0);
  return {
    created: sum("create", "import"),
    updated: sum("update"),
    deleted: sum("delete", "discard"),
    replaced: sum("replace"),
    same: sum("same", "read", "refresh"),
  };
}

function parseEvent(line: string): EngineEvent | undefined {
  if (line.trim() === "") return undefined;
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined;
  }
}

/** Messages carry markers of colours: `<{%fg 1%}>`. */
function withoutColours(message: string): string {
  return message.replace(/<\{%.*?%\}>/g, "");
}
