/** What of the set-up OpenSearch has, and how it calls it. The rest cannot run here: policies, security, schedules. */
import type { SetupStep } from "../../components/elasticsearchSetup/steps";

const missing = /^\/_(ilm|slm|security)\//;

/** The steps that OpenSearch knows, in its words. */
export function forOpenSearch(steps: SetupStep[]): SetupStep[] {
  return steps
    .filter(({ path }) => !missing.test(path))
    .map((step) => (step.body ? { ...step, body: translated(step.body) as object } : step));
}

function translated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(translated);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  // Its field of many keys goes by another name, and has no options.
  if (fields["type"] === "flattened") return { type: "flat_object" };
  return Object.fromEntries(
    Object.entries(fields)
      // Indices name their policy, which is not there.
      .filter(([name]) => name !== "lifecycle")
      .map(([name, inner]) => [name, translated(inner)]),
  );
}
