import { find, idOf, ofKind, selects, workloadsOf } from "./cluster";
import type { KubernetesObject, Selector, Workload } from "./cluster";
import { describePolicies, type Policy } from "./policy";

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: { port: number; protocol: string }[];
}

interface NetworkPolicy extends KubernetesObject {
  spec: { podSelector: Selector; policyTypes: string[]; ingress?: Rule[]; egress?: Rule[] };
}

const namespaceLabel = "kubernetes.io/metadata.name";

const policiesOf = (objects: KubernetesObject[]) => ofKind(objects, "NetworkPolicy") as NetworkPolicy[];
const policy = (objects: KubernetesObject[], name: string) =>
  find<NetworkPolicy>(
    objects.filter(({ metadata }) => metadata.namespace === "bilten-monitoring"),
    "NetworkPolicy",
    name,
  );
const remove = (objects: KubernetesObject[], object: KubernetesObject) =>
  objects.splice(objects.indexOf(object), 1);

/** Every selector is by labels, and none is empty, so that it names a program. */
const forAll = ({ spec }: NetworkPolicy) => Object.keys(spec.podSelector.matchLabels ?? {}).length === 0;

const covered: Policy = {
  name: "says of every workload who may talk to it and whom it may talk to",
  violations: (objects) =>
    workloadsOf(objects).flatMap((each) => {
      const own = policiesOf(objects).filter(
        (candidate) =>
          candidate.metadata.namespace === each.metadata.namespace &&
          !forAll(candidate) &&
          selects(candidate.spec.podSelector, each.spec.template.metadata.labels),
      );
      const types = own.flatMap(({ spec }) => spec.policyTypes);
      return ["Ingress", "Egress"]
        .filter((type) => !types.includes(type))
        .map((type) => `${idOf(each)} has no policy for ${type}`);
    }),
  broken: {
    "a policy is missing": (objects) => remove(objects, policy(objects, "grafana")),
    "a policy selects other pods": (objects) =>
      (policy(objects, "grafana").spec.podSelector.matchLabels = { "app.kubernetes.io/name": "other" }),
    "a policy is for one direction only": (objects) =>
      (policy(objects, "grafana").spec.policyTypes = ["Ingress"]),
  },
};

const denied: Policy = {
  name: "denies by default, and lets every pod resolve names, in each namespace that has pods of its own",
  violations: (objects) =>
    [...new Set(workloadsOf(objects).map(({ metadata }) => metadata.namespace))].flatMap((namespace) => {
      const general = policiesOf(objects).filter(
        (each) => each.metadata.namespace === namespace && forAll(each),
      );
      const allowing = general.flatMap(({ spec }) => [...(spec.ingress ?? []), ...(spec.egress ?? [])]);
      const types = general.flatMap(({ spec }) => spec.policyTypes);
      const dns = ["UDP", "TCP"].every((protocol) =>
        allowing.some(({ ports }) => ports?.some((each) => each.port === 53 && each.protocol === protocol)),
      );
      const more = allowing.some(({ ports }) => !ports || ports.some(({ port }) => port !== 53));
      return [
        ...(types.includes("Ingress") && types.includes("Egress") ? [] : [`${namespace} denies nothing`]),
        ...(dns ? [] : [`pods of ${namespace} cannot resolve names`]),
        ...(more ? [`pods of ${namespace} are allowed more than to resolve names`] : []),
      ];
    }),
  broken: {
    "the default is missing": (objects) => remove(objects, policy(objects, "default-deny")),
    "DNS is missing": (objects) => remove(objects, policy(objects, "allow-dns")),
    "all pods may be reached": (objects) => (policy(objects, "default-deny").spec.ingress = [{}]),
  },
};

const named: Policy = {
  name: "names who may talk to a pod, never everybody",
  violations: (objects) =>
    policiesOf(objects).flatMap((each) =>
      (each.spec.ingress ?? [])
        .filter(({ from, ports }) => !from?.length || !ports?.length || from.some(isAnybody))
        .map(() => `${idOf(each)} lets in everybody or on every port`),
    ),
  broken: {
    "a rule has no peers": (objects) => delete policy(objects, "grafana").spec.ingress?.[0]?.from,
    "a rule has no ports": (objects) => delete policy(objects, "grafana").spec.ingress?.[0]?.ports,
    "a peer is every namespace": (objects) =>
      policy(objects, "grafana").spec.ingress?.[0]?.from?.push({ namespaceSelector: {} }),
  },
};

function isAnybody({ podSelector, namespaceSelector }: Peer): boolean {
  return [podSelector, namespaceSelector].every(
    (selector) => Object.keys(selector?.matchLabels ?? {}).length === 0,
  );
}

const existing: Policy = {
  name: "names only pods that are there, in the namespace where they are",
  violations: (objects) =>
    policiesOf(objects).flatMap((each) =>
      [...(each.spec.ingress ?? []), ...(each.spec.egress ?? [])]
        .flatMap(({ from = [], to = [] }) => [...from, ...to])
        .filter(({ podSelector }) => podSelector !== undefined)
        .filter((peer) => {
          const namespace = peer.namespaceSelector?.matchLabels?.[namespaceLabel] ?? each.metadata.namespace;
          return !workloadsOf(objects).some(
            ({ metadata, spec }) =>
              metadata.namespace === namespace &&
              selects(peer.podSelector, spec.template.metadata.labels),
          );
        })
        .map((peer) => `${idOf(each)} names ${JSON.stringify(peer)}`),
    ),
  broken: {
    "a peer is misspelt": (objects) =>
      policy(objects, "grafana").spec.ingress?.[0]?.from?.push({
        podSelector: { matchLabels: { "app.kubernetes.io/name": "prometeus" } },
      }),
    "a peer is in another namespace": (objects) =>
      policy(objects, "grafana").spec.ingress?.[0]?.from?.push({
        podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } },
        namespaceSelector: { matchLabels: { [namespaceLabel]: "bilten-monitoring-host" } },
      }),
  },
};

/** Whether a rule's peers take this workload's pods, seen from a policy's namespace. */
function takes(peers: Peer[] | undefined, from: string | undefined, { metadata, spec }: Workload): boolean {
  if (!peers?.length) return true;
  return peers.some(({ podSelector, namespaceSelector }) => {
    const named = namespaceSelector?.matchLabels?.[namespaceLabel];
    const inNamespace = namespaceSelector ? (named ?? metadata.namespace) : from;
    return metadata.namespace === inNamespace && selects(podSelector, spec.template.metadata.labels);
  });
}

/** Whether the policies let one workload's pods reach another's on a port; both ends have a say. */
function mayReach(objects: KubernetesObject[], from: Workload, to: Workload, port: number): boolean {
  const side = (workload: Workload, direction: "ingress" | "egress", other: Workload) =>
    policiesOf(objects)
      .filter(
        ({ metadata, spec }) =>
          metadata.namespace === workload.metadata.namespace &&
          selects(spec.podSelector, workload.spec.template.metadata.labels),
      )
      .flatMap(({ spec }) => spec[direction] ?? [])
      .some(
        (rule) =>
          takes(direction === "ingress" ? rule.from : rule.to, workload.metadata.namespace, other) &&
          (!rule.ports || rule.ports.some((each) => each.port === port)),
      );
  return side(from, "egress", to) && side(to, "ingress", from);
}

const ways: Policy = {
  name: "keeps open the ways from Prometheus to its targets and Alertmanagers, and from Grafana to its data",
  violations: (objects) => {
    const byName = new Map(workloadsOf(objects).map((each) => [each.metadata.name, each]));
    const wanted: [string, string, number][] = [
      ["prometheus", "prometheus", 9090],
      ["prometheus", "alertmanager", 9093],
      ["prometheus", "grafana", 3000],
      ["prometheus", "kube-state-metrics", 8080],
      ["prometheus", "blackbox-exporter", 9115],
      ["prometheus", "node-exporter", 9100],
      ["grafana", "prometheus", 9090],
      ["grafana", "alertmanager", 9093],
      ...(byName.has("mailpit") ? [["alertmanager", "mailpit", 1025] as [string, string, number]] : []),
    ];
    return wanted
      .filter(([from, to, port]) => {
        const [source, target] = [byName.get(from), byName.get(to)];
        return !source || !target || !mayReach(objects, source, target, port);
      })
      .map(([from, to, port]) => `${from} cannot reach ${to} on ${port}`);
  },
  broken: {
    "Grafana lets nobody in": (objects) => (policy(objects, "grafana").spec.ingress = []),
    "Grafana may talk to nobody": (objects) => (policy(objects, "grafana").spec.egress = []),
    "Alertmanager's port is another": (objects) => {
      for (const rule of policy(objects, "alertmanager").spec.ingress ?? [])
        for (const each of rule.ports ?? []) each.port = 1;
    },
  },
};

const peersOfReplicas: Policy = {
  name: "lets the replicas of Alertmanager gossip when there is more than one",
  violations: (objects) => {
    const alertmanager = find<Workload>(objects, "StatefulSet", "alertmanager");
    const together = (alertmanager.spec.replicas ?? 1) > 1;
    return together && !mayReach(objects, alertmanager, alertmanager, 9094) ? ["they cannot"] : [];
  },
  broken: {
    "the way in is missing": (objects) => policy(objects, "alertmanager").spec.ingress?.splice(1),
  },
};

describePolicies("who may talk to whom", [covered, denied, named, existing, ways, peersOfReplicas]);
