import * as pulumi from "@pulumi/pulumi";
import type { ResourceSettings } from "../../config/settings";
import type { Contribution } from "../contribution";
import { allowFrom, type Peer } from "../kubernetes/networkPolicy";
import type { ContainerResources } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { endpointsScrapeJob } from "../scrapeJobs";
import { imageReference, imageVersion } from "../versions";
import { exporterContainer } from "./container";

export interface NodeExporterArgs {
  /** Namespace it runs in; must exist and allow pods of Pod Security level `privileged`. */
  namespace: pulumi.Input<string>;
  /**
   * Who may scrape it. Few network plugins apply policies to pods in the host's network, so keep the port closed to
   * the outside of the cluster as well. @default [] because Prometheus is not in this namespace
   */
  clients?: Peer[];
  /** Over the default requests (50m, 32Mi) and limits (250m, 128Mi). */
  resources?: ResourceSettings;
}

const port = 9100;

/** The node-exporter on every node, with the node's own /proc, /sys and file systems mounted read-only. */
const nodeExporterResources: ContainerResources = {
  requests: { cpu: "50m", memory: "32Mi" },
  limits: { cpu: "250m", memory: "128Mi" },
};

export class NodeExporter extends pulumi.ComponentResource {
  constructor(name: string, args: NodeExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:NodeExporter", name, {}, opts);
    new Workload(
      name,
      {
        kind: "DaemonSet",
        namespace: args.namespace,
        app: "node-exporter",
        component: "exporter",
        version: imageVersion("nodeExporter"),
        host: true,
        user: 65534,
        ports: [{ name: "http", port }],
        volumes: [
          { name: "proc", hostPath: { path: "/proc" } },
          { name: "sys", hostPath: { path: "/sys" } },
          { name: "root", hostPath: { path: "/" } },
        ],
        containers: [
          {
            name: "node-exporter",
            image: imageReference("nodeExporter"),
            args: nodeExporterFlags(),
            env: [{ name: "NODE_ADDRESS", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } }],
            volumeMounts: [
              { name: "proc", mountPath: "/host/proc", mountPropagation: "HostToContainer", readOnly: true },
              { name: "sys", mountPath: "/host/sys", mountPropagation: "HostToContainer", readOnly: true },
              { name: "root", mountPath: "/host/root", mountPropagation: "HostToContainer", readOnly: true },
            ],
            ...exporterContainer({
              port,
              healthPath: "/",
              resources: args.resources,
              defaultResources: nodeExporterResources,
            }),
          },
        ],
        ingress: allowIngress(args.clients),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

function allowIngress(clients: Peer[] = []) {
  // A rule without peers would let everybody in.
  return clients.length > 0 ? [allowFrom(clients, [port])] : [];
}

/**
 * Command-line flags. What is left out comes and goes with every pod and says nothing about the node: the pods'
 * mounts, the runtime's layers, one half of each pod's network link.
 */
export function nodeExporterFlags(): string[] {
  const podLinks =
    "^(veth.*|cali.*|cilium_.*|lxc.*|cni.*|flannel.*|docker.*|br-.*|kube-.*|nodelocaldns|tunl.*)$";
  return [
    // Only on the address that Prometheus uses, not on a public one that the node may have as well.
    `--web.listen-address=[$(NODE_ADDRESS)]:${port}`,
    "--path.procfs=/host/proc",
    "--path.sysfs=/host/sys",
    "--path.rootfs=/host/root",
    "--path.udev.data=/host/root/run/udev/data",
    "--no-collector.wifi",
    "--no-collector.btrfs",
    "--collector.filesystem.mount-points-exclude=" +
      "^/(dev|proc|sys|run/containerd/.+|run/k3s/containerd/.+|run/credentials/.+|var/lib/docker/.+|" +
      "var/lib/containerd/.+|var/lib/containers/storage/.+|var/lib/kubelet/.+)($|/)",
    `--collector.netclass.ignored-devices=${podLinks}`,
    `--collector.netdev.device-exclude=${podLinks}`,
  ];
}

/** What the node-exporter contributes: one target per node, with the node's name as `node` and `instance`. */
export function nodeExporterContribution(args: { name: string; namespace: string }): Contribution {
  return {
    scrapeJobs: [
      endpointsScrapeJob({
        job: args.name,
        namespace: args.namespace,
        service: args.name,
        port: "http",
        instance: "node",
      }),
    ],
  };
}
