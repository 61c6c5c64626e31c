/** Finds the pod that a user means by a short name. */
import { LabError } from "../state";

export interface Pod {
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
  spec: { nodeName?: string };
  status?: { phase?: string };
}

const appLabel = "app.kubernetes.io/name";

/**
 * The pod of this name, or one of the application of this name: `prometheus-0` and `prometheus` are the same.
 * @throws LabError that lists the applications when there is none
 */
export function podNamed(name: string, pods: Pod[]): Pod {
  const running = pods.filter(({ status }) => status?.phase === "Running");
  const found =
    pods.find(({ metadata }) => metadata.name === name) ??
    running.find(({ metadata }) => metadata.labels?.[appLabel] === name) ??
    running.find(({ metadata }) => metadata.name.startsWith(`${name}-`));
  if (found) return found;
  const names = pods.map(({ metadata }) => metadata.labels?.[appLabel] ?? metadata.name);
  throw new LabError(
    `There is no pod or application "${name}". There are: ${[...new Set(names)].sort().join(", ") || "none"}.`,
  );
}
