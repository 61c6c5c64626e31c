/** Data on the real node that a workload would leave behind, were it moved to a simulated one. */
import { nodeKindLabel } from "../nodes";
import { missingImages, placementOf, type PodSpec } from "./policy";

/** A Deployment, StatefulSet or DaemonSet, as far as placement goes. */
export interface Workload {
  kind: string;
  metadata: { name: string; namespace: string };
  spec: {
    template: {
      spec: PodSpec & { volumes?: { persistentVolumeClaim?: { claimName: string } }[] };
    };
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

export interface Claim {
  metadata: { name: string; namespace: string };
  spec: { volumeName?: string };
}

export interface Volume {
  metadata: { name: string; labels?: Record<string, string> };
}

/** A workload that must not move, and why it would. */
export interface Held {
  /** Such as `StatefulSet monitoring/prometheus`. */
  workload: string;
  claims: string[];
  missingImages: string[];
}

/** Workloads that have a claim on a volume of the real node, and would be simulated with these images. */
export function heldData(
  workloads: Workload[],
  images: string[],
  claims: Claim[],
  volumes: Volume[],
): Held[] {
  const real = new Set(
    volumes
      .filter(({ metadata }) => metadata.labels?.[nodeKindLabel] === "real")
      .map(({ metadata }) => metadata.name),
  );
  return workloads
    .filter(({ spec }) => placementOf(spec.template.spec, images) === "simulated")
    .map((workload) => ({
      workload: describe(workload),
      claims: claims
        .filter((claim) => isClaimOf(claim, workload) && real.has(claim.spec.volumeName ?? ""))
        .map(({ metadata }) => metadata.name),
      missingImages: missingImages(workload.spec.template.spec, images),
    }))
    .filter((held) => held.claims.length > 0);
}

/** `StatefulSet monitoring/prometheus` */
export function describe({ kind, metadata }: Workload): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

/** Also those of replicas that a StatefulSet has no more: their data waits for them. */
function isClaimOf({ metadata }: Claim, { metadata: own, spec }: Workload): boolean {
  if (metadata.namespace !== own.namespace) return false;
  const mounted = (spec.template.spec.volumes ?? []).some(
    ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === metadata.name,
  );
  return (
    mounted ||
    (spec.volumeClaimTemplates ?? []).some((template) => {
      const prefix = `${template.metadata.name}-${own.name}-`;
      return metadata.name.startsWith(prefix) && /^\d+$/.test(metadata.name.slice(prefix.length));
    })
  );
}
