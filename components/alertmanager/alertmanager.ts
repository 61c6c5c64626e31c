import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { AlertmanagerSettings, ReceiverSettings, ResourceSettings } from "../../config/settings";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowTo, allowToAnywhere, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { imageReference, imageVersion } from "../versions";
import {
  alertmanagerConfiguration,
  alertmanagerFlags,
  alertmanagerHosts,
  messageTemplates,
  paths,
  secretFiles,
} from "./configuration";

export interface AlertmanagerArgs extends Omit<AlertmanagerSettings, "volumeSize" | "externalUrl"> {
  /** Namespace it runs in; must exist. Its pods address each other by it. */
  namespace: string;
  /** @default "1Gi" */
  volumeSize?: string;
  /** @default the cluster's default StorageClass */
  storageClass?: string;
  /** Address at which people reach it, for links in messages. @default "http://localhost:9093" */
  externalUrl?: string;
  /** Password of `smtp.username`. */
  smtpPassword?: pulumi.Input<string>;
  /** Slack's incoming webhook; needed when a receiver has a Slack channel. */
  slackWebhookUrl?: pulumi.Input<string>;
  /** Where Watchdog goes; needed when `deadMansSwitch.enabled`. */
  deadMansSwitchUrl?: pulumi.Input<string>;
  /** Mail server in the same namespace that it may reach, by its program's name. */
  mailServer?: Peer & { port: number };
  /** Who may reach its API: send alerts, show them. @default [] */
  clients?: Peer[];
  /** Over the default requests (50m, 64Mi) and limits (500m, 256Mi). */
  resources?: ResourceSettings;
}

const user = 65534;

/** Alertmanager; with more than one replica, a gossip cluster that sends each message once. */
export class Alertmanager extends pulumi.ComponentResource {
  /** Address inside the cluster. */
  readonly url: pulumi.Output<string>;
  /** `host:port` of each replica, for Prometheus. */
  readonly targets: string[];

  constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Alertmanager", name, {}, opts);
    const child = { parent: this };
    const version = imageVersion("alertmanager");
    const labels = commonLabels({ app: "alertmanager", instance: name, component: "alerting", version });
    const metadata = { namespace: args.namespace, labels };
    // Named by Pulumi and immutable: a change makes a new object, and with it new pods that read it.
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      {
        metadata,
        immutable: true,
        data: { "alertmanager.yaml": alertmanagerConfiguration(args), "bilten.tmpl": messageTemplates() },
      },
      child,
    );
    const secretData = secretFileContents(args);
    const secret =
      Object.keys(secretData).length > 0
        ? new k8s.core.v1.Secret(
            `${name}-secrets`,
            { metadata, immutable: true, stringData: secretData },
            child,
          )
        : undefined;
    const mounts: types.input.core.v1.VolumeMount[] = [
      { name: "config", mountPath: paths.configuration, readOnly: true },
      { name: "data", mountPath: paths.data },
    ];
    const volumes: types.input.core.v1.Volume[] = [
      { name: "config", configMap: { name: configuration.metadata.name } },
    ];
    if (secret) {
      mounts.push({ name: "secrets", mountPath: paths.secrets, readOnly: true });
      volumes.push({ name: "secrets", secret: { secretName: secret.metadata.name } });
    }
    const clustered = args.replicas > 1;
    const self: Peer = { app: "alertmanager" };

    const workload = new Workload(
      name,
      {
        kind: "StatefulSet",
        namespace: args.namespace,
        app: "alertmanager",
        component: "alerting",
        version,
        replicas: args.replicas,
        user,
        ports: [{ name: "http", port: 9093 }],
        volumeClaim: { name: "data", size: args.volumeSize ?? "1Gi", storageClass: args.storageClass },
        volumes,
        containers: [
          {
            name: "alertmanager",
            image: imageReference("alertmanager"),
            args: alertmanagerFlags({
              name,
              namespace: args.namespace,
              replicas: args.replicas,
              retention: args.retention,
              externalUrl: args.externalUrl ?? "http://localhost:9093",
            }),
            env: [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
            ports: [
              { name: "http", containerPort: 9093 },
              ...(clustered
                ? [
                    { name: "gossip-tcp", containerPort: 9094, protocol: "TCP" },
                    { name: "gossip-udp", containerPort: 9094, protocol: "UDP" },
                  ]
                : []),
            ],
            volumeMounts: mounts,
            readinessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 5 },
            livenessProbe: {
              httpGet: { path: "/-/healthy", port: "http" },
              periodSeconds: 10,
              failureThreshold: 6,
            },
            resources: resourcesOver(
              { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
              args.resources,
            ),
          },
        ],
        ingress: [
          allowFrom(args.clients ?? [{ app: "prometheus" }], [9093]),
          ...(clustered ? [{ from: gossip(self), ports: gossipPorts }] : []),
        ],
        egress: [
          ...(clustered ? [{ to: gossip(self), ports: gossipPorts }] : []),
          ...(args.mailServer ? [allowTo([args.mailServer], [args.mailServer.port])] : []),
          receiverPorts(args).apply(allowToAnywhere),
        ],
      },
      { parent: this },
    );
    this.url = pulumi.interpolate`http://${workload.host}:9093`;
    this.targets = alertmanagerHosts({ name, namespace: args.namespace, replicas: args.replicas }).map(
      (host) => `${host}:9093`,
    );
    this.registerOutputs({ url: this.url, targets: this.targets });
  }
}

function gossip(self: Peer): types.input.networking.v1.NetworkPolicyPeer[] {
  return [{ podSelector: { matchLabels: { "app.kubernetes.io/name": self.app } } }];
}

const gossipPorts = [
  { protocol: "TCP", port: 9094 },
  { protocol: "UDP", port: 9094 },
];

function secretFileContents(args: AlertmanagerArgs): Record<string, pulumi.Input<string>> {
  const contents: Record<string, pulumi.Input<string>> = {};
  for (const key of ["smtpPassword", "slackWebhookUrl", "deadMansSwitchUrl"] as const) {
    const value = args[key];
    if (value !== undefined) contents[secretFiles[key]] = value;
  }
  return contents;
}

/** The ports of the mail server and of every address that is told of alerts, ascending. */
function receiverPorts(args: AlertmanagerArgs): pulumi.Output<number[]> {
  // Most are reached by HTTPS.
  const ports = new Set([443]);
  const hasMail = args.receivers.some((receiver: ReceiverSettings) => receiver.email);
  if (hasMail && !args.mailServer) ports.add(Number(args.smtp.smarthost.split(":").at(-1)));
  for (const { webhook } of args.receivers) {
    if (!webhook) continue;
    ports.add(portOf(webhook.url));
  }
  // The port of a secret address tells nobody anything: as a secret, it would hide the whole policy in every diff.
  const secret = [args.slackWebhookUrl, args.deadMansSwitchUrl].flatMap((url) =>
    url === undefined ? [] : [pulumi.unsecret(pulumi.output(url).apply(portOf))],
  );
  return pulumi.all(secret).apply((more) => [...new Set([...ports, ...more])].sort((a, b) => a - b));
}

function portOf(address: string): number {
  const { port, protocol } = new URL(address);
  return Number(port || (protocol === "https:" ? 443 : 80));
}
