/**
 * The admission policy that decides which kind of node a workload's pods run on. The manifests of the program do not
 * know of it: a workload whose images are all at hand is given to the real node, any other one to the simulated ones.
 */
import { createHash } from "node:crypto";
import type { Manifest } from "../controlplane/client";
import { nodeKindLabel, type NodeKind } from "../nodes";

const group = "admissionregistration.k8s.io";
const version = "v1beta1";
const policyName = "placement.lab.bilten.dev";

/** What placement looks at of a pod. */
export interface PodSpec {
  containers: { image?: string }[];
  initContainers?: { image?: string }[];
  nodeSelector?: Record<string, string>;
}

/** References of a pod that are not among the given ones, each once. Compared as they are written. */
export function missingImages({ containers, initContainers = [] }: PodSpec, images: string[]): string[] {
  const wanted = [...containers, ...initContainers].map(({ image }) => image ?? "");
  return [...new Set(wanted)].filter((image) => !images.includes(image));
}

/** Where a pod with these containers belongs. The policy says the same in CEL. */
export function placementOf(spec: PodSpec, images: string[]): NodeKind {
  return missingImages(spec, images).length === 0 ? "real" : "simulated";
}

/** Where a pod made from this template goes now; undefined when the policy has never seen it. */
export function currentPlacement({ nodeSelector }: PodSpec): string | undefined {
  return nodeSelector?.[nodeKindLabel];
}

/**
 * The policy and its binding.
 * @param images references at hand on the real node, as the manifests write them; none: everything is simulated
 */
export function placementManifests(images: string[]): Manifest[] {
  const known = [...sorted(images), signatureOf(images)];
  return [
    {
      collection: `/apis/${group}/${version}/mutatingadmissionpolicies`,
      object: {
        apiVersion: `${group}/${version}`,
        kind: "MutatingAdmissionPolicy",
        metadata: { name: policyName },
        spec: {
          failurePolicy: "Fail",
          reinvocationPolicy: "Never",
          matchConstraints: {
            resourceRules: [
              rule("apps", ["deployments", "statefulsets", "daemonsets"], ["CREATE", "UPDATE"]),
              // Their templates cannot change later. Those of a CronJob come here one by one.
              rule("batch", ["jobs"], ["CREATE"]),
              rule("", ["pods"], ["CREATE"]),
            ],
          },
          matchConditions: [
            {
              name: "pods-that-no-workload-has-made",
              expression:
                "object.kind != 'Pod' || !(has(object.metadata.ownerReferences) || has(object.spec.nodeName))",
            },
          ],
          variables: [
            variable("pod", "has(object.spec.template) ? object.spec.template.spec : object.spec"),
            variable("path", "has(object.spec.template) ? '/spec/template/spec' : '/spec'"),
            variable("first", "has(variables.pod.initContainers) ? variables.pod.initContainers : []"),
            // CEL reads strings as JSON writes them.
            variable("images", JSON.stringify(known)),
            variable(
              "kind",
              "(variables.first + variables.pod.containers).all(c, has(c.image) && c.image in variables.images)" +
                " ? 'real' : 'simulated'",
            ),
          ],
          // An ApplyConfiguration cannot set one key of a map that is atomic.
          mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: patch } }],
        },
      },
    },
    {
      collection: `/apis/${group}/${version}/mutatingadmissionpolicybindings`,
      object: {
        apiVersion: `${group}/${version}`,
        kind: "MutatingAdmissionPolicyBinding",
        metadata: { name: policyName },
        spec: { policyName },
      },
    },
  ];
}

const patch = `has(variables.pod.nodeSelector)
  ? [JSONPatch{op: "add", path: variables.path + "/nodeSelector/" + jsonpatch.escapeKey("${nodeKindLabel}"), value: variables.kind}]
  : [JSONPatch{op: "add", path: variables.path + "/nodeSelector", value: {"${nodeKindLabel}": variables.kind}}]`;

/**
 * A pod that goes to the real node by the policy for just these images, and by no other: created as a dry run, it
 * tells whether the API server has this policy in effect already.
 */
export function probe(images: string[]): Manifest {
  return {
    collection: "/api/v1/namespaces/default/pods",
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "placement-probe" },
      spec: { containers: [{ name: "probe", image: signatureOf(images) }] },
    },
  };
}

/** A made-up reference, by which a list of images knows itself. */
function signatureOf(images: string[]): string {
  const digest = createHash("sha256")
    .update(JSON.stringify(sorted(images)))
    .digest("hex");
  return `${nodeKindLabel}:${digest.slice(0, 16)}`;
}

/** Each once, so that an order that changes changes no policy. */
function sorted(images: string[]): string[] {
  return [...new Set(images)].sort();
}

const variable = (name: string, expression: string) => ({ name, expression });

function rule(apiGroup: string, resources: string[], operations: string[]) {
  return { apiGroups: [apiGroup], apiVersions: ["v1"], operations, resources };
}
