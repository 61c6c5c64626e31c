import type { types } from "@pulumi/kubernetes";

/** A volume of each pod. */
export interface VolumeClaim {
  /** Under which the containers mount it. */
  name: string;
  size: string;
  /** @default the cluster's default StorageClass */
  storageClass?: string;
}

/** A volume that one pod holds at a time cannot be rolled over to a second pod. */
export function rollout(
  volumes: types.input.core.v1.Volume[] | undefined,
): types.input.apps.v1.DeploymentStrategy {
  return volumes?.some((volume) => volume.persistentVolumeClaim !== undefined)
    ? { type: "Recreate" }
    : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
}

/** The claim of a StatefulSet that makes a volume for each pod. */
export function volumeClaimTemplate(
  claim: VolumeClaim,
  labels: Record<string, string>,
): types.input.core.v1.PersistentVolumeClaim {
  return {
    metadata: { name: claim.name, labels },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: claim.storageClass,
      resources: { requests: { storage: claim.size } },
    },
  };
}
