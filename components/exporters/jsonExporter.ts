import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ResourceSettings } from "../../config/settings";
import type { Contribution } from "../contribution";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowTo, type Peer } from "../kubernetes/networkPolicy";
import { Workload } from "../kubernetes/workload";
import { endpointsScrapeJob } from "../scrapeJobs";
import { imageReference, imageVersion } from "../versions";
import { exporterContainer } from "./container";
import type { LogstashPipeline } from "../logstash";
import { jsonExporterConfiguration } from "./jsonExporterModules";

export interface JsonExporterArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** Logstash's pipelines to report on. Without, Logstash is not asked. */
  logstashPipelines?: LogstashPipeline[];
  /** Whether Filebeat is asked. @default false */
  filebeat?: boolean;
  /** How the log index is asked; without, it is not. */
  logIndex?: {
    /** User of Elasticsearch who may search the index. */
    username: string;
    password: pulumi.Input<string>;
    /** Certificate of the authority that signed the cluster's own, PEM. */
    caPem: pulumi.Input<string>;
    /** Field with the name of the service, of type keyword. @default "service" */
    serviceField?: string;
  };
  /** What it may reach: pods and their port. */
  targets: { peer: Peer; port: number }[];
  /** Who may ask it. @default Prometheus in the same namespace */
  clients?: Peer[];
  /** Over the default requests (20m, 32Mi) and limits (200m, 128Mi). */
  resources?: ResourceSettings;
}

const port = 7979;
const configurationFolder = "/etc/json-exporter";
const accessFolder = "/etc/json-exporter-access";

/** The json-exporter: asks programs that answer in JSON, and answers Prometheus. */
export class JsonExporter extends pulumi.ComponentResource {
  /** `host:port` inside the cluster. */
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: JsonExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:JsonExporter", name, {}, opts);
    const version = imageVersion("jsonExporter");
    const labels = commonLabels({ app: "json-exporter", instance: name, component: "exporter", version });
    const clients = args.clients ?? [{ app: "prometheus" }];
    const { logIndex } = args;
    const metadata = { namespace: args.namespace, labels };
    // Both without a name of their own: changed content is a new object, and so a new pod.
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      {
        metadata,
        immutable: true,
        data: {
          "config.yaml": jsonExporterConfiguration({
            logstash: args.logstashPipelines && { pipelines: args.logstashPipelines },
            filebeat: args.filebeat,
            logIndex: logIndex && {
              username: logIndex.username,
              passwordFile: `${accessFolder}/password`,
              caFile: `${accessFolder}/ca.pem`,
              serviceField: logIndex.serviceField,
            },
          }),
        },
      },
      { parent: this },
    );
    const access =
      logIndex &&
      new k8s.core.v1.Secret(
        `${name}-access`,
        { metadata, immutable: true, stringData: { password: logIndex.password, "ca.pem": logIndex.caPem } },
        { parent: this },
      );
    const workload = new Workload(
      name,
      {
        kind: "Deployment",
        namespace: args.namespace,
        app: "json-exporter",
        component: "exporter",
        version,
        user: 65534,
        ports: [{ name: "http", port }],
        volumes: [
          { name: "config", configMap: { name: configuration.metadata.name } },
          ...(access ? [{ name: "access", secret: { secretName: access.metadata.name } }] : []),
        ],
        containers: [
          {
            name: "json-exporter",
            image: imageReference("jsonExporter"),
            args: [
              `--config.file=${configurationFolder}/config.yaml`,
              `--web.listen-address=:${port}`,
              "--log.format=json",
            ],
            volumeMounts: [
              { name: "config", mountPath: configurationFolder, readOnly: true },
              ...(access ? [{ name: "access", mountPath: accessFolder, readOnly: true }] : []),
            ],
            ...exporterContainer({ port, healthPath: "/metrics", resources: args.resources }),
          },
        ],
        ingress: clients.length > 0 ? [allowFrom(clients, [port])] : [],
        egress: args.targets.map(({ peer, port: targetPort }) => allowTo([peer], [targetPort])),
      },
      { parent: this },
    );
    this.address = pulumi.interpolate`${workload.host}:${port}`;
    this.registerOutputs({ address: this.address });
  }
}

/** `host:port` under which the json-exporter of this name is reached inside the cluster. */
export function jsonExporterAddress(args: { name: string; namespace: string }): string {
  return `${args.name}.${args.namespace}.svc:${port}`;
}

/** What the json-exporter contributes: itself as a target. The probes are contributed by what is probed. */
export function jsonExporterContribution(args: { name: string; namespace: string }): Contribution {
  return {
    scrapeJobs: [
      endpointsScrapeJob({ job: args.name, namespace: args.namespace, service: args.name, port: "http" }),
    ],
  };
}
