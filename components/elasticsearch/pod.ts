import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceSettings } from "../../config/settings";
import { resourcesOver } from "../kubernetes/resources";
import type { WorkloadContainer } from "../kubernetes/workload";
import { imageReference } from "../versions";
import { httpPort, paths, scriptNames, transportPort } from "./configuration";

/** Names of the objects that the pod mounts. */
export interface Mounted {
  configuration: pulumi.Input<string>;
  bootstrap: pulumi.Input<string>;
  probe: pulumi.Input<string>;
  secureSettings: pulumi.Input<string>;
  httpCertificate: pulumi.Input<string>;
  transportCertificate: pulumi.Input<string>;
}

export function podVolumes(mounted: Mounted): types.input.core.v1.Volume[] {
  const secret = (name: string, secretName: pulumi.Input<string>, ...keys: string[]) => ({
    name,
    secret: {
      secretName,
      defaultMode: 0o440,
      ...(keys.length > 0 && { items: keys.map((key) => ({ key, path: key })) }),
    },
  });
  return [
    { name: "config", emptyDir: { sizeLimit: "64Mi" } },
    { name: "logs", emptyDir: { sizeLimit: "256Mi" } },
    { name: "tmp", emptyDir: { sizeLimit: "512Mi" } },
    {
      name: "scripts",
      configMap: { name: mounted.configuration, items: scriptNames.map((key) => ({ key, path: key })) },
    },
    { name: "settings", configMap: { name: mounted.configuration } },
    { name: "bootstrap", configMap: { name: mounted.bootstrap } },
    secret("users", mounted.probe, "users", "users_roles"),
    secret("probe", mounted.probe, "curlrc"),
    secret("secure-settings", mounted.secureSettings),
    secret("http-certificate", mounted.httpCertificate),
    secret("transport-certificate", mounted.transportCertificate),
  ];
}

/** Makes the configuration directory. */
export function configureContainer(): WorkloadContainer {
  return {
    name: "configure",
    image: imageReference("elasticsearch"),
    command: ["bash", `${paths.scripts}/configure.sh`],
    volumeMounts: [
      { name: "config", mountPath: paths.newConfig },
      { name: "tmp", mountPath: "/tmp" },
      { name: "scripts", mountPath: paths.scripts, readOnly: true },
      { name: "settings", mountPath: paths.settings, readOnly: true },
      { name: "users", mountPath: paths.users, readOnly: true },
      { name: "secure-settings", mountPath: paths.secureSettings, readOnly: true },
    ],
    // The keystore's tool is a Java program.
    resources: { requests: { cpu: "100m", memory: "384Mi" }, limits: { cpu: "1", memory: "384Mi" } },
  };
}

export function elasticsearchContainer(memory: string, override?: ResourceSettings): WorkloadContainer {
  return {
    name: "elasticsearch",
    image: imageReference("elasticsearch"),
    command: ["/bin/tini", "--", "bash", `${paths.scripts}/start.sh`],
    env: [
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      // Empty before Kubernetes 1.35, where pods do not have the label.
      {
        name: "ZONE",
        valueFrom: { fieldRef: { fieldPath: "metadata.labels['topology.kubernetes.io/zone']" } },
      },
    ],
    ports: [
      { name: "https", containerPort: httpPort },
      { name: "transport", containerPort: transportPort },
    ],
    volumeMounts: [
      { name: "data", mountPath: paths.data },
      { name: "config", mountPath: paths.config },
      { name: "logs", mountPath: paths.logs },
      { name: "tmp", mountPath: "/tmp" },
      { name: "scripts", mountPath: paths.scripts, readOnly: true },
      { name: "bootstrap", mountPath: paths.bootstrap, readOnly: true },
      { name: "probe", mountPath: paths.probe, readOnly: true },
      // Whole directories, which Kubernetes keeps current; Elasticsearch reads a changed certificate by itself.
      { name: "http-certificate", mountPath: paths.httpCertificates, readOnly: true },
      { name: "transport-certificate", mountPath: paths.transportCertificates, readOnly: true },
    ],
    // Until the port is open. An upgrade may change all indices first.
    startupProbe: { tcpSocket: { port: "https" }, periodSeconds: 5, failureThreshold: 120 },
    readinessProbe: {
      exec: { command: ["bash", `${paths.scripts}/ready.sh`] },
      periodSeconds: 10,
      timeoutSeconds: 8,
      failureThreshold: 3,
    },
    // Slow is not dead: a restart makes a busy cluster busier.
    livenessProbe: {
      tcpSocket: { port: "https" },
      periodSeconds: 20,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    // Clients hear that the pod is gone from the Service before it stops to answer.
    lifecycle: { preStop: { exec: { command: ["sleep", "15"] } } },
    resources: resourcesOver(
      { requests: { cpu: "500m", memory }, limits: { cpu: "2", memory } },
      // Memory is decided by the heap.
      { requests: { cpu: override?.requests?.cpu }, limits: { cpu: override?.limits?.cpu } },
    ),
  };
}
