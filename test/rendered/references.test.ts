import { containersOf, find, idOf, ofKind, workloadsOf } from "./cluster";
import type { Container, KubernetesObject, Probe, Volume, Workload } from "./cluster";
import { describePolicies, type Policy } from "./policy";

const prometheus = (objects: KubernetesObject[]) => find<Workload>(objects, "StatefulSet", "prometheus");
const grafana = (objects: KubernetesObject[]) => find<Workload>(objects, "StatefulSet", "grafana");
const container = (workload: Workload) => workload.spec.template.spec.containers[0] as Container;

/** A reference from a pod to a ConfigMap or Secret, and the keys of it that have to be there. */
interface Reference {
  kind: "ConfigMap" | "Secret";
  name: string;
  keys: string[];
}

function sourcesOf({ configMap, secret, projected }: Volume): Reference[] {
  const keys = (items: { key: string }[] = []) => items.map(({ key }) => key);
  const reference = (kind: Reference["kind"], name?: string, items?: { key: string }[]): Reference[] =>
    name === undefined ? [] : [{ kind, name, keys: keys(items) }];
  return [
    ...reference("ConfigMap", configMap?.name, configMap?.items),
    ...reference("Secret", secret?.secretName, secret?.items),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...reference("ConfigMap", source.configMap?.name, source.configMap?.items),
      ...reference("Secret", source.secret?.name, source.secret?.items),
    ]),
  ];
}

function environmentOf({ env = [], envFrom = [] }: Container): Reference[] {
  return [
    ...env.flatMap(({ valueFrom }): Reference[] => [
      ...(valueFrom?.configMapKeyRef
        ? [
            {
              kind: "ConfigMap" as const,
              name: valueFrom.configMapKeyRef.name,
              keys: [valueFrom.configMapKeyRef.key],
            },
          ]
        : []),
      ...(valueFrom?.secretKeyRef
        ? [
            {
              kind: "Secret" as const,
              name: valueFrom.secretKeyRef.name,
              keys: [valueFrom.secretKeyRef.key],
            },
          ]
        : []),
    ]),
    ...envFrom.flatMap(({ configMapRef, secretRef }): Reference[] => [
      ...(configMapRef ? [{ kind: "ConfigMap" as const, name: configMapRef.name, keys: [] }] : []),
      ...(secretRef ? [{ kind: "Secret" as const, name: secretRef.name, keys: [] }] : []),
    ]),
  ];
}

function perWorkload(
  check: (workload: Workload, objects: KubernetesObject[]) => string[],
): Policy["violations"] {
  return (objects) =>
    workloadsOf(objects).flatMap((each) =>
      check(each, objects).map((problem) => `${idOf(each)}: ${problem}`),
    );
}

function inNamespace(objects: KubernetesObject[], kind: string, namespace?: string, name?: string) {
  return ofKind(objects, kind).find(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
  );
}

const mounted: Policy = {
  name: "has every ConfigMap and Secret that a pod refers to, with the keys that it names",
  violations: perWorkload(({ metadata, spec: { template } }, objects) =>
    [
      ...(template.spec.volumes ?? []).flatMap(sourcesOf),
      ...containersOf(template).flatMap(environmentOf),
    ].flatMap(({ kind, name, keys }) => {
      const target = inNamespace(objects, kind, metadata.namespace, name);
      if (!target) return [`there is no ${kind} ${name}`];
      const present = Object.keys({ ...target.data, ...target.stringData } as object);
      return keys.filter((key) => !present.includes(key)).map((key) => `${kind} ${name} has no ${key}`);
    }),
  ),
  broken: {
    "a ConfigMap is called otherwise": (objects) =>
      (find(objects, "ConfigMap", "prometheus-rules").metadata.name = "rules"),
    "a ConfigMap is in another namespace": (objects) =>
      (find(objects, "ConfigMap", "prometheus-rules").metadata.namespace = "default"),
    "a Secret is missing": (objects) =>
      objects.splice(objects.indexOf(find(objects, "Secret", "grafana-secrets")), 1),
    "a key is missing": (objects) =>
      delete find(objects, "ConfigMap", "grafana-provisioning").data["datasources.yaml"],
  },
};

const volumes: Policy = {
  name: "mounts volumes that are there, and has none that nothing mounts",
  violations: perWorkload(({ spec: { template, volumeClaimTemplates = [] } }) => {
    const present = [
      ...(template.spec.volumes ?? []).map(({ name }) => name),
      ...volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ];
    const used = containersOf(template).flatMap(({ volumeMounts = [] }) => volumeMounts);
    const names = used.map(({ name }) => name);
    return [
      ...names.filter((name) => !present.includes(name)).map((name) => `there is no volume ${name}`),
      ...present.filter((name) => !names.includes(name)).map((name) => `nothing mounts ${name}`),
    ];
  }),
  broken: {
    "a volume is missing": (objects) => prometheus(objects).spec.template.spec.volumes?.pop(),
    "a volume is not mounted": (objects) =>
      prometheus(objects).spec.template.spec.volumes?.push({ name: "unused", emptyDir: {} }),
    "a claim is called otherwise": (objects) => {
      for (const claim of prometheus(objects).spec.volumeClaimTemplates ?? []) claim.metadata.name = "other";
    },
  },
};

const ports: Policy = {
  name: "names in probes and Services ports that the containers have",
  violations: (objects) => {
    const probes = perWorkload(({ spec: { template } }) =>
      template.spec.containers.flatMap((each) => {
        const names = (each.ports ?? []).flatMap(({ name, containerPort }) => [name, containerPort]);
        const probed = [each.readinessProbe, each.livenessProbe, each.startupProbe].flatMap(
          (probe?: Probe) => (probe?.httpGet ?? probe?.tcpSocket)?.port ?? [],
        );
        return probed.filter((port) => !names.includes(port)).map((port) => `${each.name} probes ${port}`);
      }),
    );
    const services = ofKind(objects, "Service").flatMap((service) => {
      const owner = workloadsOf(objects).find(
        ({ metadata, spec }) =>
          metadata.namespace === service.metadata.namespace &&
          Object.entries(service.spec.selector as Record<string, string>).every(
            ([key, value]) => spec.template.metadata.labels[key] === value,
          ),
      );
      const present = (owner?.spec.template.spec.containers ?? [])
        .flatMap((each) => each.ports ?? [])
        .flatMap(({ name, containerPort }) => [name, containerPort]);
      return (service.spec.ports as { targetPort: string | number }[])
        .filter(({ targetPort }) => !present.includes(targetPort))
        .map(({ targetPort }) => `${idOf(service)} leads to port ${targetPort}`);
    });
    return [...probes(objects), ...services];
  },
  broken: {
    "a probe asks a port that is called otherwise": (objects) =>
      (container(prometheus(objects)).readinessProbe = { httpGet: { path: "/", port: "web" } }),
    "a Service leads to one": (objects) =>
      (find(objects, "Service", "grafana").spec.ports[0].targetPort = "web"),
    "a container's port is called otherwise": (objects) =>
      (container(grafana(objects)).ports = [{ name: "web", containerPort: 3000 }]),
  },
};

const accounts: Policy = {
  name: "has the ServiceAccount of every workload, and the accounts and roles of every binding",
  violations: (objects) => [
    ...perWorkload(({ metadata, spec: { template } }) => {
      const name = template.spec.serviceAccountName;
      return inNamespace(objects, "ServiceAccount", metadata.namespace, name)
        ? []
        : [`there is no account ${name}`];
    })(objects),
    ...ofKind(objects, "RoleBinding", "ClusterRoleBinding").flatMap((binding) => {
      const { kind, name } = binding.roleRef as { kind: string; name: string };
      const role = inNamespace(objects, kind, kind === "Role" ? binding.metadata.namespace : undefined, name);
      const subjects = binding.subjects as { kind: string; namespace: string; name: string }[];
      return [
        ...(role ? [] : [`${idOf(binding)} names ${kind} ${name}, which is not there`]),
        ...subjects
          .filter((subject) => !inNamespace(objects, subject.kind, subject.namespace, subject.name))
          .map((subject) => `${idOf(binding)} names account ${subject.namespace}/${subject.name}`),
      ];
    }),
  ],
  broken: {
    "an account is missing": (objects) =>
      objects.splice(objects.indexOf(find(objects, "ServiceAccount", "grafana")), 1),
    "a binding names another role": (objects) =>
      (find(objects, "ClusterRoleBinding", "bilten-monitoring-prometheus").roleRef.name = "prometheus"),
    "a binding names another account": (objects) =>
      (find(objects, "ClusterRoleBinding", "bilten-monitoring-prometheus").subjects[0].name = "default"),
  },
};

const headless: Policy = {
  name: "has a headless Service for every StatefulSet",
  violations: (objects) =>
    (ofKind(objects, "StatefulSet") as Workload[]).flatMap((each) => {
      const service = inNamespace(objects, "Service", each.metadata.namespace, each.spec.serviceName);
      return service?.spec.clusterIP === "None" ? [] : [`${idOf(each)}: no headless ${each.spec.serviceName}`];
    }),
  broken: {
    "it is called otherwise": (objects) => (prometheus(objects).spec.serviceName = "prometheus-peers"),
    "it has an address": (objects) =>
      delete find(objects, "Service", "prometheus-headless").spec.clusterIP,
  },
};

/** Host names within the cluster, `<service>.<namespace>.svc`, and those of a StatefulSet's pods. */
const clusterHost = /([a-z0-9-]+\.)?([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b/g;

const hosts: Policy = {
  name: "names in its configuration only Services and replicas that are there",
  violations: (objects) =>
    objects.flatMap((object) =>
      [...JSON.stringify(object).matchAll(clusterHost)].flatMap(([host, pod, name, namespace]) => {
        // The monitored services are the platform's.
        if (!workloadsOf(objects).some(({ metadata }) => metadata.namespace === namespace)) return [];
        const service = inNamespace(objects, "Service", namespace, name);
        if (!service) return [`${idOf(object)} names ${host}`];
        if (!pod) return [];
        const [, set, index] = /^(.+)-(\d+)\.$/.exec(pod) ?? [];
        const owner = inNamespace(objects, "StatefulSet", namespace, set);
        return owner && Number(index) < (owner.spec.replicas as number) ? [] : [`${idOf(object)} names ${host}`];
      }),
    ),
  broken: {
    "Prometheus is told of an Alertmanager too many": (objects) =>
      (find<Workload>(objects, "StatefulSet", "alertmanager").spec.replicas = 1),
    "a Service is called otherwise": (objects) =>
      (find(objects, "Service", "prometheus").metadata.name = "prometheus-server"),
  },
};

describePolicies("references between the objects", [mounted, volumes, ports, accounts, headless, hosts]);
