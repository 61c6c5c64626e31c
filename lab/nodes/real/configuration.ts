/** The configuration files of a real node's programs, as data. */
import { clusterDomain, nodeAddress, nodePorts, realPodRange } from "../../network/addresses";

export interface ContainerdArgs {
  /** Folder of images and snapshots. */
  root: string;
  cniPlugins: string;
  cniConfiguration: string;
  runc: string;
  /** `native` copies where the file system cannot overlay. */
  snapshotter: "overlayfs" | "native";
  /** Reference of the image that holds a pod's namespaces. */
  pauseImage: string;
}

/** Where containerd listens, in the node's own file system. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** containerd's config.toml; see containerd-config.toml(5) and docs/cri/config.md of containerd 1.6. */
export function containerdConfiguration(args: ContainerdArgs): Record<string, unknown> {
  const runtime = "io.containerd.runc.v2";
  return {
    version: 2,
    root: args.root,
    state: "/run/containerd",
    oom_score: 0,
    // Storage that is not used here, and warns that it finds no device.
    disabled_plugins: ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"],
    grpc: { address: containerdSocket },
    plugins: {
      "io.containerd.grpc.v1.cri": {
        sandbox_image: args.pauseImage,
        // Without it, containers would ask for scores below that of who starts the lab, which not everybody may.
        restrict_oom_score_adj: true,
        containerd: {
          snapshotter: args.snapshotter,
          default_runtime_name: "runc",
          runtimes: {
            runc: { runtime_type: runtime, options: { SystemdCgroup: false, BinaryName: args.runc } },
          },
        },
        cni: { bin_dir: args.cniPlugins, conf_dir: args.cniConfiguration },
      },
    },
  };
}

/** The pod network: a bridge in the node's network; https://www.cni.dev/plugins/current/. */
export function cniConfiguration(): object {
  return {
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "pods0",
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          dataDir: "/run/cni",
          ranges: [[{ subnet: realPodRange.cidr, gateway: realPodRange.bridge }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

export interface KubeletArgs {
  caFile: string;
  certFile: string;
  keyFile: string;
  /** Below which all its pods are, from the root of the hierarchies: `/bilten-lab-0123abcd`. */
  cgroup: string;
  /** A resolv.conf for pods that do not use the cluster's DNS. */
  resolvConf: string;
}

/** https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
export function kubeletConfiguration(args: KubeletArgs): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: nodeAddress,
    port: nodePorts.kubelet,
    readOnlyPort: 0,
    healthzBindAddress: "127.0.0.1",
    healthzPort: nodePorts.kubeletHealth,
    tlsCertFile: args.certFile,
    tlsPrivateKeyFile: args.keyFile,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: args.caFile },
    },
    authorization: { mode: "Webhook" },
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    clusterDNS: [nodeAddress],
    clusterDomain,
    resolvConf: args.resolvConf,
    cgroupDriver: "cgroupfs",
    cgroupRoot: args.cgroup,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    // The default hides for a minute that a ConfigMap has changed, which is as long as a change may take here.
    syncFrequency: "10s",
    nodeStatusUpdateFrequency: "10s",
    // The machine belongs to its user: its disk may be as full as it likes, and images cannot be pulled again.
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    // The start of all pods of a stack at once is what people wait for.
    registryPullQPS: 0,
    kubeAPIQPS: 50,
    kubeAPIBurst: 100,
    shutdownGracePeriod: "0s",
  };
}

/**
 * What the kubelet wants to set for the whole machine, and finds in the node's own view of /proc/sys instead:
 * `setupKernelTunables` in its container manager.
 */
export const kernelSettings: Record<string, string> = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
};

/** CoreDNS' Corefile: the cluster's names, and none of the world outside, which pods cannot reach. */
export function corefile(args: { kubeconfig: string }): string {
  return [
    `.:${nodePorts.dns} {`,
    `    bind ${nodeAddress}`,
    "    errors",
    `    ready 127.0.0.1:${nodePorts.dnsReady}`,
    `    kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {`,
    `        kubeconfig ${args.kubeconfig}`,
    "        pods insecure",
    "        ttl 5",
    "    }",
    "    loop",
    "}",
    "",
  ].join("\n");
}
