import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ResourceSettings } from "../../config/settings";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowTo, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { imageReference, imageVersion } from "../versions";
import {
  javaOptions,
  logstashFiles,
  logstashHosts,
  ports,
  type LogstashConfigurationArgs,
} from "./configuration";
import { paths } from "./paths";

/** PEM texts of a certificate, its key (PKCS #8) and its authority. */
export interface CertificateTexts {
  certPem: pulumi.Input<string>;
  keyPem: pulumi.Input<string>;
  caPem: pulumi.Input<string>;
}

export interface LogstashArgs extends LogstashConfigurationArgs {
  /** Namespace it runs in; must exist. Its pods are addressed by it. */
  namespace: string;
  /** @default 1 */
  replicas?: number;
  /** Volume of each replica; must hold both kinds of queues. */
  volumeSize: string;
  /** @default the cluster's default StorageClass */
  storageClass?: string;
  /** Shown to Filebeat, for the names of `logstashHosts`; Filebeat must show one of the same authority. */
  certificate: CertificateTexts;
  elasticsearch: {
    /** E.g. `https://elasticsearch:9200`. */
    url: string;
    /** Authority of its certificate. */
    caPem: pulumi.Input<string>;
    /** Of user `bilten_logstash`. */
    password: pulumi.Input<string>;
    /** Its program's name, for the network policy. @default `elasticsearch` in the same namespace */
    peer?: Peer;
  };
  /** Who sends lines. */
  senders: Peer[];
  /** Who may ask for its statistics. @default [] */
  clients?: Peer[];
  /** Over the default requests (500m, 2Gi) and limits (2, 2Gi). The heap is half the memory limit. */
  resources?: ResourceSettings;
}

const user = 1000;

/** Logstash: takes lines from Filebeat and puts them into Elasticsearch's daily indices, through queues on a volume. */
export class Logstash extends pulumi.ComponentResource {
  /** `host:port` of each replica, for Filebeat. */
  readonly hosts: string[];

  /** @throws when the queues are too small for so many pipelines, or a redaction cannot be written */
  constructor(name: string, args: LogstashArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Logstash", name, {}, opts);
    const child = { parent: this };
    const version = imageVersion("logstash");
    const labels = commonLabels({ app: "logstash", instance: name, component: "logging", version });
    const metadata = { namespace: args.namespace, labels };
    const replicas = args.replicas ?? 1;
    // Named by Pulumi and immutable: a change makes new objects, and with them new pods that read them. Logstash could
    // reload pipelines, but not what those pipelines share.
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      { metadata, immutable: true, data: logstashFiles(args) },
      child,
    );
    const beats = new k8s.core.v1.Secret(
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
    const elasticsearch = new k8s.core.v1.Secret(
      `${name}-elasticsearch`,
      {
        metadata,
        immutable: true,
        stringData: { "ca.crt": args.elasticsearch.caPem, password: args.elasticsearch.password },
      },
      child,
    );
    const resources = resourcesOver(
      { requests: { cpu: "500m", memory: "2Gi" }, limits: { cpu: "2", memory: "2Gi" } },
      args.resources,
    );
    const java = [{ name: "LS_JAVA_OPTS", value: javaOptions(resources.limits.memory) }];
    const image = imageReference("logstash");
    const mounts = [
      { name: "configuration", mountPath: paths.configuration, readOnly: true },
      { name: "settings", mountPath: paths.settings },
      { name: "elasticsearch", mountPath: paths.elasticsearch, readOnly: true },
      { name: "temporary", mountPath: "/tmp" },
    ];

    new Workload(
      name,
      {
        kind: "StatefulSet",
        namespace: args.namespace,
        app: "logstash",
        component: "logging",
        version,
        replicas,
        user,
        ports: [
          { name: "beats", port: ports.beats },
          { name: "http", port: ports.api },
        ],
        // Each has its own queue; none waits for another.
        parallel: true,
        volumeClaim: { name: "data", size: args.volumeSize, storageClass: args.storageClass },
        volumes: [
          { name: "configuration", configMap: { name: configuration.metadata.name } },
          { name: "beats", secret: { secretName: beats.metadata.name } },
          { name: "elasticsearch", secret: { secretName: elasticsearch.metadata.name } },
          { name: "settings", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
          { name: "temporary", emptyDir: { sizeLimit: "256Mi" } },
        ],
        // Time to send what is queued; what is left is on the volume.
        terminationGracePeriodSeconds: 120,
        readyTimeout: "10m",
        initContainers: [
          {
            name: "prepare",
            image,
            command: [
              "/bin/bash",
              `${paths.configuration}/prepare.sh`,
              paths.configuration,
              `${paths.elasticsearch}/password`,
              paths.settings,
            ],
            env: java,
            volumeMounts: mounts,
            resources,
          },
        ],
        containers: [
          {
            name: "logstash",
            image,
            // Not through the image's entry point, which writes to the settings.
            command: ["/usr/share/logstash/bin/logstash", "--path.settings", paths.settings],
            env: [...java, { name: "ELASTICSEARCH_URL", value: args.elasticsearch.url }],
            ports: [
              { name: "beats", containerPort: ports.beats },
              { name: "http", containerPort: ports.api },
            ],
            volumeMounts: [
              ...mounts.map((mount) => (mount.name === "settings" ? { ...mount, readOnly: true } : mount)),
              { name: "beats", mountPath: paths.certificates, readOnly: true },
              { name: "data", mountPath: paths.data },
            ],
            // Starting takes a minute on a slow node, and longer when there is a queue to look through.
            startupProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 5, failureThreshold: 60 },
            // Listens once the intake runs, and goes on while Elasticsearch is away: it has its queues.
            readinessProbe: { tcpSocket: { port: "beats" }, periodSeconds: 5 },
            livenessProbe: {
              httpGet: { path: "/", port: "http" },
              periodSeconds: 15,
              timeoutSeconds: 10,
              failureThreshold: 6,
            },
            resources,
          },
        ],
        ingress: [
          allowFrom(args.senders, [ports.beats]),
          // A rule without peers would let everybody in.
          ...(args.clients?.length ? [allowFrom(args.clients, [ports.api])] : []),
        ],
        egress: [
          allowTo(
            [args.elasticsearch.peer ?? { app: "elasticsearch" }],
            [Number(new URL(args.elasticsearch.url).port || 443)],
          ),
        ],
      },
      child,
    );
    this.hosts = logstashHosts({ name, namespace: args.namespace, replicas }).map(
      (host) => `${host}:${ports.beats}`,
    );
    this.registerOutputs({ hosts: this.hosts });
  }
}
