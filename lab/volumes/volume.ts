/** Which volumes a real node needs, and what they look like. Computes only. */
import { basename, dirname, join } from "node:path";
import type { Manifest } from "../controlplane/client";
import { nodeKindLabel } from "../nodes";
import { storageClass } from "../nodes/simulated/stages";

/** Who made a volume: the controller-manager leaves those to us that name somebody whom it does not know. */
export const provisioner = "bilten.dev/directory";
const provisionedBy = "pv.kubernetes.io/provisioned-by";
const selectedNode = "volume.kubernetes.io/selected-node";
const longestName = 255;

export interface Claim {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: {
    storageClassName?: string;
    accessModes?: string[];
    volumeMode?: string;
    volumeName?: string;
    resources?: { requests?: { storage?: string } };
  };
  status?: { phase?: string };
}

export interface Volume {
  metadata: {
    name: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: { local?: { path: string }; claimRef?: { uid?: string } };
  status?: { phase?: string };
}

export interface Pod {
  metadata: { name: string; namespace: string };
  spec: {
    nodeName?: string;
    nodeSelector?: Record<string, string>;
    volumes?: { persistentVolumeClaim?: { claimName: string } }[];
  };
}

/** What is in the cluster. */
export interface Found {
  /** Names of the real nodes. */
  nodes: string[];
  claims: Claim[];
  volumes: Volume[];
  /** Those that no node has yet. */
  waitingPods: Pod[];
}

/** A claim with the node that its volume is to be on. */
export interface Provision {
  claim: Claim;
  node: string;
  /** A simulated volume that the claim is bound to: it holds nothing, and is in the way. */
  instead?: string;
}

export interface Work {
  provision: Provision[];
  /** Claims whose volume has taken the place of a simulated one, which the controller-manager has only seen go. */
  rebind: Claim[];
  /** Volumes whose claim is gone. */
  remove: Volume[];
}

/** What is to be done for the real nodes; nothing for claims that are none of theirs. */
export function workFor(found: Found): Work {
  const provision = found.claims.flatMap((claim) => provisionOf(claim, found) ?? []);
  const remove = found.volumes.filter(
    ({ metadata, status }) =>
      metadata.annotations?.[provisionedBy] === provisioner && status?.phase === "Released",
  );
  const rebind = found.claims.filter(
    (claim) => claim.status?.phase === "Lost" && isReal(volumeOf(claim, found)),
  );
  return { provision, rebind, remove };
}

function provisionOf(claim: Claim, found: Found): Provision | undefined {
  const { metadata, spec } = claim;
  if (spec.storageClassName !== storageClass || metadata.deletionTimestamp) return undefined;
  if (spec.volumeMode === "Block") return undefined;
  if (!spec.volumeName) {
    const node = metadata.annotations?.[selectedNode] ?? "";
    return found.nodes.includes(node) ? { claim, node } : undefined;
  }
  // A workload that has moved keeps its claim. A volume that is missing was left between removal and creation.
  const node = found.nodes[0];
  const bound = volumeOf(claim, found);
  const ours = spec.volumeName === volumeName(claim);
  const empty = !bound || bound.metadata.labels?.[nodeKindLabel] === "simulated";
  if (!node || !ours || !empty || !found.waitingPods.some((pod) => isRealUser(pod, claim))) return undefined;
  return { claim, node, instead: bound?.metadata.name };
}

function volumeOf({ spec }: Claim, { volumes }: Found): Volume | undefined {
  return volumes.find(({ metadata }) => metadata.name === spec.volumeName);
}

const isReal = (volume: Volume | undefined) => volume?.metadata.labels?.[nodeKindLabel] === "real";

function isRealUser({ metadata, spec }: Pod, claim: Claim): boolean {
  return (
    metadata.namespace === claim.metadata.namespace &&
    spec.nodeSelector?.[nodeKindLabel] === "real" &&
    (spec.volumes ?? []).some(
      ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim.metadata.name,
    )
  );
}

/** Simulated volumes have the same, so that one can take the other's place. */
export function volumeName({ metadata }: Claim): string {
  return `pvc-${metadata.uid}`;
}

/** The directory of a claim's volume: tells whose it is, and is of no other claim, also of the same name. */
export function volumePath(directory: string, { metadata }: Claim): string {
  const { namespace, name, uid } = metadata;
  return join(directory, `${`${namespace}_${name}`.slice(0, longestName - uid.length - 1)}_${uid}`);
}

/**
 * A volume of type `local`: unlike with hostPath, a pod's fsGroup takes effect.
 * @param directory of all volumes, absolute, the same for us and for the node
 */
export function volumeManifest({ claim, node }: Provision, directory: string): Manifest {
  const { metadata, spec } = claim;
  return {
    collection: "/api/v1/persistentvolumes",
    object: {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: {
        name: volumeName(claim),
        labels: { [nodeKindLabel]: "real" },
        annotations: { [provisionedBy]: provisioner },
      },
      spec: {
        accessModes: spec.accessModes,
        capacity: { storage: spec.resources?.requests?.storage },
        persistentVolumeReclaimPolicy: "Delete",
        storageClassName: spec.storageClassName,
        volumeMode: "Filesystem",
        claimRef: {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          namespace: metadata.namespace,
          name: metadata.name,
          uid: metadata.uid,
        },
        local: { path: volumePath(directory, claim) },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
            ],
          },
        },
      },
    },
  };
}

/** Whether a path is that of a volume: right within the directory, and nothing else. */
export function isVolumePath(directory: string, path: string | undefined): path is string {
  return path !== undefined && join(directory, basename(path)) === path && dirname(path) === directory;
}
