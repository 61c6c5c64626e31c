import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels, headlessService, selectorLabels } from "./labels";
import { oneByNode, spread } from "./placement";
import { containerSecurityContext, podSecurityContext } from "./security";
import { rollout, type VolumeClaim, volumeClaimTemplate } from "./storage";

type Container = types.input.core.v1.Container;

/** A container of a workload: resources are required, the security context is the workload's business. */
export type WorkloadContainer = Omit<Container, "securityContext" | "resources"> & {
  resources: pulumi.Input<types.input.core.v1.ResourceRequirements>;
};

export interface WorkloadPort {
  name: string;
  port: number;
  /** Port of the container; defaults to `port`. */
  targetPort?: number | string;
  /** @default "TCP" */
  protocol?: "TCP" | "UDP";
}

export interface WorkloadArgs {
  /** A DaemonSet runs on every node, tainted or not. */
  kind: "Deployment" | "StatefulSet" | "DaemonSet";
  namespace: pulumi.Input<string>;
  /** The program: value of `app.kubernetes.io/name`. */
  app: string;
  /** Its role: value of `app.kubernetes.io/component`. */
  component: string;
  /** Version of the program, without `v`. */
  version: string;
  /** Number of pods; not for DaemonSets. More than one adds a PodDisruptionBudget and topology spread. @default 1 */
  replicas?: number;
  containers: WorkloadContainer[];
  initContainers?: WorkloadContainer[];
  volumes?: types.input.core.v1.Volume[];
  /** A volume per pod (StatefulSet), mounted by the containers under this name. */
  volumeClaim?: VolumeClaim;
  /**
   * What becomes of the volumes (StatefulSet) when it is deleted, or has fewer pods. Deleting the namespace deletes
   * them either way. @default both "Retain", as in Kubernetes
   */
  volumeRetention?: { whenDeleted: "Retain" | "Delete"; whenScaled: "Retain" | "Delete" };
  /**
   * Numeric user and group of the containers, and group of the volumes. 0 is for what has to read files of the node that
   * are root's alone; it has none of root's capabilities. Needs a `privileged` namespace.
   */
  user: number;
  /** Ports of the Service; none makes no Service. */
  ports: WorkloadPort[];
  /**
   * What the pods may do with the Kubernetes API. Without it they have no token. `rules` hold in the workload's own
   * namespace, `namespacedRules` in others, `clusterRules` everywhere.
   */
  apiAccess?: {
    rules?: types.input.rbac.v1.PolicyRule[];
    namespacedRules?: { namespaces: pulumi.Input<string>[]; rules: types.input.rbac.v1.PolicyRule[] };
    clusterRules?: types.input.rbac.v1.PolicyRule[];
  };
  /** Who may talk to the pods; nobody by default. */
  ingress?: types.input.networking.v1.NetworkPolicyIngressRule[];
  /** Whom the pods may talk to, besides DNS; nobody by default. */
  egress?: pulumi.Input<types.input.networking.v1.NetworkPolicyEgressRule>[];
  /** Runs in the host's network and process namespaces. Needs a `privileged` namespace. */
  host?: boolean;
  /** How long the pod may take to shut down, seconds. @default 30 */
  terminationGracePeriodSeconds?: number;
  /** Never two of the pods on one node, not even when there are too few nodes. @default false */
  oneByNode?: boolean;
  /**
   * A second Service, `<name>-headless`, whose name resolves to the address of each pod that is ready, for clients that
   * spread their requests themselves (Deployment; StatefulSets always have one, of pods ready or not). @default false
   */
  headless?: boolean;
  /** StatefulSet pods start at once instead of one after the other. @default false */
  parallel?: boolean;
  /** How long `pulumi up` waits for it to be ready, as in Pulumi's `customTimeouts`. @default "5m" */
  readyTimeout?: string;
}

/**
 * A program that runs in the cluster, with all that every program here has: a ServiceAccount of its own, restricted
 * security contexts, a NetworkPolicy, and a PodDisruptionBudget and spread over zones and nodes when there is more
 * than one replica. Objects are named after the component, so that people and other parts can address them.
 */
export class Workload extends pulumi.ComponentResource {
  /** DNS name of the Service, `<name>.<namespace>.svc`. */
  readonly host: pulumi.Output<string>;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Workload", name, {}, opts);
    const labels = commonLabels({ ...args, instance: name });
    const selector = selectorLabels({ ...args, instance: name });
    const metadata = { name, namespace: args.namespace, labels };
    const child = { parent: this };
    const replicas = args.replicas ?? 1;

    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata, automountServiceAccountToken: false },
      child,
    );
    const access = this.grantApiAccess(name, args, metadata);
    const policy = new k8s.networking.v1.NetworkPolicy(
      `${name}-policy`,
      {
        metadata,
        spec: {
          podSelector: { matchLabels: selector },
          policyTypes: ["Ingress", "Egress"],
          ingress: args.ingress ?? [],
          egress: args.egress ?? [],
        },
      },
      child,
    );
    if (replicas > 1) {
      new k8s.policy.v1.PodDisruptionBudget(
        `${name}-disruption`,
        { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
        child,
      );
    }

    const template: types.input.core.v1.PodTemplateSpec = {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        automountServiceAccountToken: args.apiAccess !== undefined,
        enableServiceLinks: false,
        securityContext: podSecurityContext(args.user),
        ...(args.host && { hostNetwork: true, hostPID: true }),
        ...(args.kind === "DaemonSet" && { tolerations: [{ operator: "Exists" }] }),
        terminationGracePeriodSeconds: args.terminationGracePeriodSeconds ?? 30,
        initContainers: args.initContainers?.map((container) => restricted(container, args.user)),
        containers: args.containers.map((container) => restricted(container, args.user)),
        volumes: args.volumes,
        ...(args.oneByNode && { affinity: oneByNode(selector) }),
        ...(replicas > 1 && { topologySpreadConstraints: spread(selector) }),
      },
    };
    const options: pulumi.CustomResourceOptions = {
      parent: this,
      dependsOn: [account, policy, ...access],
      customTimeouts: { create: args.readyTimeout ?? "5m", update: args.readyTimeout ?? "5m" },
    };
    const base = { selector: { matchLabels: selector }, template };
    const headless = headlessService(name);
    const servicePorts = args.ports.map((p) => ({
      name: p.name,
      port: p.port,
      targetPort: p.targetPort ?? p.name,
      ...(p.protocol && { protocol: p.protocol }),
    }));

    // Pulumi waits for the pods by their workload. Waiting for them by each Service as well, it would soon do nothing else:
    // it works on few objects at a time, and the workloads may not be among them yet.
    const annotations = { "pulumi.com/skipAwait": "true" };
    const service = (resource: string, spec: types.input.core.v1.ServiceSpec = {}, objectName = name) =>
      new k8s.core.v1.Service(
        resource,
        {
          metadata: { ...metadata, name: objectName, annotations },
          spec: { ...spec, selector, ports: servicePorts },
        },
        child,
      );

    if (args.kind === "Deployment") {
      new k8s.apps.v1.Deployment(
        name,
        { metadata, spec: { ...base, replicas, strategy: rollout(args.volumes) } },
        options,
      );
      if (args.headless) {
        service(headless, { clusterIP: "None" }, headless);
      }
    } else if (args.kind === "DaemonSet") {
      new k8s.apps.v1.DaemonSet(name, { metadata, spec: base }, options);
    } else {
      // Peers find each other before they are ready.
      service(headless, { clusterIP: "None", publishNotReadyAddresses: true }, headless);
      new k8s.apps.v1.StatefulSet(
        name,
        {
          metadata,
          spec: {
            ...base,
            replicas,
            serviceName: headless,
            podManagementPolicy: args.parallel ? "Parallel" : "OrderedReady",
            persistentVolumeClaimRetentionPolicy: args.volumeRetention,
            volumeClaimTemplates: args.volumeClaim && [volumeClaimTemplate(args.volumeClaim, selector)],
          },
        },
        options,
      );
    }
    if (args.ports.length > 0) service(`${name}-service`);
    this.host = pulumi.interpolate`${name}.${args.namespace}.svc`;
    this.registerOutputs({ host: this.host });
  }

  private grantApiAccess(
    name: string,
    args: WorkloadArgs,
    metadata: { namespace: pulumi.Input<string>; labels: Record<string, string> },
  ): pulumi.Resource[] {
    const child = { parent: this };
    const { rules, namespacedRules, clusterRules } = args.apiAccess ?? {};
    const subjects = [{ kind: "ServiceAccount", name, namespace: args.namespace }];
    // Names carry the namespace, so that a second stack in the cluster has its own wherever they stand.
    const accessName = pulumi.interpolate`${args.namespace}-${name}`;
    const labelled = { name: accessName, labels: metadata.labels };
    const roleRef = (kind: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind, name: accessName });
    const granted: pulumi.Resource[] = [];
    const grantIn = (
      part: string,
      namespace: pulumi.Input<string>,
      granting: types.input.rbac.v1.PolicyRule[],
    ) => {
      const inNamespace = { ...labelled, namespace };
      granted.push(
        new k8s.rbac.v1.Role(part, { metadata: inNamespace, rules: granting }, child),
        new k8s.rbac.v1.RoleBinding(
          part,
          { metadata: inNamespace, roleRef: roleRef("Role"), subjects },
          child,
        ),
      );
    };
    if (rules) grantIn(`${name}-access`, args.namespace, rules);
    for (const [index, namespace] of (namespacedRules?.namespaces ?? []).entries()) {
      const part = typeof namespace === "string" ? namespace : `${index}`;
      grantIn(`${name}-access-${part}`, namespace, namespacedRules?.rules ?? []);
    }
    if (clusterRules) {
      const part = `${name}-cluster-access`;
      granted.push(
        new k8s.rbac.v1.ClusterRole(part, { metadata: labelled, rules: clusterRules }, child),
        new k8s.rbac.v1.ClusterRoleBinding(
          part,
          { metadata: labelled, roleRef: roleRef("ClusterRole"), subjects },
          child,
        ),
      );
    }
    return granted;
  }
}

function restricted(container: WorkloadContainer, user: number): Container {
  const securityContext = { ...containerSecurityContext, runAsNonRoot: user !== 0 };
  return { imagePullPolicy: "IfNotPresent", ...container, securityContext };
}
