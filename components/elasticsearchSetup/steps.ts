import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One request of the set-up: what is sent, and which answer means that it is applied. */
export interface SetupStep {
  /** What people read in the log of the Job. */
  name: string;
  method: "PUT" | "POST" | "DELETE";
  /** Path and query, from the server's root. */
  path: string;
  /** Sent as JSON. `passwordPlaceholder` stands where the password of `passwordOf` goes. */
  body?: object;
  /** Sent as the file of a form instead: objects of Kibana, a JSON document a line. */
  objects?: object[];
  /** User whose password the body needs; its value comes from a mounted file. */
  passwordOf?: string;
  /** Statuses that mean success. @default [200] */
  expect?: number[];
  /** What the answer must hold besides, where the status says too little. */
  expectText?: string;
}

/** Stands in a body where the script puts a password, as the whole of a JSON string. */
export const passwordPlaceholder = "@password@";

/** Name of the script among the files. */
export const scriptFile = "setup.sh";

/**
 * The files that the script works from, by name: itself, the list of steps, a file for each body. No file holds a
 * password.
 * @throws when a step cannot be written as a line of the list, or names a password that its body has no place for
 */
export function setupFiles(steps: SetupStep[]): Record<string, string> {
  const files: Record<string, string> = {
    [scriptFile]: readFileSync(join(__dirname, scriptFile), "utf8"),
  };
  const lines = steps.map((step, index) => {
    const body = bodyOf(step);
    // Numbered, so that a listing shows them in their order.
    const file = `${String(index + 1).padStart(2, "0")}.${step.objects ? "ndjson" : "json"}`;
    if (body !== undefined) files[file] = body;
    if (step.passwordOf !== undefined && !body?.includes(`"${passwordPlaceholder}"`)) {
      throw new Error(`Step "${step.name}" needs the password of ${step.passwordOf}, but not in its body.`);
    }
    return columns(step, body === undefined ? "-" : file);
  });
  files["steps.tsv"] = `${lines.join("\n")}\n`;
  return files;
}

function bodyOf({ name, body, objects }: SetupStep): string | undefined {
  if (body && objects) throw new Error(`Step "${name}" has both a body and objects; give it one of them.`);
  if (objects) return `${objects.map((object) => JSON.stringify(object)).join("\n")}\n`;
  return body && `${JSON.stringify(body, undefined, 2)}\n`;
}

function columns(step: SetupStep, file: string): string {
  const kind = step.objects ? "form" : step.body ? "json" : "none";
  const values = [
    ...[step.name, step.method, step.path, kind, file, step.passwordOf ?? "-"],
    ...[(step.expect ?? [200]).join(","), step.expectText ?? "-"],
  ];
  // An empty column would vanish: bash takes several tabs for one.
  const unfit = values.find((value) => value === "" || /[\t\n\r]/.test(value));
  if (unfit !== undefined) {
    throw new Error(
      `Step "${step.name}" has a value that is empty or holds a tab or a line break: "${unfit}".`,
    );
  }
  return values.join("\t");
}
