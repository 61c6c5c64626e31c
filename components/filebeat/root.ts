import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * Lets the pods of a DaemonSet run as root, and on every node. The containers' files belong to root and nobody else may
 * read them; what makes root more than their owner stays away: it has no capability, cannot gain any, and its root file
 * system cannot be written.
 */
export function asRootOnEveryNode(
  args: pulumi.ResourceTransformationArgs,
): pulumi.ResourceTransformationResult | undefined {
  if (args.type !== "kubernetes:apps/v1:DaemonSet") return undefined;
  const { spec } = args.props as { spec: { template: { spec: PodSpec } } };
  const pod = spec.template.spec;
  const template = {
    ...spec.template,
    spec: {
      ...pod,
      tolerations: [{ operator: "Exists" }],
      securityContext: {
        runAsUser: 0,
        runAsGroup: 0,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: pod.containers.map((container) => ({
        ...container,
        securityContext: { ...container.securityContext, runAsNonRoot: false },
      })),
    },
  };
  return { props: { ...args.props, spec: { ...spec, template } }, opts: args.opts };
}

interface PodSpec {
  containers: { securityContext: types.input.core.v1.SecurityContext }[];
}
