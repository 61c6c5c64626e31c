import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Levels of the Pod Security Standards: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

export interface NamespacesArgs {
  /** Namespace of all that needs nothing from the host: Pod Security level `restricted`, all traffic denied. */
  namespace: string;
  /** Namespace of what needs the host, such as the node-exporter: level `privileged`, all traffic denied. */
  hostNamespace: string;
  /**
   * Namespaces to create for services that are monitored but not managed here: level `baseline`, traffic as their
   * owners decide. Duplicates, and the two namespaces above, are created once. @default []
   */
  serviceNamespaces?: string[];
  /**
   * Leave the `restricted` namespace when it is deleted here, because volumes whose claims are in it have to outlive the
   * stack. What else is in it goes; the next deployment takes the namespace over. @default false
   */
  keep?: boolean;
}

/**
 * The namespaces with their Pod Security levels, and NetworkPolicies that deny all traffic but DNS queries, so that a
 * workload talks to nobody unless its own policy says so.
 */
export class Namespaces extends pulumi.ComponentResource {
  /** Name of the `restricted` namespace, known once it exists. */
  readonly namespace: pulumi.Output<string>;
  /** Name of the `privileged` namespace, known once it exists. */
  readonly hostNamespace: pulumi.Output<string>;
  /** Names of the created namespaces of services, known once they exist. */
  readonly serviceNamespaces: pulumi.Output<string[]>;

  constructor(name: string, args: NamespacesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Namespaces", name, {}, opts);
    if (args.namespace === args.hostNamespace) {
      throw new Error(
        `namespace and hostNamespace are both "${args.namespace}"; give what needs the host a namespace of its own, ` +
          "because the Pod Security level holds for a whole namespace.",
      );
    }
    const own = [args.namespace, args.hostNamespace];
    const services = [...new Set(args.serviceNamespaces ?? [])].filter(
      (namespace) => !own.includes(namespace),
    );

    this.namespace = this.create(name, args.namespace, "restricted", args.keep);
    this.hostNamespace = this.create(name, args.hostNamespace, "privileged");
    for (const [namespace, created] of [
      [args.namespace, this.namespace],
      [args.hostNamespace, this.hostNamespace],
    ] as const) {
      for (const [policy, spec] of Object.entries(namespacePolicies)) {
        new k8s.networking.v1.NetworkPolicy(
          `${name}-${namespace}-${policy}`,
          { metadata: { name: policy, namespace: created, labels }, spec },
          { parent: this },
        );
      }
    }
    this.serviceNamespaces = pulumi.all(
      services.map((namespace) => this.create(name, namespace, "baseline")),
    );
    this.registerOutputs({
      namespace: this.namespace,
      hostNamespace: this.hostNamespace,
      serviceNamespaces: this.serviceNamespaces,
    });
  }

  private create(
    name: string,
    namespace: string,
    level: PodSecurityLevel,
    keep = false,
  ): pulumi.Output<string> {
    const resource = new k8s.core.v1.Namespace(
      `${name}-${namespace}`,
      { metadata: { name: namespace, labels: { ...labels, ...podSecurityLabels(level) } } },
      { parent: this, retainOnDelete: keep },
    );
    return resource.metadata.name;
  }
}

const labels = { "app.kubernetes.io/part-of": "bilten-monitoring", "app.kubernetes.io/managed-by": "pulumi" };

/** The labels by which Pod Security admission refuses (enforce), logs (audit) and warns of pods beyond the level. */
export function podSecurityLabels(level: PodSecurityLevel): Record<string, string> {
  return Object.fromEntries(
    ["enforce", "audit", "warn"].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, level],
      [`pod-security.kubernetes.io/${mode}-version`, "latest"],
    ]),
  );
}

/** Policies for every pod of a namespace, by name. Policies add up, so workloads' own policies open what they need. */
export const namespacePolicies: Record<string, types.input.networking.v1.NetworkPolicySpec> = {
  "default-deny": { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [], egress: [] },
  "allow-dns": {
    podSelector: {},
    policyTypes: ["Egress"],
    // To any address: a node-local DNS cache answers on the node's address, which no pod selector matches.
    egress: [
      {
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ],
      },
    ],
  },
};
