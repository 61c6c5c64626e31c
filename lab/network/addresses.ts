/** Addresses of the cluster. They exist in the real node's own network only, so every lab has the same. */

/** Where pods get their addresses; each node has a /24 of it. */
export const podRange = "10.244.0.0/16";

/** Of Services: the first address is that of the Service `kubernetes`. */
export const serviceRange = { cidr: "10.96.0.0/16", kubernetes: "10.96.0.1" };

/** The real node's name. */
export const nodeName = "real";

/** The real node's own address, and that of pods in its network. */
export const nodeAddress = "10.244.0.10";

/** Where the real node's pods get their addresses: outside of what simulated nodes have. */
export const realPodRange = { cidr: "10.244.4.0/24", bridge: "10.244.4.1" };

export const clusterDomain = "cluster.local";

/** Ports in the real node's network. */
export const nodePorts = {
  kubelet: 10250,
  kubeletHealth: 10248,
  kubeProxyHealth: 10256,
  dns: 53,
  dnsReady: 8181,
};
