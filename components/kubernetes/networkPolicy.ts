import type { types } from "@pulumi/kubernetes";

type Ingress = types.input.networking.v1.NetworkPolicyIngressRule;
type Egress = types.input.networking.v1.NetworkPolicyEgressRule;

/** Who a workload lets in or talks to: pods of the named program, in its own namespace or the one named. */
export interface Peer {
  /** Value of `app.kubernetes.io/name`. */
  app: string;
  /** Another namespace, by its name; undefined is the workload's own. */
  namespace?: string;
}

function peerSelector(peer: Peer): types.input.networking.v1.NetworkPolicyPeer {
  return {
    podSelector: { matchLabels: { "app.kubernetes.io/name": peer.app } },
    ...(peer.namespace && {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": peer.namespace } },
    }),
  };
}

function tcp(ports: (number | string)[]): types.input.networking.v1.NetworkPolicyPort[] {
  return ports.map((port) => ({ protocol: "TCP", port }));
}

/** Lets the peers reach the TCP ports. */
export function allowFrom(peers: Peer[], ports: (number | string)[]): Ingress {
  return { from: peers.map(peerSelector), ports: tcp(ports) };
}

/** Lets every pod of the namespaces reach the TCP and UDP ports: who they are is not this project's business. */
export function allowFromNamespaces(
  namespaces: string[],
  ports: { tcp: (number | string)[]; udp?: (number | string)[] },
): Ingress {
  return {
    from: namespaces.map((name) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    })),
    ports: [...tcp(ports.tcp), ...(ports.udp ?? []).map((port) => ({ protocol: "UDP", port }))],
  };
}

/** Lets the workload reach the peers' TCP ports. */
export function allowTo(peers: Peer[], ports: (number | string)[]): Egress {
  return { to: peers.map(peerSelector), ports: tcp(ports) };
}

/**
 * Lets the workload reach TCP ports anywhere: outside the cluster, on nodes, the API server, whose addresses no pod
 * selector can name.
 */
export function allowToAnywhere(ports: number[]): Egress {
  return { ports: tcp(ports) };
}

/** The API server's ports: the Service's and the usual ones behind it, since policies see the address after NAT. */
export const apiServerPorts = [443, 6443];
