/** What the cluster must hold for simulated nodes: the nodes themselves, a storage class, and kwok's rights. */
import type { Manifest } from "../../controlplane/client";
import { nodeKindLabel } from "..";
import { nodePrefix, provisioner, storageClass } from "./stages";

/** One node in each of three zones, so that replicas which must spread over zones find their places. */
const zones = ["a", "b", "c"];

/** What each node offers: much, because nothing is really used, but not without end, so that mistakes in requests show. */
const capacity = { cpu: "16", memory: "64Gi", "ephemeral-storage": "500Gi", pods: "250" };

export const nodeNames = zones.map((zone) => `${nodePrefix}${zone}`);

/** Label selector of the nodes that kwok plays. */
export const managedNodes = `${nodeKindLabel}=simulated`;

const architecture = process.arch === "x64" ? "amd64" : process.arch;

/** The nodes without their status. */
export function nodeManifests(): Manifest[] {
  return zones.map((zone, index) => ({
    collection: "/api/v1/nodes",
    object: {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: `${nodePrefix}${zone}`,
        labels: {
          [nodeKindLabel]: "simulated",
          type: "kwok",
          "kubernetes.io/hostname": `${nodePrefix}${zone}`,
          "kubernetes.io/os": "linux",
          "kubernetes.io/arch": architecture,
          "topology.kubernetes.io/region": "lab",
          "topology.kubernetes.io/zone": zone,
        },
      },
      spec: { podCIDR: `10.244.${index + 1}.0/24`, podCIDRs: [`10.244.${index + 1}.0/24`] },
    },
  }));
}

/**
 * The part of their status that stays. Logs are asked for at the external address, where kwok answers; the internal
 * one is what pods with the host's network get, and cannot be a loopback address.
 */
export function nodeStatusManifests(): Manifest[] {
  return zones.map((zone, index) => ({
    collection: "/api/v1/nodes",
    object: {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: `${nodePrefix}${zone}` },
      status: {
        addresses: [
          { type: "ExternalIP", address: "127.0.0.1" },
          { type: "InternalIP", address: `10.244.0.${index + 11}` },
          { type: "Hostname", address: `${nodePrefix}${zone}` },
        ],
        capacity,
        allocatable: capacity,
      },
    },
  }));
}

const rbac = "rbac.authorization.k8s.io";
const roleName = "bilten-lab:kwok";
const readVerbs = ["get", "list", "watch"];

/** Rights of the user that kwok is, and the storage class. */
export function clusterManifests(): Manifest[] {
  return [
    {
      collection: `/apis/${rbac}/v1/clusterroles`,
      object: {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRole",
        metadata: { name: roleName },
        rules: [
          { apiGroups: [""], resources: ["nodes"], verbs: readVerbs },
          { apiGroups: [""], resources: ["pods"], verbs: [...readVerbs, "delete"] },
          { apiGroups: [""], resources: ["nodes/status", "pods/status"], verbs: ["patch", "update"] },
          { apiGroups: [""], resources: ["events"], verbs: ["create", "patch", "update"] },
          { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: readVerbs },
          {
            apiGroups: [""],
            resources: ["persistentvolumes"],
            verbs: [...readVerbs, "create", "patch", "delete"],
          },
        ],
      },
    },
    {
      collection: `/apis/${rbac}/v1/clusterrolebindings`,
      object: {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRoleBinding",
        metadata: { name: roleName },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: roleName },
        subjects: [{ kind: "User", apiGroup: rbac, name: roleName }],
      },
    },
    {
      collection: "/apis/storage.k8s.io/v1/storageclasses",
      object: {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: {
          name: storageClass,
          annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        provisioner,
        reclaimPolicy: "Delete",
        // A volume is made where its pod goes, which decides whether it is a simulated one.
        volumeBindingMode: "WaitForFirstConsumer",
        allowVolumeExpansion: false,
      },
    },
  ];
}
