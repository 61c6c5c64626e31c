import { imageReference, images, type ImageName } from "../../components/versions";
import { containersOf, find, idOf, ofKind, selects, workloadsOf } from "./cluster";
import type { Container, KubernetesObject, Selector, Workload } from "./cluster";
import { describePolicies, type Policy } from "./policy";

const label = (name: string) => `app.kubernetes.io/${name}`;
const standard = ["name", "instance", "component", "version", "part-of", "managed-by"].map(label);

/** A namespace, and the policies for all pods of one, belong to no program: they have no name or version. */
function ofNoProgram({ kind, metadata }: KubernetesObject): boolean {
  const forAllPods = kind === "NetworkPolicy" && ["default-deny", "allow-dns"].includes(metadata.name);
  return kind === "Namespace" || forAllPods;
}

/** What is for a monitored service: its version is not known here. */
function ofService({ metadata }: KubernetesObject): boolean {
  return metadata.namespace === "bilten";
}

const prometheus = (objects: KubernetesObject[]) => find<Workload>(objects, "StatefulSet", "prometheus");

const labels: Policy = {
  name: "labels every object with the standard labels",
  violations: (objects) =>
    objects.flatMap((object) => {
      const wanted = ofNoProgram(object)
        ? [label("part-of"), label("managed-by")]
        : standard.filter((key) => key !== label("version") || !ofService(object));
      return wanted
        .filter((key) => !object.metadata.labels?.[key])
        .map((key) => `${idOf(object)} has no label ${key}`);
    }),
  broken: {
    "a Service has no version": (objects) =>
      delete find(objects, "Service", "prometheus").metadata.labels?.[label("version")],
    "a ClusterRole has no labels": (objects) =>
      delete find(objects, "ClusterRole", "bilten-monitoring-prometheus").metadata.labels,
  },
};

const podLabels: Policy = {
  name: "labels the pods as their workload, with the version of the image that they run",
  violations: (objects) =>
    workloadsOf(objects).flatMap(({ metadata, spec, ...rest }) => {
      const labels = spec.template.metadata.labels;
      const versions = spec.template.spec.containers.map(({ image }) => image.split(":").at(-1));
      const id = idOf({ metadata, ...rest });
      return [
        ...standard
          .filter((key) => labels[key] === undefined || labels[key] !== metadata.labels?.[key])
          .map((key) => `${id}: pods and workload differ in ${key}`),
        ...(versions.some((version) => version?.replace(/^v/, "") === labels[label("version")])
          ? []
          : [`${id}: version ${labels[label("version")]}, but images ${versions.join(", ")}`]),
      ];
    }),
  broken: {
    "pods have a component of their own": (objects) =>
      (prometheus(objects).spec.template.metadata.labels[label("component")] = "other"),
    "the image was changed without the label": (objects) =>
      ((prometheus(objects).spec.template.spec.containers[0] as Container).image = "prometheus:v9.9.9"),
  },
};

/** All selectors of pods that an object has. */
function selectorsOf({ kind, spec }: KubernetesObject): Selector[] {
  if (kind === "Service") return spec.selector ? [{ matchLabels: spec.selector }] : [];
  if (kind === "NetworkPolicy") return [spec.podSelector];
  if (kind === "PodDisruptionBudget") return [spec.selector];
  if (!["Deployment", "StatefulSet", "DaemonSet"].includes(kind)) return [];
  const spread = (spec as Workload["spec"]).template.spec.topologySpreadConstraints ?? [];
  const { selector } = spec as Workload["spec"];
  return [...(selector ? [selector] : []), ...spread.map(({ labelSelector }) => labelSelector ?? {})];
}

const selectors: Policy = {
  name: "selects pods by nothing that an upgrade changes",
  violations: (objects) =>
    objects.flatMap((object) =>
      selectorsOf(object)
        .filter(({ matchLabels }) => matchLabels?.[label("version")] !== undefined)
        .map(() => `${idOf(object)} selects by version`),
    ),
  broken: {
    "a workload selects by version": (objects) =>
      Object.assign(prometheus(objects).spec.selector?.matchLabels ?? {}, { [label("version")]: "3.14.0" }),
    "a Service selects by version": (objects) =>
      (find(objects, "Service", "prometheus").spec.selector[label("version")] = "3.14.0"),
  },
};

const selected: Policy = {
  name: "gives every workload, Service and PodDisruptionBudget pods of exactly one program",
  violations: (objects) =>
    ofKind(objects, "Deployment", "StatefulSet", "DaemonSet", "Service", "PodDisruptionBudget").flatMap(
      (object) => {
        const [selector] = selectorsOf(object);
        const found = workloadsOf(objects).filter(
          ({ metadata, spec }) =>
            metadata.namespace === object.metadata.namespace &&
            selects(selector, spec.template.metadata.labels),
        );
        return found.length === 1
          ? []
          : [`${idOf(object)} selects the pods of ${found.map(idOf).join(", ") || "nothing"}`];
      },
    ),
  broken: {
    "a Service selects nothing": (objects) =>
      (find(objects, "Service", "prometheus").spec.selector = { [label("name")]: "prometeus" }),
    "a Service selects everything": (objects) => (find(objects, "Service", "prometheus").spec.selector = {}),
    "a workload does not select its own pods": (objects) =>
      (prometheus(objects).spec.selector = { matchLabels: { [label("name")]: "other" } }),
  },
};

const known = new Set((Object.keys(images) as ImageName[]).map(imageReference));

const imageSource: Policy = {
  name: "takes every image, with its pinned version, from the one list",
  violations: (objects) =>
    workloadsOf(objects).flatMap((each) =>
      containersOf(each.spec.template)
        .filter(({ image }) => !known.has(image) || !/:v?\d+\.\d+\.\d+$/.test(image))
        .map(({ image }) => `${idOf(each)} runs ${image}`),
    ),
  broken: {
    "an image is named elsewhere": (objects) =>
      ((prometheus(objects).spec.template.spec.containers[0] as Container).image =
        "quay.io/prometheus/prometheus:latest"),
    "an init container brings its own": (objects) =>
      (prometheus(objects).spec.template.spec.initContainers = [{ name: "init", image: "busybox:1.37.0" }]),
  },
};

const unique: Policy = {
  name: "has no two objects of the same kind, namespace and name",
  violations: (objects) =>
    objects.map(idOf).filter((id, index, all) => all.indexOf(id) !== index),
  broken: {
    "an object is there twice": (objects) =>
      objects.push(structuredClone(find(objects, "Service", "prometheus"))),
  },
};

/** What etcd takes in one request, with a reserve for what the API server adds. */
const largestObject = 1024 * 1024;

const size: Policy = {
  name: "has no object that is too large for the API server",
  violations: (objects) =>
    objects
      .filter((object) => Buffer.byteLength(JSON.stringify(object)) >= largestObject)
      .map((object) => `${idOf(object)} is larger than 1 MiB`),
  broken: {
    "the rules grow beyond it": (objects) =>
      (find(objects, "ConfigMap", "prometheus-rules").data["large.yaml"] = "x".repeat(largestObject)),
  },
};

const namespaces: Policy = {
  name: "creates the namespace of every object, or leaves it to the platform, with its Pod Security level",
  violations: (objects) => {
    const created = new Map(ofKind(objects, "Namespace").map((each) => [each.metadata.name, each]));
    const used = new Set(workloadsOf(objects).map(({ metadata }) => metadata.namespace ?? ""));
    const levels = [...created.values()].flatMap((each) =>
      each.metadata.labels?.["pod-security.kubernetes.io/enforce"] ? [] : [`${idOf(each)} has no level`],
    );
    return [...used].filter((name) => !created.has(name)).concat(levels);
  },
  broken: {
    "a workload is in a namespace that nobody makes": (objects) =>
      (prometheus(objects).metadata.namespace = "default"),
    "a namespace has no level": (objects) =>
      delete find(objects, "Namespace", "bilten-monitoring").metadata.labels?.[
        "pod-security.kubernetes.io/enforce"
      ],
  },
};

describePolicies("identity of the objects", [
  labels,
  podLabels,
  selectors,
  selected,
  imageSource,
  unique,
  size,
  namespaces,
]);
