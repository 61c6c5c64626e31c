/** How each process of the control plane is run. */
import { join } from "node:path";
import type { ToolName } from "../tools";
import { nodeAddress, podRange, serviceRange } from "../network/addresses";
import { writePrivate, type LabState } from "../state";
import type { Pki } from "./certificates";
import type { PartSpec } from "../parts/part";
import type { Ports } from "../parts/ports";

/** The programs of the control plane. */
export const controlPlaneTools = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
] as const satisfies ToolName[];

export type ControlPlaneTools = Record<(typeof controlPlaneTools)[number], string>;

export interface PartContext {
  state: LabState;
  pki: Pki;
  tools: ControlPlaneTools;
  /** Unix socket of the gateway to a real node; without one, there are only simulated nodes. */
  gateway?: string;
}

const group = "control plane";

export function apiServerUrl(ports: Ports): string {
  return `https://127.0.0.1:${ports["kube-apiserver"]}`;
}

/** The kubeconfig of a part that is a client of the API server. */
export function partKubeconfig(pki: Pki, name: string): string {
  return join(pki.directory, `${name}.kubeconfig`);
}

/** A single member; peers do not exist, but etcd listens for them. */
export function etcd({ state, pki, tools }: PartContext, ports: Ports): PartSpec {
  const { caFile, certFile, keyFile } = pki.credentials("etcd");
  const url = `https://127.0.0.1:${ports.etcd}`;
  const peerUrl = `https://127.0.0.1:${ports["etcd-peer"]}`;
  const client = pki.credentials("etcd-client");
  return {
    name: "etcd",
    group,
    rank: 0,
    program: tools.etcd,
    args: [
      "--name=lab",
      `--data-dir=${state.data}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=lab=${peerUrl}`,
      "--client-cert-auth",
      `--trusted-ca-file=${caFile}`,
      `--cert-file=${certFile}`,
      `--key-file=${keyFile}`,
      "--peer-client-cert-auth",
      `--peer-trusted-ca-file=${caFile}`,
      `--peer-cert-file=${certFile}`,
      `--peer-key-file=${keyFile}`,
      "--auto-compaction-retention=5m",
      "--log-level=warn",
    ],
    port: ports.etcd!,
    health: { url: `${url}/health`, ...client },
    inputs: [caFile, certFile],
    readySeconds: 30,
    stopSeconds: 15,
  };
}

export function kubeApiserver(context: PartContext, ports: Ports): PartSpec {
  const { pki, tools } = context;
  const gateway = gatewayOf(context);
  const serving = pki.credentials("kube-apiserver");
  const store = pki.credentials("etcd-client");
  const kubelet = pki.credentials("kubelet-client");
  const admin = pki.credentials("admin");
  return {
    name: "kube-apiserver",
    group,
    rank: 10,
    program: tools["kube-apiserver"],
    args: [
      "--bind-address=127.0.0.1",
      `--secure-port=${ports["kube-apiserver"]}`,
      ...gateway.args,
      `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
      `--etcd-cafile=${store.caFile}`,
      `--etcd-certfile=${store.certFile}`,
      `--etcd-keyfile=${store.keyFile}`,
      `--client-ca-file=${serving.caFile}`,
      `--tls-cert-file=${serving.certFile}`,
      `--tls-private-key-file=${serving.keyFile}`,
      `--kubelet-client-certificate=${kubelet.certFile}`,
      `--kubelet-client-key=${kubelet.keyFile}`,
      // Simulated nodes give kwok's loopback address as their external one; a real node has only an internal one.
      "--kubelet-preferred-address-types=ExternalIP,InternalIP",
      "--anonymous-auth=false",
      "--authorization-mode=Node,RBAC",
      // PodSecurity is among the plugins that are on by default.
      "--enable-admission-plugins=NodeRestriction",
      "--feature-gates=MutatingAdmissionPolicy=true",
      "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
      "--allow-privileged=true",
      `--service-cluster-ip-range=${serviceRange.cidr}`,
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${pki.serviceAccountPublicKey}`,
      `--service-account-signing-key-file=${pki.serviceAccountKey}`,
      "--profiling=false",
    ],
    port: ports["kube-apiserver"]!,
    health: { url: `${apiServerUrl(ports)}/readyz`, ...admin },
    inputs: [
      serving.caFile,
      serving.certFile,
      store.certFile,
      kubelet.certFile,
      pki.serviceAccountKey,
      ...gateway.inputs,
    ],
    readySeconds: 90,
    // When it is started anew with its clients there, it would wait for their watches; its data is safe in etcd.
    stopSeconds: 5,
  };
}

/**
 * How the API server reaches nodes, and pods reach it. The real node has a network of its own: calls to its kubelet go
 * through the gateway, as to simulated nodes, whose address is this machine's.
 */
function gatewayOf({ state, gateway }: PartContext): { args: string[]; inputs: string[] } {
  if (!gateway) {
    // Loopback is no valid endpoint of the Service `kubernetes`, and simulated pods do not call it.
    return { args: ["--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"], inputs: [] };
  }
  const file = join(state.directory, "egress.json");
  const connection = { proxyProtocol: "HTTPConnect", transport: { uds: { udsName: gateway } } };
  const configuration = {
    apiVersion: "apiserver.k8s.io/v1beta1",
    kind: "EgressSelectorConfiguration",
    egressSelections: [{ name: "cluster", connection }],
  };
  writePrivate(file, JSON.stringify(configuration));
  return {
    args: [`--advertise-address=${nodeAddress}`, `--egress-selector-config-file=${file}`],
    inputs: [file],
  };
}

export function kubeControllerManager({ pki, tools }: PartContext, ports: Ports): PartSpec {
  const authority = pki.authority("ca");
  return client(
    "kube-controller-manager",
    { pki, ports, program: tools["kube-controller-manager"], rank: 20 },
    [
      "--use-service-account-credentials=true",
      `--service-account-private-key-file=${pki.serviceAccountKey}`,
      `--root-ca-file=${authority.certFile}`,
      `--cluster-signing-cert-file=${authority.certFile}`,
      `--cluster-signing-key-file=${authority.keyFile}`,
      `--cluster-cidr=${podRange}`,
    ],
  );
}

export function kubeScheduler({ pki, tools }: PartContext, ports: Ports): PartSpec {
  return client("kube-scheduler", { pki, ports, program: tools["kube-scheduler"], rank: 20 }, []);
}

interface ClientArgs {
  pki: Pki;
  ports: Ports;
  program: string;
  rank: number;
}

/** What controller-manager and scheduler have in common. */
function client(
  name: "kube-controller-manager" | "kube-scheduler",
  { pki, ports, program, rank }: ClientArgs,
  args: string[],
): PartSpec {
  const serving = pki.credentials("serving");
  const kubeconfig = partKubeconfig(pki, name);
  return {
    name,
    group,
    rank,
    program,
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      `--client-ca-file=${serving.caFile}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${ports[name]}`,
      `--tls-cert-file=${serving.certFile}`,
      `--tls-private-key-file=${serving.keyFile}`,
      // There is only one of it; waiting for a lease would cost a restart 15 s.
      "--leader-elect=false",
      // The default of 20 requests a second is for clusters with many clients; here it only delays the start.
      "--kube-api-qps=300",
      "--kube-api-burst=500",
      "--profiling=false",
      ...args,
    ],
    port: ports[name]!,
    health: { url: `https://127.0.0.1:${ports[name]}/healthz`, caFile: serving.caFile },
    inputs: [kubeconfig, serving.certFile],
    readySeconds: 60,
    stopSeconds: 15,
  };
}
