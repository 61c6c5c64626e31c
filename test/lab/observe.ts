/** What the tests see of a stack on a cluster, and of a run of the engine. */
import assert from "node:assert/strict";
import type { RunRecord } from "../../lab/pulumi";
import type { Cluster } from "./cluster";

export const workloadKinds = ["deployments", "statefulsets", "daemonsets"];

/** Pod templates by workload. */
export async function templates(cluster: Cluster): Promise<Record<string, string>> {
  const workloads = await cluster.list(...workloadKinds);
  return Object.fromEntries(
    workloads.map(({ kind, metadata, spec }) => [`${kind} ${metadata.name}`, JSON.stringify(spec.template)]),
  );
}

/** `update StatefulSet alertmanager`, without components, which only contain. */
export function steps({ changed }: RunRecord): string[] {
  return changed
    .map(({ urn, operation }) => ({
      operation,
      type: urn.split("::")[2]?.split("$").at(-1) ?? "",
      name: urn.split("::").at(-1),
    }))
    .filter(({ type }) => !type.startsWith("pulumi:"))
    .map(({ operation, type, name }) => `${operation} ${type.split(":").at(-1)} ${name}`)
    .sort();
}

/** Every workload has all its pods ready, and every claim its volume. */
export async function assertAllReady(cluster: Cluster): Promise<void> {
  for (const { kind, metadata, spec, status } of await cluster.list(...workloadKinds)) {
    const ready = kind === "DaemonSet" ? status.numberReady : status.readyReplicas;
    // Three simulated nodes.
    assert.equal(ready, kind === "DaemonSet" ? 3 : spec.replicas, `${kind} ${metadata.name}`);
  }
  for (const claim of await cluster.list("persistentvolumeclaims")) assert.equal(claim.status.phase, "Bound");
}

/** Whatever is refused, Pod Security tells it in an event of the owner. */
export async function assertNoPodRefused(cluster: Cluster): Promise<void> {
  const refusals = (await cluster.list("events"))
    .map(({ message }) => message ?? "")
    .filter((text) => /PodSecurity|forbidden/.test(text));
  assert.deepEqual(refusals, []);
}
