import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Duration, Quantity, RemoteWriteSettings, ResourceSettings } from "../../config/settings";
import type { RuleGroup, ScrapeJob } from "../contribution";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowToAnywhere, apiServerPorts, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { imageReference, imageVersion } from "../versions";
import { paths, prometheusConfiguration, prometheusFlags, ruleFiles } from "./configuration";

export interface PrometheusArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** External label `cluster`. */
  clusterName: string;
  /** External label `environment`. */
  environment: string;
  /** What to scrape. */
  scrapeJobs: ScrapeJob[];
  /** Namespaces in which scrape jobs discover pods, services and endpoints; it may read just those. */
  discoveryNamespaces: pulumi.Input<string>[];
  /** Recording and alerting rules. */
  ruleGroups: RuleGroup[];
  /** `host:port` of every Alertmanager. */
  alertmanagers: string[];
  /** Each replica scrapes and evaluates everything. @default 1 */
  replicas?: number;
  /** @default "15s" */
  scrapeInterval?: Duration;
  /** @default "15s" */
  evaluationInterval?: Duration;
  /** Samples older than this are deleted. @default "15d" */
  retention?: Duration;
  /** The oldest samples are deleted beyond this size; keep it under the volume's. @default "8Gi" */
  retentionSize?: Quantity;
  /** @default "10Gi" */
  volumeSize?: Quantity;
  /** @default the cluster's default StorageClass */
  storageClass?: string;
  /** Address at which people reach it, for links. @default "http://localhost:9090" */
  externalUrl?: string;
  /** Copies all samples to another store, for users who outgrow one Prometheus. */
  remoteWrite?: RemoteWriteSettings;
  /** Password of `remoteWrite.username`. */
  remoteWritePassword?: pulumi.Input<string>;
  /** Who may query it besides Prometheus itself. @default [] */
  clients?: Peer[];
  /** Over the default requests (200m, 512Mi) and limits (1, 2Gi). */
  resources?: ResourceSettings;
}

const user = 65534;

/** Prometheus with its configuration and rules, which it reloads by itself when they change. */
export class Prometheus extends pulumi.ComponentResource {
  /** Address inside the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Prometheus", name, {}, opts);
    const child = { parent: this };
    const version = imageVersion("prometheus");
    const labels = commonLabels({ app: "prometheus", instance: name, component: "metrics", version });
    // Fixed names: the pods keep these mounted while their content changes, and reload it.
    const names = { configuration: `${name}-config`, rules: `${name}-rules` };
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      {
        metadata: { name: names.configuration, namespace: args.namespace, labels },
        data: {
          "prometheus.yaml": prometheusConfiguration({
            ...args,
            scrapeInterval: args.scrapeInterval ?? "15s",
            evaluationInterval: args.evaluationInterval ?? "15s",
            retention: args.retention ?? "15d",
            retentionSize: args.retentionSize ?? "8Gi",
          }),
        },
      },
      child,
    );
    const rules = new k8s.core.v1.ConfigMap(
      `${name}-rules`,
      {
        metadata: { name: names.rules, namespace: args.namespace, labels },
        data: ruleFiles(args.ruleGroups),
      },
      child,
    );
    const secret =
      args.remoteWritePassword === undefined
        ? undefined
        : new k8s.core.v1.Secret(
            `${name}-secrets`,
            {
              metadata: { namespace: args.namespace, labels },
              immutable: true,
              stringData: { "remote-write-password": args.remoteWritePassword },
            },
            child,
          );

    const mounts: types.input.core.v1.VolumeMount[] = [
      { name: "config", mountPath: paths.configuration, readOnly: true },
      { name: "rules", mountPath: paths.rules, readOnly: true },
      { name: "data", mountPath: paths.data },
    ];
    const volumes: types.input.core.v1.Volume[] = [
      { name: "config", configMap: { name: names.configuration } },
      { name: "rules", configMap: { name: names.rules } },
    ];
    if (secret) {
      mounts.push({ name: "secrets", mountPath: paths.secrets, readOnly: true });
      volumes.push({ name: "secrets", secret: { secretName: secret.metadata.name } });
    }
    const discovery = [
      { apiGroups: [""], resources: ["services", "pods"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
    ];

    const workload = new Workload(
      name,
      {
        kind: "StatefulSet",
        namespace: args.namespace,
        app: "prometheus",
        component: "metrics",
        version,
        replicas: args.replicas,
        parallel: true,
        user,
        ports: [{ name: "http", port: 9090 }],
        volumeClaim: {
          name: "data",
          size: args.volumeSize ?? "10Gi",
          storageClass: args.storageClass,
        },
        volumes,
        containers: [
          {
            name: "prometheus",
            image: imageReference("prometheus"),
            args: prometheusFlags(args.externalUrl ?? "http://localhost:9090"),
            env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
            ports: [{ name: "http", containerPort: 9090 }],
            volumeMounts: mounts,
            // Replaying the write-ahead log of a large instance takes minutes.
            startupProbe: {
              httpGet: { path: "/-/ready", port: "http" },
              periodSeconds: 5,
              failureThreshold: 180,
            },
            readinessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 5 },
            livenessProbe: {
              httpGet: { path: "/-/healthy", port: "http" },
              periodSeconds: 10,
              failureThreshold: 6,
            },
            resources: resourcesOver(
              { requests: { cpu: "200m", memory: "512Mi" }, limits: { cpu: "1", memory: "2Gi" } },
              args.resources,
            ),
          },
        ],
        apiAccess: {
          namespacedRules: { namespaces: args.discoveryNamespaces, rules: discovery },
          clusterRules: [
            { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
            { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
          ],
        },
        ingress: [allowFrom([{ app: "prometheus" }, ...(args.clients ?? [])], [9090])],
        egress: [
          // Targets are in every namespace and on any port.
          { to: [{ namespaceSelector: {} }] },
          // The API server, kubelets and node-exporters have node addresses.
          allowToAnywhere([...apiServerPorts, 10250, 9100, ...remoteWritePorts(args.remoteWrite)]),
        ],
        // Time to write out what is in memory.
        terminationGracePeriodSeconds: 300,
        readyTimeout: "15m",
      },
      { parent: this, dependsOn: [configuration, rules] },
    );
    this.url = pulumi.interpolate`http://${workload.host}:9090`;
    this.registerOutputs({ url: this.url });
  }
}

function remoteWritePorts(remoteWrite: RemoteWriteSettings | undefined): number[] {
  if (!remoteWrite) return [];
  const url = new URL(remoteWrite.url);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  return apiServerPorts.includes(port) ? [] : [port];
}
