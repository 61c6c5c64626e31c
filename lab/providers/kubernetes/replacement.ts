/** Which changes the API refuses in place, so that the object must be replaced. Source: its validation of updates. */
import type { Change } from "../diff";
import { isObject, type Properties } from "../values";
import { isAutonamed, metadataOf } from "./inputs";
import type { Kind } from "./kinds";

interface Rule {
  /** Path whose change, or a change below it, replaces. */
  path: string[];
  /** Paths below it that may change. */
  except?: string[][];
}

const identity: Rule[] = [
  { path: ["apiVersion"] },
  { path: ["kind"] },
  { path: ["metadata", "name"] },
  { path: ["metadata", "namespace"] },
  { path: ["metadata", "generateName"] },
];

const spec = (...except: string[]): Rule => ({
  path: ["spec"],
  except: except.map((name) => ["spec", name]),
});

const rules: Record<string, Rule[]> = {
  "apps/Deployment": [{ path: ["spec", "selector"] }],
  "apps/ReplicaSet": [{ path: ["spec", "selector"] }],
  "apps/DaemonSet": [{ path: ["spec", "selector"] }],
  "apps/StatefulSet": [
    spec(
      "replicas",
      "template",
      "updateStrategy",
      "persistentVolumeClaimRetentionPolicy",
      "minReadySeconds",
      "ordinals",
      "revisionHistoryLimit",
    ),
  ],
  "batch/Job": [
    { path: ["spec", "template"] },
    { path: ["spec", "selector"] },
    { path: ["spec", "completions"] },
    { path: ["spec", "completionMode"] },
    { path: ["spec", "podFailurePolicy"] },
    { path: ["spec", "backoffLimitPerIndex"] },
  ],
  "/Pod": [
    {
      path: ["spec"],
      except: [
        ["spec", "containers", "*", "image"],
        ["spec", "initContainers", "*", "image"],
        ["spec", "activeDeadlineSeconds"],
        ["spec", "tolerations"],
      ],
    },
  ],
  "/Service": [{ path: ["spec", "clusterIP"] }, { path: ["spec", "clusterIPs"] }],
  "/PersistentVolumeClaim": [
    {
      path: ["spec"],
      except: [
        ["spec", "resources", "requests"],
        ["spec", "volumeAttributesClassName"],
      ],
    },
  ],
  "/Secret": [{ path: ["type"] }],
  "rbac.authorization.k8s.io/RoleBinding": [{ path: ["roleRef"] }],
  "rbac.authorization.k8s.io/ClusterRoleBinding": [{ path: ["roleRef"] }],
  "storage.k8s.io/StorageClass": [
    { path: ["parameters"] },
    { path: ["provisioner"] },
    { path: ["reclaimPolicy"] },
    { path: ["volumeBindingMode"] },
  ],
  "scheduling.k8s.io/PriorityClass": [{ path: ["value"] }, { path: ["preemptionPolicy"] }],
};

const content: Rule[] = [{ path: ["data"] }, { path: ["binaryData"] }, { path: ["stringData"] }];

/** Whether a change replaces the object. */
export function replaces({ apiVersion, kind }: Kind, oldInputs: Properties, { path }: Change): boolean {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
  const applicable = [...identity, ...(rules[`${group}/${kind}`] ?? [])];
  if (group === "" && (kind === "ConfigMap" || kind === "Secret")) {
    // A name of its own for each content lets the pods of a rollout keep the content they were started with.
    if (oldInputs["immutable"] === true || isAutonamed(oldInputs)) applicable.push(...content);
    if (oldInputs["immutable"] === true) applicable.push({ path: ["immutable"] });
  }
  return applicable.some((rule) => hits(rule, path));
}

function hits({ path, except = [] }: Rule, changed: (string | number)[]): boolean {
  // A change of a whole object comes with a shorter path; then what is below it changes, too.
  return (
    matches(path, changed) &&
    !except.some((allowed) => changed.length >= allowed.length && matches(allowed, changed))
  );
}

function matches(pattern: string[], changed: (string | number)[]): boolean {
  const shared = Math.min(pattern.length, changed.length);
  return pattern.slice(0, shared).every((part, index) => part === "*" || part === changed[index]);
}

/** Whether old and new object would be one and the same to the API. */
export function sameObject(oldInputs: Properties, news: Properties): boolean {
  const before = metadataOf(oldInputs);
  const after = metadataOf(news);
  // A name that was made here is made anew for the replacement.
  if (isAutonamed(news)) return false;
  return isObject(after) && before["name"] === after["name"] && before["namespace"] === after["namespace"];
}
