/** How each process of a real node is run. */
import { join } from "node:path";
import type { Pki } from "../../controlplane/certificates";
import type { HealthCheck } from "../../parts/health";
import type { PartSpec } from "../../parts/part";
import { partKubeconfig } from "../../controlplane/parts";
import { nodeAddress, nodeName, nodePorts, podRange, serviceRange } from "../../network/addresses";
import type { LabState } from "../../state";
import { cacheDirectory } from "../../tools/cache";
import type { ToolName } from "../../tools";
import { nodeKindLabel } from "..";
import { cgroupOf } from "../../parts/cgroups";
import { containerdSocket } from "./configuration";
import type { NodePaths } from "./paths";
import type { NodePrograms } from "./programs";

/** The programs of a real node that are built from Go modules. */
export const realNodeTools = ["kubelet", "kube-proxy", "coredns"] as const satisfies ToolName[];

export type RealNodeTools = Record<(typeof realNodeTools)[number], string>;

export interface NodeContext {
  state: LabState;
  paths: NodePaths;
  pki: Pki;
  tools: RealNodeTools;
  programs: NodePrograms;
  /** Port of the API server on 127.0.0.1. */
  apiServerPort: number;
}

const group = "real node";
/** A part is stopped before those of lower rank. */
const ranks = { dialer: 40, gateway: 45, containerd: 50, kubelet: 60, "kube-proxy": 60, coredns: 60 };
/** The names of a real node's parts. */
export const nodeParts = Object.keys(ranks);

const checkout = join(__dirname, "..", "..", "..");

/** The first process of the node's namespaces, which last as long as it does. */
export function dialer({ state, paths, programs, apiServerPort }: NodeContext): PartSpec {
  const script = join(__dirname, "root.sh");
  return {
    name: "dialer",
    group,
    rank: ranks.dialer,
    program: "unshare",
    args: [
      ...["--net", "--mount", "--propagation", "private", "sh", script],
      ...[paths.directory, nodeAddress, serviceRange.cidr],
      // At their own paths also where they lie in a folder of the machine that the node does not have.
      ...[state.directory, cacheDirectory(), checkout, "--"],
      ...[process.execPath, paths.dialer],
      ...[paths.dialerSocket, `${nodeAddress}:${apiServerPort}`, paths.gatewaySocket],
    ],
    env: programs.env,
    health: { socket: paths.dialerSocket },
    inputs: [script, paths.dialer],
    readySeconds: 30,
    stopSeconds: 5,
  };
}

/** Runs on the machine itself. */
export function gateway({ state, paths }: NodeContext): PartSpec {
  return {
    name: "gateway",
    group,
    rank: ranks.gateway,
    program: process.execPath,
    args: [paths.gateway, state.directory],
    health: { socket: paths.gatewaySocket },
    inputs: [paths.gateway],
    readySeconds: 30,
    stopSeconds: 5,
  };
}

/** A part in the namespaces that a process keeps. */
type WithinArgs = Omit<PartSpec, "group" | "rank" | "env" | "port" | "readySeconds">;

function within({ programs }: NodeContext, keeper: number, args: WithinArgs): PartSpec {
  return {
    ...args,
    group,
    rank: ranks[args.name as keyof typeof ranks],
    program: "nsenter",
    args: [`--target=${keeper}`, "--net", "--mount", "--", args.program, ...args.args],
    env: programs.env,
    readySeconds: 60,
  };
}

export function containerd(context: NodeContext, keeper: number): PartSpec {
  const { state, paths, programs } = context;
  return within(context, keeper, {
    name: "containerd",
    program: programs.containerd,
    args: ["--config", paths.containerdConfiguration, "--log-level", "warn"],
    health: { socket: containerdSocketOutside(keeper) },
    inputs: [paths.containerdConfiguration],
    stopSeconds: 10,
    offspring: { cgroup: cgroupOf(state.directory), program: "containerd-shim" },
  });
}

/** The way to containerd's socket from outside of the node. */
export function containerdSocketOutside(keeper: number): string {
  return `/proc/${keeper}/root${containerdSocket}`;
}

/** An endpoint on the node's own loopback. */
function inside({ paths }: NodeContext, port: number, path: string): HealthCheck {
  return { url: `http://127.0.0.1:${port}${path}`, via: paths.dialerSocket };
}

export function kubelet(context: NodeContext, keeper: number): PartSpec {
  const { paths, pki, tools } = context;
  const kubeconfig = partKubeconfig(pki, "kubelet");
  const labels = [
    `${nodeKindLabel}=real`,
    "topology.kubernetes.io/region=lab",
    "topology.kubernetes.io/zone=a",
  ];
  return within(context, keeper, {
    name: "kubelet",
    program: tools.kubelet,
    args: [
      `--config=${paths.kubeletConfiguration}`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${nodeAddress}`,
      `--node-labels=${labels.join(",")}`,
      `--root-dir=${paths.kubelet}`,
      `--cert-dir=${join(paths.directory, "kubelet-pki")}`,
    ],
    health: inside(context, nodePorts.kubeletHealth, "/healthz"),
    inputs: [paths.kubeletConfiguration, kubeconfig, pki.credentials("kubelet").certFile],
    stopSeconds: 10,
  });
}

export function kubeProxy(context: NodeContext, keeper: number): PartSpec {
  const { pki, tools } = context;
  const kubeconfig = partKubeconfig(pki, "kube-proxy");
  return within(context, keeper, {
    name: "kube-proxy",
    program: tools["kube-proxy"],
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${nodeName}`,
      "--proxy-mode=iptables",
      `--cluster-cidr=${podRange}`,
      // These are settings of the whole machine.
      "--conntrack-max-per-core=0",
      "--oom-score-adj=0",
      `--healthz-bind-address=127.0.0.1:${nodePorts.kubeProxyHealth}`,
      "--metrics-bind-address=127.0.0.1:10249",
      "--iptables-min-sync-period=100ms",
    ],
    health: inside(context, nodePorts.kubeProxyHealth, "/healthz"),
    inputs: [kubeconfig],
    stopSeconds: 5,
  });
}

export function coredns(context: NodeContext, keeper: number): PartSpec {
  const { paths, pki, tools } = context;
  return within(context, keeper, {
    name: "coredns",
    program: tools.coredns,
    args: ["-conf", paths.corefile],
    health: inside(context, nodePorts.dnsReady, "/ready"),
    inputs: [paths.corefile, partKubeconfig(pki, "coredns")],
    stopSeconds: 5,
  });
}
