import type { types } from "@pulumi/kubernetes";

const zone = "topology.kubernetes.io/zone";
const host = "kubernetes.io/hostname";

/** Spreads the pods over zones and nodes as far as there are any. */
export function spread(selector: Record<string, string>): types.input.core.v1.TopologySpreadConstraint[] {
  return [zone, host].map((topologyKey) => ({
    topologyKey,
    maxSkew: 1,
    // A cluster short of nodes or zones runs the replicas closer together instead of not at all.
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selector },
  }));
}

/** Keeps two of the pods from one node; a pod that finds no other node waits. */
export function oneByNode(selector: Record<string, string>): types.input.core.v1.Affinity {
  return {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: host, labelSelector: { matchLabels: selector } },
      ],
    },
  };
}
