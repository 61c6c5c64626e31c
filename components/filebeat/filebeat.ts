import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ResourceSettings } from "../../config/settings";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowTo, allowToAnywhere, apiServerPorts, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { imageReference, imageVersion } from "../versions";
import {
  filebeatConfiguration,
  paths,
  statisticsPort,
  type FilebeatConfigurationArgs,
} from "./configuration";

export interface FilebeatArgs extends FilebeatConfigurationArgs {
  /** Namespace it runs in; must exist and allow pods of Pod Security level `privileged`. */
  namespace: pulumi.Input<string>;
  /** Shown to Logstash, whose own must be of the same authority. PEM texts. */
  certificate: {
    certPem: pulumi.Input<string>;
    keyPem: pulumi.Input<string>;
    caPem: pulumi.Input<string>;
  };
  /** Logstash's program and namespace, for the network policy. */
  logstash: Peer;
  /** Who may ask for its statistics. @default [] */
  clients?: Peer[];
  /** Over the default requests (100m, 128Mi) and limits (500m, 512Mi). */
  resources?: ResourceSettings;
}

/**
 * Filebeat on every node: reads the files of the containers of the given namespaces and sends their lines to Logstash.
 * How far it has read is kept on the node, so that a restart neither leaves out a line nor sends all of them again.
 */
export class Filebeat extends pulumi.ComponentResource {
  /** @throws when no namespace or no Logstash is given */
  constructor(name: string, args: FilebeatArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Filebeat", name, {}, opts);
    const child = { parent: this };
    const version = imageVersion("filebeat");
    const labels = commonLabels({ app: "filebeat", instance: name, component: "logging", version });
    const metadata = { namespace: args.namespace, labels };
    // Named by Pulumi and immutable: a change makes new objects, and with them new pods that read them.
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      { metadata, immutable: true, data: { "filebeat.yml": filebeatConfiguration(args) } },
      child,
    );
    const certificate = new k8s.core.v1.Secret(
      `${name}-certificate`,
      {
        metadata,
        immutable: true,
        stringData: {
          "tls.crt": args.certificate.certPem,
          "tls.key": args.certificate.keyPem,
          "ca.crt": args.certificate.caPem,
        },
      },
      child,
    );
    const hostPort = args.logstashHosts.map((host) => Number(host.split(":").at(-1)));

    new Workload(
      name,
      {
        kind: "DaemonSet",
        namespace: args.namespace,
        app: "filebeat",
        component: "logging",
        version,
        // The containers' files belong to root, and nobody else may read them.
        user: 0,
        ports: [{ name: "http", port: statisticsPort }],
        apiAccess: {
          // Its pod discovery watches nodes and namespaces too, whether it needs them or not, and waits for them.
          clusterRules: [{ apiGroups: [""], resources: ["namespaces", "nodes"], verbs: readOnly }],
          namespacedRules: {
            namespaces: [...new Set(args.namespaces)].sort(),
            rules: [{ apiGroups: [""], resources: ["pods"], verbs: readOnly }],
          },
        },
        volumes: [
          { name: "configuration", configMap: { name: configuration.metadata.name, defaultMode: 0o440 } },
          { name: "certificates", secret: { secretName: certificate.metadata.name, defaultMode: 0o440 } },
          { name: "logs", hostPath: { path: paths.logs, type: "Directory" } },
          {
            name: "data",
            // By its namespace, for a second stack on the same nodes.
            hostPath: {
              path: pulumi.interpolate`/var/lib/${args.namespace}/${name}`,
              type: "DirectoryOrCreate",
            },
          },
          { name: "temporary", emptyDir: { sizeLimit: "64Mi" } },
        ],
        terminationGracePeriodSeconds: 45,
        containers: [
          {
            name: "filebeat",
            image: imageReference("filebeat"),
            args: ["-c", `${paths.configuration}/filebeat.yml`, "-e"],
            env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
            ports: [{ name: "http", containerPort: statisticsPort }],
            volumeMounts: [
              { name: "configuration", mountPath: paths.configuration, readOnly: true },
              { name: "certificates", mountPath: paths.certificates, readOnly: true },
              { name: "logs", mountPath: paths.logs, readOnly: true },
              { name: "data", mountPath: paths.data },
              { name: "temporary", mountPath: "/tmp" },
            ],
            // Not `filebeat test output`: a Logstash that is away is no reason to restart all its senders, and the
            // statistics tell of it.
            readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 10 },
            livenessProbe: {
              httpGet: { path: "/", port: "http" },
              initialDelaySeconds: 15,
              periodSeconds: 20,
              timeoutSeconds: 10,
              failureThreshold: 6,
            },
            resources: resourcesOver(
              { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "500m", memory: "512Mi" } },
              args.resources,
            ),
          },
        ],
        // A rule without peers would let everybody in.
        ingress: args.clients?.length ? [allowFrom(args.clients, [statisticsPort])] : [],
        egress: [allowTo([args.logstash], [...new Set(hostPort)]), allowToAnywhere(apiServerPorts)],
      },
      child,
    );
    this.registerOutputs({});
  }
}

const readOnly = ["get", "list", "watch"];
