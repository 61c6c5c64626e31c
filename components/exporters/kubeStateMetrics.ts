import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ResourceSettings } from "../../config/settings";
import type { Contribution } from "../contribution";
import { allowFrom, allowToAnywhere, apiServerPorts, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { endpointsScrapeJob } from "../scrapeJobs";
import { imageReference, imageVersion } from "../versions";

/**
 * The kinds of objects that can be watched, and their API groups. Secrets and ConfigMaps are not among them: the right
 * to list Secrets is the right to read them.
 */
const apiGroups = {
  cronjobs: "batch",
  daemonsets: "apps",
  deployments: "apps",
  endpointslices: "discovery.k8s.io",
  horizontalpodautoscalers: "autoscaling",
  ingresses: "networking.k8s.io",
  jobs: "batch",
  limitranges: "",
  namespaces: "",
  networkpolicies: "networking.k8s.io",
  nodes: "",
  persistentvolumeclaims: "",
  persistentvolumes: "",
  poddisruptionbudgets: "policy",
  pods: "",
  replicasets: "apps",
  replicationcontrollers: "",
  resourcequotas: "",
  services: "",
  statefulsets: "apps",
  storageclasses: "storage.k8s.io",
  volumeattachments: "storage.k8s.io",
} as const;

export type WatchedResource = keyof typeof apiGroups;

/** What is watched unless the user says otherwise: what rules and dashboards on workloads, nodes and volumes need. */
export const defaultWatchedResources: WatchedResource[] = [
  "cronjobs",
  "daemonsets",
  "deployments",
  "horizontalpodautoscalers",
  "jobs",
  "namespaces",
  "nodes",
  "persistentvolumeclaims",
  "persistentvolumes",
  "poddisruptionbudgets",
  "pods",
  "replicasets",
  "resourcequotas",
  "services",
  "statefulsets",
];

export interface KubeStateMetricsArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** Kinds of objects to report on; it may list and watch just those. @default `defaultWatchedResources` */
  watchedResources?: WatchedResource[];
  /** Who may scrape it. @default Prometheus in the same namespace */
  clients?: Peer[];
  /** Over the default requests (50m, 64Mi) and limits (500m, 256Mi). Memory grows with the number of objects. */
  resources?: ResourceSettings;
}

const ports = { metrics: 8080, telemetry: 8081 };

/** kube-state-metrics: the state of the cluster's objects as metrics. */
export class KubeStateMetrics extends pulumi.ComponentResource {
  /** Address inside the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: KubeStateMetricsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:KubeStateMetrics", name, {}, opts);
    const watched = args.watchedResources ?? defaultWatchedResources;
    const clients = args.clients ?? [{ app: "prometheus" }];
    const workload = new Workload(
      name,
      {
        // One: the series of a second one would count every object twice.
        kind: "Deployment",
        namespace: args.namespace,
        app: "kube-state-metrics",
        component: "exporter",
        version: imageVersion("kubeStateMetrics"),
        user: 65534,
        ports: [{ name: "http", port: ports.metrics }],
        containers: [
          {
            name: "kube-state-metrics",
            image: imageReference("kubeStateMetrics"),
            args: kubeStateMetricsFlags(watched),
            ports: [
              { name: "http", containerPort: ports.metrics },
              { name: "telemetry", containerPort: ports.telemetry },
            ],
            readinessProbe: {
              httpGet: { path: "/readyz", port: "telemetry" },
              periodSeconds: 10,
              timeoutSeconds: 5,
            },
            livenessProbe: {
              httpGet: { path: "/livez", port: "http" },
              periodSeconds: 30,
              timeoutSeconds: 5,
            },
            resources: resourcesOver(
              { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
              args.resources,
            ),
          },
        ],
        apiAccess: { clusterRules: watchRules(watched) },
        ingress: clients.length > 0 ? [allowFrom(clients, [ports.metrics])] : [],
        egress: [allowToAnywhere(apiServerPorts)],
      },
      { parent: this },
    );
    this.url = pulumi.interpolate`http://${workload.host}:${ports.metrics}`;
    this.registerOutputs({ url: this.url });
  }
}

/** Command-line flags. */
export function kubeStateMetricsFlags(watched: WatchedResource[]): string[] {
  return [
    `--port=${ports.metrics}`,
    `--telemetry-port=${ports.telemetry}`,
    `--resources=${[...new Set(watched)].sort().join(",")}`,
  ];
}

/** The right to list and watch the kinds of objects and nothing else, one rule per API group. */
export function watchRules(watched: WatchedResource[]): types.input.rbac.v1.PolicyRule[] {
  const byGroup = new Map<string, string[]>();
  for (const resource of [...new Set(watched)].sort()) {
    const group = apiGroups[resource];
    byGroup.set(group, [...(byGroup.get(group) ?? []), resource]);
  }
  return [...byGroup]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, resources]) => ({ apiGroups: [group], resources, verbs: ["list", "watch"] }));
}

/** What kube-state-metrics contributes: itself as a target, whose samples speak of other pods and namespaces. */
export function kubeStateMetricsContribution(args: { name: string; namespace: string }): Contribution {
  return {
    scrapeJobs: [
      endpointsScrapeJob({
        job: args.name,
        namespace: args.namespace,
        service: args.name,
        port: "http",
        aboutOthers: true,
      }),
    ],
  };
}
