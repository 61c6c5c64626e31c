/** What the cluster must hold for a real node: the rights of its programs. */
import type { Manifest } from "../../controlplane/client";

const rbac = "rbac.authorization.k8s.io";
const readVerbs = ["get", "list", "watch"];

/** The rights of CoreDNS, and that the API server may call kubelets. */
export function clusterManifests(): Manifest[] {
  return [
    {
      collection: `/apis/${rbac}/v1/clusterroles`,
      object: {
        apiVersion: `${rbac}/v1`,
        kind: "ClusterRole",
        metadata: { name: "bilten-lab:coredns" },
        rules: [
          { apiGroups: [""], resources: ["namespaces", "pods", "services"], verbs: readVerbs },
          { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: readVerbs },
        ],
      },
    },
    binding("bilten-lab:coredns", "bilten-lab:coredns"),
    binding("bilten-lab:kubelet-client", "system:kubelet-api-admin"),
  ];
}

function binding(user: string, role: string): Manifest {
  return {
    collection: `/apis/${rbac}/v1/clusterrolebindings`,
    object: {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: user },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
      subjects: [{ kind: "User", apiGroup: rbac, name: user }],
    },
  };
}
