import { containersOf, find, idOf, ofKind, selects, workloadsOf } from "./cluster";
import type { Container, KubernetesObject, Workload } from "./cluster";
import { describePolicies, type Policy } from "./policy";

/** Namespace of what needs the host. */
const hostNamespace = "bilten-monitoring-host";

const workload = (objects: KubernetesObject[], kind: string, name: string) =>
  find<Workload>(objects, kind, name);
const prometheus = (objects: KubernetesObject[]) => workload(objects, "StatefulSet", "prometheus");
const container = (objects: KubernetesObject[]) =>
  prometheus(objects).spec.template.spec.containers[0] as Container;

/** What a check says of each container of each workload. */
function perContainer(
  check: (container: Container, workload: Workload) => (string | false)[],
): Policy["violations"] {
  return (objects) =>
    workloadsOf(objects).flatMap((owner) =>
      containersOf(owner.spec.template).flatMap((each) =>
        check(each, owner)
          .filter((problem) => problem !== false)
          .map((problem) => `${idOf(owner)}, container ${each.name}: ${problem}`),
      ),
    );
}

function perWorkload(
  check: (workload: Workload, objects: KubernetesObject[]) => (string | false)[],
): Policy["violations"] {
  return (objects) =>
    workloadsOf(objects).flatMap((each) =>
      check(each, objects)
        .filter((problem) => problem !== false)
        .map((problem) => `${idOf(each)}: ${problem}`),
    );
}

const unprivileged = { name: "init", image: "quay.io/prometheus/prometheus:v3.14.0" };

const resources: Policy = {
  name: "gives every container requests and limits of processor and memory",
  violations: perContainer(({ resources: given }) =>
    (["requests", "limits"] as const).flatMap((kind) =>
      ["cpu", "memory"].map((resource) => !given?.[kind]?.[resource] && `no ${kind} of ${resource}`),
    ),
  ),
  broken: {
    "a limit of memory is missing": (objects) => delete container(objects).resources?.limits?.memory,
    "an init container has none": (objects) =>
      (prometheus(objects).spec.template.spec.initContainers = [unprivileged]),
  },
};

/** The files of the nodes' containers are root's alone. */
const readsRootsFiles = ({ namespace, name }: KubernetesObject["metadata"]) =>
  namespace === hostNamespace && name === "filebeat";

const restricted: Policy = {
  name: "restricts every container as Pod Security level restricted asks",
  violations: perContainer(({ securityContext: context }, { metadata, spec }) => [
    context?.allowPrivilegeEscalation !== false && "may escalate its privileges",
    context?.privileged === true && "is privileged",
    !context?.capabilities?.drop?.includes("ALL") && "keeps capabilities",
    (context?.capabilities?.add ?? []).length > 0 && "adds capabilities",
    !readsRootsFiles(metadata) &&
      !(context?.runAsNonRoot ?? spec.template.spec.securityContext?.runAsNonRoot) &&
      "may run as root",
    !readsRootsFiles(metadata) && spec.template.spec.securityContext?.runAsUser === 0 && "runs as root",
    (context?.seccompProfile ?? spec.template.spec.securityContext?.seccompProfile)?.type !==
      "RuntimeDefault" && "has no seccomp profile",
  ]),
  broken: {
    "Prometheus runs as root": (objects) =>
      Object.assign(prometheus(objects).spec.template.spec.securityContext ?? {}, { runAsUser: 0 }),
    "Filebeat keeps root's capabilities": (objects) =>
      delete workload(objects, "DaemonSet", "filebeat").spec.template.spec.containers[0]?.securityContext
        ?.capabilities,
    "a container has no security context": (objects) => delete container(objects).securityContext,
    "a capability is added": (objects) =>
      Object.assign(container(objects).securityContext?.capabilities ?? {}, { add: ["NET_RAW"] }),
  },
};

const host: Policy = {
  name: "lets pods reach into the host in the host's namespace only",
  violations: perWorkload(({ metadata, spec: { template } }) => {
    const { hostNetwork, hostPID, hostIPC, volumes } = template.spec;
    const paths = (volumes ?? []).some(({ hostPath }) => hostPath !== undefined);
    const reaches = Boolean(hostNetwork) || Boolean(hostPID) || Boolean(hostIPC) || paths;
    return [reaches && metadata.namespace !== hostNamespace && "reaches into the host"];
  }),
  broken: {
    "Prometheus is in the host's network": (objects) =>
      (prometheus(objects).spec.template.spec.hostNetwork = true),
    "Prometheus mounts a path of the host": (objects) =>
      prometheus(objects).spec.template.spec.volumes?.push({ name: "host", hostPath: { path: "/" } }),
  },
};

const readOnly: Policy = {
  name: "makes every root file system read-only",
  violations: perContainer(({ securityContext }) => [
    securityContext?.readOnlyRootFilesystem !== true && "may write its root file system",
  ]),
  broken: {
    "one may be written": (objects) =>
      Object.assign(container(objects).securityContext ?? {}, { readOnlyRootFilesystem: false }),
  },
};

const probes: Policy = {
  name: "probes the readiness and liveness of every container, unless it is to end by itself",
  violations: perWorkload(({ kind, spec }) =>
    (kind === "Job" ? [] : spec.template.spec.containers).flatMap(({ name, readinessProbe, livenessProbe }) => [
      !readinessProbe && `${name} has no readiness probe`,
      !livenessProbe && `${name} has no liveness probe`,
    ]),
  ),
  broken: {
    "a readiness probe is missing": (objects) => delete container(objects).readinessProbe,
    "a liveness probe is missing": (objects) => delete container(objects).livenessProbe,
  },
};

const accounts: Policy = {
  name: "gives every workload a ServiceAccount of its own",
  violations: (objects) => {
    const users = new Map<string, string>();
    return workloadsOf(objects).flatMap((each) => {
      const account = each.spec.template.spec.serviceAccountName;
      if (!account || account === "default") return [`${idOf(each)} runs as the default account`];
      const key = `${each.metadata.namespace}/${account}`;
      const other = users.get(key);
      users.set(key, idOf(each));
      return other ? [`${other} and ${idOf(each)} share an account`] : [];
    });
  },
  broken: {
    "one names none": (objects) => delete prometheus(objects).spec.template.spec.serviceAccountName,
    "two share one": (objects) =>
      (prometheus(objects).spec.template.spec.serviceAccountName = "alertmanager"),
  },
};

/** Accounts, as namespace/name, that some role is bound to. */
function boundAccounts(objects: KubernetesObject[]): Set<string> {
  const bindings = ofKind(objects, "RoleBinding", "ClusterRoleBinding") as (KubernetesObject & {
    subjects: { kind: string; namespace: string; name: string }[];
  })[];
  return new Set(
    bindings.flatMap(({ subjects }) => subjects.map(({ namespace, name }) => `${namespace}/${name}`)),
  );
}

const tokens: Policy = {
  name: "mounts an account's token exactly where a role is bound to the account",
  violations: perWorkload(({ metadata, spec: { template } }, objects) => {
    const { serviceAccountName, automountServiceAccountToken } = template.spec;
    const bound = boundAccounts(objects).has(`${metadata.namespace}/${serviceAccountName}`);
    return [
      automountServiceAccountToken !== false && !bound && "has a token that it does not need",
      automountServiceAccountToken !== true && bound && "has roles but no token",
    ];
  }),
  broken: {
    "one without a role has a token": (objects) =>
      (workload(objects, "StatefulSet", "grafana").spec.template.spec.automountServiceAccountToken = true),
    "it is left to the default": (objects) =>
      delete workload(objects, "StatefulSet", "grafana").spec.template.spec.automountServiceAccountToken,
    "one with a role has none": (objects) =>
      (prometheus(objects).spec.template.spec.automountServiceAccountToken = false),
  },
};

const redundancy: Policy = {
  name: "keeps and spreads the pods of what has more than one replica",
  violations: perWorkload(({ metadata, spec }, objects) => {
    if ((spec.replicas ?? 1) < 2) return [];
    const labels = spec.template.metadata.labels;
    const budget = ofKind(objects, "PodDisruptionBudget").some(
      (each) => each.metadata.namespace === metadata.namespace && selects(each.spec.selector, labels),
    );
    const spread = spec.template.spec.topologySpreadConstraints ?? [];
    const topologies = spread
      .filter(({ labelSelector }) => selects(labelSelector, labels))
      .map(({ topologyKey }) => topologyKey);
    return [
      !budget && "has no PodDisruptionBudget",
      !topologies.includes("kubernetes.io/hostname") && "is not spread over nodes",
      !topologies.includes("topology.kubernetes.io/zone") && "is not spread over zones",
    ];
  }),
  broken: {
    "a PodDisruptionBudget is missing": (objects) =>
      objects.splice(objects.indexOf(find(objects, "PodDisruptionBudget", "prometheus")), 1),
    "a PodDisruptionBudget selects other pods": (objects) =>
      (find(objects, "PodDisruptionBudget", "prometheus").spec.selector.matchLabels = { other: "pods" }),
    "pods are not spread": (objects) =>
      delete prometheus(objects).spec.template.spec.topologySpreadConstraints,
  },
};

const flags: Policy = {
  name: "opens no program's lifecycle or administration to the network",
  violations: perContainer(({ command = [], args = [] }) =>
    [...command, ...args].map(
      (argument) => /^--web\.enable-(lifecycle|admin-api)\b/.test(argument) && `is started with ${argument}`,
    ),
  ),
  broken: {
    "Prometheus is started with --web.enable-lifecycle": (objects) =>
      container(objects).args?.push("--web.enable-lifecycle"),
  },
};

/** The engine works on four objects a core at a time: Services that wait for pods would keep these from being made. */
const waiting: Policy = {
  name: "lets Pulumi wait for pods by their workloads, and by no Service",
  violations: (objects) =>
    ofKind(objects, "Service")
      .filter(({ metadata }) => metadata.annotations?.["pulumi.com/skipAwait"] !== "true")
      .map((service) => idOf(service)),
  broken: {
    "a Service waits": (objects) => delete find(objects, "Service", "prometheus").metadata.annotations,
  },
};

describePolicies("workloads", [
  waiting,
  resources,
  restricted,
  host,
  readOnly,
  probes,
  accounts,
  tokens,
  redundancy,
  flags,
]);
