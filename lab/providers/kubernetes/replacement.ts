/**
 * Which changes the official plugin answers with a replacement. Others that the API refuses are not among them: they fail
 * there, too. Found by reading what it compares (its version 4.25.0; later ones have the same).
 */
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

/** Settings of the plugin that matter to it. */
export interface Mutability {
  /** Whether the content of ConfigMaps that are not marked as immutable is updated in place. */
  ConfigMap: boolean;
  /** The same of Secrets. */
  Secret: boolean;
}

const identity: Rule[] = [
  { path: ["apiVersion"] },
  { path: ["kind"] },
  { path: ["metadata", "name"] },
  { path: ["metadata", "namespace"] },
];

const inSpec = (...names: string[]): Rule[] => names.map((name) => ({ path: ["spec", name] }));

const rules: Record<string, Rule[]> = {
  "apps/Deployment": inSpec("selector"),
  "apps/DaemonSet": inSpec("selector"),
  "apps/StatefulSet": inSpec(
    "podManagementPolicy",
    "revisionHistoryLimit",
    "selector",
    "serviceName",
    "volumeClaimTemplates",
  ),
  "batch/Job": inSpec("completions", "parallelism", "selector", "template"),
  "/Pod": [
    {
      path: ["spec"],
      except: [
        ["spec", "activeDeadlineSeconds"],
        ["spec", "tolerations"],
      ],
    },
  ],
  "/Service": inSpec("clusterIP"),
  "/PersistentVolumeClaim": inSpec("accessModes", "selector", "storageClassName", "volumeName"),
  "/Secret": [{ path: ["type"] }],
  "rbac.authorization.k8s.io/RoleBinding": [{ path: ["roleRef"] }],
  "rbac.authorization.k8s.io/ClusterRoleBinding": [{ path: ["roleRef"] }],
  "storage.k8s.io/StorageClass": [{ path: ["parameters"] }, { path: ["provisioner"] }],
};

const content: Rule[] = [{ path: ["data"] }, { path: ["binaryData"] }, { path: ["stringData"] }];

/** Whether a change replaces the object. */
export function replaces(
  { apiVersion, kind }: Kind,
  news: Properties,
  { path }: Change,
  mutable: Mutability,
): boolean {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0]! : "";
  const applicable = [...identity, ...(rules[`${group}/${kind}`] ?? [])];
  if (group === "" && (kind === "ConfigMap" || kind === "Secret")) {
    if (news["immutable"] === true || !mutable[kind]) applicable.push(...content);
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
