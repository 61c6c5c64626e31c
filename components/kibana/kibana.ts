import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Quantity, ResourceSettings } from "../../config/settings";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowTo, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { imageReference, imageVersion } from "../versions";
import { basePath, kibanaPort, nodeOptions, paths, secretSettings, settingsFile } from "./configuration";

export interface KibanaArgs {
  /** Namespace it runs in; must exist. */
  namespace: string;
  /** Elasticsearch's address inside the cluster, https. */
  elasticsearchUrl: pulumi.Input<string>;
  /** Certificate of the authority that signed Elasticsearch's; a new one restarts Kibana. */
  caPem: pulumi.Input<string>;
  /** Password of Elasticsearch's user `kibana_system`. */
  password: pulumi.Input<string>;
  /** Where people reach it; a path in it is passed on by the ingress. @default "http://localhost:5601" */
  externalUrl?: string;
  /** @default 1 */
  replicas?: number;
  /** Memory, requested and at most; two thirds are the heap. @default "1536Mi" */
  memory?: Quantity;
  /** Elasticsearch as it may be reached. @default { app: "elasticsearch" } in the same namespace */
  elasticsearch?: Peer;
  /** Who may open it besides the set-up step, such as an ingress controller. @default [] */
  allowIngressFrom?: Peer[];
  /** The set-up step, which puts the saved objects in place. @default { app: "kibana-setup" } */
  setup?: Peer;
  /** Processors over the default request (200m) and limit (1); its memory is `memory`. */
  resources?: ResourceSettings;
}

/**
 * Kibana. It keeps nothing itself: its objects are in Elasticsearch, and the keys that encrypt some of them in the
 * stack's state.
 */
export class Kibana extends pulumi.ComponentResource {
  /** Address inside the cluster, with the base path. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: KibanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Kibana", name, {}, opts);
    const child = { parent: this };
    const version = imageVersion("kibana");
    const labels = commonLabels({ app: "kibana", instance: name, component: "logs", version });
    const metadata = { namespace: args.namespace, labels };
    const externalUrl = args.externalUrl ?? "http://localhost:5601";
    const memory = args.memory ?? "1536Mi";

    const key = (part: string) =>
      new random.RandomPassword(`${name}-${part}-key`, { length: 64, special: false }, child).result;
    // Named by Pulumi and immutable: changed content is a new object, and so a new pod.
    const settings = new k8s.core.v1.ConfigMap(
      `${name}-settings`,
      {
        metadata,
        immutable: true,
        data: {
          "kibana.yml": pulumi
            .output(args.elasticsearchUrl)
            .apply((elasticsearchUrl) => settingsFile({ name, externalUrl, elasticsearchUrl })),
        },
      },
      child,
    );
    const secrets = new k8s.core.v1.Secret(
      `${name}-secrets`,
      {
        metadata,
        immutable: true,
        stringData: {
          "kibana.yml": pulumi
            .secret({
              password: args.password,
              savedObjectsKey: key("saved-objects"),
              sessionKey: key("session"),
              reportingKey: key("reporting"),
            })
            .apply(secretSettings),
          "ca.crt": args.caPem,
        },
      },
      child,
    );
    const probePath = `${basePath(externalUrl)}/api/status`;
    const workload = new Workload(
      name,
      {
        kind: "Deployment",
        namespace: args.namespace,
        app: "kibana",
        component: "logs",
        version,
        replicas: args.replicas ?? 1,
        user: 1000,
        ports: [{ name: "http", port: kibanaPort }],
        volumes: [
          { name: "settings", configMap: { name: settings.metadata.name } },
          { name: "secrets", secret: { secretName: secrets.metadata.name, defaultMode: 0o440 } },
          { name: "data", emptyDir: { sizeLimit: "256Mi" } },
          { name: "logs", emptyDir: { sizeLimit: "64Mi" } },
          { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
        ],
        containers: [
          {
            name: "kibana",
            image: imageReference("kibana"),
            // Not the image's own start script, which makes arguments of environment variables.
            command: [
              ...["/bin/tini", "--", "/usr/share/kibana/bin/kibana"],
              ...["--config", paths.settings, "--config", paths.secrets],
            ],
            env: [{ name: "NODE_OPTIONS", value: nodeOptions(memory) }],
            ports: [{ name: "http", containerPort: kibanaPort }],
            volumeMounts: [
              { name: "settings", mountPath: "/mnt/settings", readOnly: true },
              { name: "secrets", mountPath: "/mnt/secrets", readOnly: true },
              { name: "data", mountPath: paths.data },
              { name: "logs", mountPath: paths.logs },
              { name: "tmp", mountPath: "/tmp" },
            ],
            // The first start of a version rewrites the saved objects.
            startupProbe: { tcpSocket: { port: "http" }, periodSeconds: 5, failureThreshold: 120 },
            // Not ready without Elasticsearch. It answers without a login, and then with the status alone.
            readinessProbe: {
              httpGet: { path: probePath, port: "http" },
              periodSeconds: 10,
              timeoutSeconds: 5,
            },
            // A restart does not bring Elasticsearch back.
            livenessProbe: {
              tcpSocket: { port: "http" },
              periodSeconds: 20,
              timeoutSeconds: 5,
              failureThreshold: 6,
            },
            resources: resourcesOver(
              { requests: { cpu: "200m", memory }, limits: { cpu: "1", memory } },
              {
                requests: { cpu: args.resources?.requests?.cpu },
                limits: { cpu: args.resources?.limits?.cpu },
              },
            ),
          },
        ],
        ingress: [
          allowFrom([args.setup ?? { app: "kibana-setup" }, ...(args.allowIngressFrom ?? [])], [kibanaPort]),
        ],
        egress: [allowTo([args.elasticsearch ?? { app: "elasticsearch" }], [9200])],
        readyTimeout: "15m",
      },
      { parent: this },
    );
    this.url = pulumi.interpolate`http://${workload.host}:${kibanaPort}${basePath(externalUrl)}`;
    this.registerOutputs({ url: this.url });
  }
}
