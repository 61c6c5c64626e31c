/**
 * What kwok does with simulated objects, as its Stage objects: each says which objects it is for and what is to be
 * written into them next. kwok does nothing on its own.
 */
import { nodeKindLabel } from "..";

/** The storage class' provisioner: this file plays it. */
export const provisioner = "bilten.dev/simulated";
/** Beginning of the names of simulated nodes: by it a claim is known to belong to one of them. */
export const nodePrefix = "simulated-";
/** `storageClassName` of the volumes. */
export const storageClass = "standard";

interface Expression {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  values?: string[];
}

const is = (key: string, ...values: string[]): Expression => ({ key, operator: "In", values });
const isNot = (key: string, ...values: string[]): Expression => ({ key, operator: "NotIn", values });
const absent = (key: string): Expression => ({ key, operator: "DoesNotExist" });
const present = (key: string): Expression => ({ key, operator: "Exists" });

const ready = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const deletion = ".metadata.deletionTimestamp";
const owner = ".metadata.ownerReferences.[].kind";

interface Stage {
  name: string;
  kind: "Node" | "Pod" | "PersistentVolumeClaim" | "PersistentVolume";
  when: Expression[];
  /** Milliseconds until it happens: at random between the two. */
  delay?: { from: number; to: number };
  next: Record<string, unknown>;
}

const nodeStatus = `
{{ $now := Now }}
{{ $since := or .metadata.creationTimestamp $now }}
phase: Running
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $since | Quote }}
{{ end }}
{{ with NodePort }}
daemonEndpoints:
  kubeletEndpoint:
    Port: {{ . }}
{{ end }}
nodeInfo:
  architecture: {{ index .metadata.labels "kubernetes.io/arch" | Quote }}
  operatingSystem: linux
  osImage: simulated
  kernelVersion: simulated
  kubeletVersion: kwok-{{ Version }}
  kubeProxyVersion: ""
  containerRuntimeVersion: kwok-{{ Version }}
  bootID: ""
  machineID: ""
  systemUUID: ""
`;

/** Every container runs and is ready; init containers have ended, save sidecars, which run too. */
const podRunning = `
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
conditions:
{{ range $type := (list "PodReadyToStartContainers" "Initialized" "ContainersReady" "Ready") }}
- type: {{ $type | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
{{ range .spec.readinessGates }}
- type: {{ .conditionType | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  started: true
  restartCount: 0
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
{{ with .spec.initContainers }}
initContainerStatuses:
{{ range . }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  {{ if eq .restartPolicy "Always" }}
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
  {{ else }}
  started: false
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
  {{ end }}
{{ end }}
{{ end }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
`;

const podSucceeded = `
{{ $now := Now }}
phase: Succeeded
conditions:
{{ range $type := (list "ContainersReady" "Ready") }}
- type: {{ $type | Quote }}
  status: "False"
  reason: PodCompleted
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
- type: PodReadyToStartContainers
  status: "False"
  lastTransitionTime: {{ $now | Quote }}
- type: Initialized
  status: "True"
  reason: PodCompleted
  lastTransitionTime: {{ $now | Quote }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
`;

/** Reserved for its claim, which the controller-manager then binds. The path exists nowhere: nothing mounts it. */
const volume = `
apiVersion: v1
kind: PersistentVolume
metadata:
  name: pvc-{{ .metadata.uid }}
  labels:
    ${nodeKindLabel}: simulated
  annotations:
    pv.kubernetes.io/provisioned-by: ${provisioner}
spec:
  accessModes:
  {{ YAML .spec.accessModes 1 }}
  capacity:
    storage: {{ .spec.resources.requests.storage | Quote }}
  persistentVolumeReclaimPolicy: Delete
  storageClassName: {{ .spec.storageClassName | Quote }}
  volumeMode: {{ or .spec.volumeMode "Filesystem" | Quote }}
  claimRef:
    apiVersion: v1
    kind: PersistentVolumeClaim
    namespace: {{ .metadata.namespace | Quote }}
    name: {{ .metadata.name | Quote }}
    uid: {{ .metadata.uid | Quote }}
  local:
    path: /simulated/pvc-{{ .metadata.uid }}
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions:
        - key: kubernetes.io/hostname
          operator: In
          values:
          - {{ index .metadata.annotations "volume.kubernetes.io/selected-node" | Quote }}
`;

const stages: Stage[] = [
  {
    name: "node-initialize",
    kind: "Node",
    when: [isNot(ready, "True")],
    next: { statusTemplate: nodeStatus },
  },
  {
    // The controller-manager gives a node up that has not been heard of for 50 s.
    name: "node-heartbeat",
    kind: "Node",
    when: [is(".status.phase", "Running"), is(ready, "True")],
    delay: { from: 10_000, to: 15_000 },
    next: { statusTemplate: nodeStatus },
  },
  {
    name: "pod-ready",
    kind: "Pod",
    when: [absent(deletion), is(".status.phase", "Pending"), isNot(ready, "True")],
    next: { statusTemplate: podRunning },
  },
  {
    name: "pod-complete",
    kind: "Pod",
    when: [absent(deletion), is(".status.phase", "Running"), is(owner, "Job")],
    next: { statusTemplate: podSucceeded },
  },
  // Finalizers are left to those who set them: a Job counts a pod before it lets it go.
  { name: "pod-delete", kind: "Pod", when: [present(deletion)], next: { delete: true } },
];

const object = ({ name, kind, when, delay, next }: Stage) => ({
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name },
  spec: {
    resourceRef: { apiGroup: "v1", kind },
    selector: { matchExpressions: when },
    ...(delay ? { delay: { durationMilliseconds: delay.from, jitterDurationMilliseconds: delay.to } } : {}),
    next,
  },
});

const cel = (expression: string) => ({ cel: { expression } });

/** A volume for each claim that the scheduler has given to a simulated node; it goes when its claim has gone. */
const volumeStages = [
  {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name: "claim-provision" },
    spec: {
      resourceRef: { apiGroup: "v1", kind: "PersistentVolumeClaim" },
      selector: {
        matchExpressions: [
          cel(`has(self.spec.storageClassName) && self.spec.storageClassName == '${storageClass}'`),
          cel("!has(self.metadata.deletionTimestamp) && !has(self.spec.volumeName)"),
          cel(
            "has(self.metadata.annotations) && 'volume.kubernetes.io/selected-node' in self.metadata.annotations" +
              ` && self.metadata.annotations['volume.kubernetes.io/selected-node'].startsWith('${nodePrefix}')`,
          ),
        ],
      },
      steps: [{ apply: { template: volume } }],
    },
  },
  {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name: "volume-delete" },
    spec: {
      resourceRef: { apiGroup: "v1", kind: "PersistentVolume" },
      selector: {
        matchExpressions: [
          cel(
            "has(self.metadata.annotations) && 'pv.kubernetes.io/provisioned-by' in self.metadata.annotations" +
              ` && self.metadata.annotations['pv.kubernetes.io/provisioned-by'] == '${provisioner}'`,
          ),
          cel("!has(self.metadata.deletionTimestamp)"),
          cel("has(self.status.phase) && self.status.phase == 'Released'"),
        ],
      },
      steps: [{ delete: true }],
    },
  },
];

/** kwok's configuration: one object per document. */
export function stageObjects(): object[] {
  return [...stages.map(object), ...volumeStages];
}
