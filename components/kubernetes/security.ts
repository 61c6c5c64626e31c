import type { types } from "@pulumi/kubernetes";

/**
 * What Pod Security level `restricted` asks of a pod, for a numeric user that owns its volumes. For user 0, of whom the
 * level asks not to be, the rest of it.
 */
export function podSecurityContext(user: number): types.input.core.v1.PodSecurityContext {
  if (user === 0) return { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: "RuntimeDefault" } };
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** What Pod Security level `restricted` asks of a container, and a root file system that cannot be written. */
export const containerSecurityContext: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};
