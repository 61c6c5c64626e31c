import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { LogSettings } from "../config/logSettings";
import type { Duration, ResourceSettings, WorkloadName } from "../config/settings";
import { Certificate, CertificateAuthority } from "./certificates";
import { Elasticsearch, elasticsearchDnsNames } from "./elasticsearch";
import {
  ElasticsearchSetup,
  KibanaSetup,
  programUsers,
  s3Snapshots,
  type ProgramUser,
} from "./elasticsearchSetup";
import { ElasticsearchExporter } from "./exporters/elasticsearchExporter";
import { JsonExporter } from "./exporters/jsonExporter";
import { statisticsPorts } from "./exporters/logProbes";
import { Filebeat } from "./filebeat";
import { Kibana, savedObjects } from "./kibana";
import { Logstash, logstashHosts, logstashPipelines, type LoggedService } from "./logstash";
import { partNames } from "./partNames";

export interface LogPipelineArgs {
  /** Namespace of all but Filebeat; must exist. */
  namespace: string;
  /** Namespace of Filebeat, which reads the nodes' files; must exist, with Pod Security level `privileged`. */
  hostNamespace: string;
  logs: LogSettings;
  /** Services with a pipeline and a queue of their own in Logstash. */
  services: LoggedService[];
  /** Whether Jaeger keeps its traces here, too. @default false */
  traces?: boolean;
  /** Prometheus' own. @default "15s" */
  scrapeInterval?: Duration;
  /** @default the cluster's default StorageClass */
  storageClass?: string;
  /** Of `logs.snapshots`; both or none. */
  snapshotAccessKey?: pulumi.Input<string>;
  snapshotSecretKey?: pulumi.Input<string>;
  /** Requests and limits by workload, over the components' own. */
  resources?: Partial<Record<WorkloadName, ResourceSettings>>;
}

/**
 * The way of a log line: Filebeat on every node, Logstash, Elasticsearch with what it has to hold put in place, Kibana,
 * and the exporters that watch them. Every connection is encrypted; each program has a user of its own.
 */
export class LogPipeline extends pulumi.ComponentResource {
  /** Addresses inside the cluster, by part. */
  readonly urls: Record<"elasticsearch" | "kibana", pulumi.Output<string>>;
  /** Password of Elasticsearch's superuser `elastic`, who can log in to Kibana; a secret. */
  readonly elasticPassword: pulumi.Output<string>;
  /** Certificate of the authority that signed Elasticsearch's; no secret. */
  readonly caPem: pulumi.Output<string>;
  /** Passwords of the programs that use Elasticsearch; secrets. */
  readonly passwords: Record<ProgramUser, pulumi.Output<string>>;

  constructor(name: string, args: LogPipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:LogPipeline", name, {}, opts);
    const child = { parent: this };
    const { namespace, hostNamespace, logs, storageClass, resources = {} } = args;
    const of = (app: string, inNamespace?: string) => ({ app, namespace: inNamespace });
    const { elasticsearch: cluster, logstash: intake, snapshots } = logs;

    const authority = new CertificateAuthority(`${name}-authority`, {}, child);
    const certificate = (part: string, dnsNames: string[], use: "server" | "client") =>
      new Certificate(`${name}-${part}`, { authority, commonName: part, dnsNames, uses: [use] }, child);
    this.caPem = authority.caPem;
    this.passwords = Object.fromEntries(
      programUsers.map((user) => [
        user,
        pulumi.secret(
          new random.RandomPassword(
            `${name}-${user.replaceAll("_", "-")}-password`,
            { length: 32, special: false },
            child,
          ).result,
        ),
      ]),
    ) as Record<ProgramUser, pulumi.Output<string>>;

    const elasticsearch = new Elasticsearch(
      partNames.elasticsearch,
      {
        namespace,
        ...cluster,
        storageClass,
        certificate: certificate(
          partNames.elasticsearch,
          elasticsearchDnsNames(partNames.elasticsearch, namespace),
          "server",
        ),
        snapshotStore: snapshots && {
          ...snapshots,
          accessKey: args.snapshotAccessKey,
          secretKey: args.snapshotSecretKey,
          port: snapshots.endpoint === undefined ? undefined : portOf(snapshots.endpoint),
        },
        clients: [
          ...[partNames.elasticsearchSetup, partNames.logstash, partNames.kibana, partNames.grafana],
          ...[partNames.elasticsearchExporter, partNames.jsonExporter, partNames.blackboxExporter],
          ...(args.traces ? [partNames.jaeger] : []),
        ].map((app) => of(app)),
        resources: resources.elasticsearch,
      },
      child,
    );
    this.elasticPassword = elasticsearch.elasticPassword;
    const { url } = elasticsearch;
    const { caPem, passwords } = this;
    const setup = new ElasticsearchSetup(
      partNames.elasticsearchSetup,
      {
        namespace,
        url,
        caPem,
        password: elasticsearch.elasticPassword,
        passwords,
        retention: logs.retention,
        nodes: cluster.replicas,
        snapshots: snapshots && s3Snapshots(snapshots),
      },
      { ...child, dependsOn: elasticsearch },
    );
    const afterSetup = { ...child, dependsOn: setup };

    const kibana = new Kibana(
      partNames.kibana,
      {
        namespace,
        elasticsearchUrl: url,
        caPem,
        password: passwords.kibana_system,
        externalUrl: logs.kibana.externalUrl,
        memory: logs.kibana.memory,
        resources: resources.kibana,
      },
      afterSetup,
    );
    new KibanaSetup(
      partNames.kibanaSetup,
      { namespace, url: kibana.url, password: elasticsearch.elasticPassword, objects: savedObjects() },
      { ...child, dependsOn: kibana },
    );
    const hosts = logstashHosts({ name: partNames.logstash, namespace, replicas: intake.replicas });
    const logstash = new Logstash(
      partNames.logstash,
      {
        namespace,
        services: args.services,
        otherMaxLinesPerSecond: intake.otherMaxLinesPerSecond,
        redactions: logs.redactions,
        replicas: intake.replicas,
        volumeSize: intake.volumeSize,
        queueSize: intake.queueSize,
        deadLetterQueueSize: intake.deadLetterQueueSize,
        storageClass,
        certificate: certificate(partNames.logstash, hosts, "server"),
        elasticsearch: {
          url: elasticsearchUrl(namespace),
          caPem,
          password: passwords.bilten_logstash,
        },
        senders: [of(partNames.filebeat, hostNamespace), of(partNames.blackboxExporter)],
        clients: [of(partNames.jsonExporter)],
        // Its memory is a setting of its own: the heap and the volume's share follow from it.
        resources: withMemory(resources.logstash, intake.memory),
      },
      afterSetup,
    );
    new Filebeat(
      partNames.filebeat,
      {
        namespace: hostNamespace,
        namespaces: logs.namespaces,
        logstashHosts: logstash.hosts,
        certificate: certificate(partNames.filebeat, [], "client"),
        logstash: of(partNames.logstash, namespace),
        clients: [of(partNames.jsonExporter, namespace)],
        resources: resources.filebeat,
      },
      { ...child, dependsOn: logstash },
    );

    new ElasticsearchExporter(
      partNames.elasticsearchExporter,
      {
        namespace,
        elasticsearch: { url, username: "bilten_exporter", password: passwords.bilten_exporter, caPem },
        scrapeInterval: args.scrapeInterval,
        snapshots: snapshots !== undefined,
        resources: resources["elasticsearch-exporter"],
      },
      afterSetup,
    );
    new JsonExporter(
      partNames.jsonExporter,
      {
        namespace,
        logstashPipelines: logstashPipelines(args.services),
        filebeat: true,
        logIndex: { username: "bilten_json_exporter", password: passwords.bilten_json_exporter, caPem },
        targets: [
          { peer: of(partNames.logstash), port: statisticsPorts.logstash },
          { peer: of(partNames.filebeat, hostNamespace), port: statisticsPorts.filebeat },
          { peer: of(partNames.elasticsearch), port: 9200 },
        ],
        resources: resources["json-exporter"],
      },
      afterSetup,
    );

    this.urls = { elasticsearch: url, kibana: kibana.url };
    this.registerOutputs({ urls: this.urls, elasticPassword: this.elasticPassword, caPem: this.caPem });
  }
}

/** Elasticsearch's address inside the cluster. */
export function elasticsearchUrl(namespace: string): string {
  return `https://${partNames.elasticsearch}.${namespace}.svc:9200`;
}

function portOf(endpoint: string): number {
  const { port, protocol } = new URL(endpoint);
  return Number(port || (protocol === "http:" ? 80 : 443));
}

function withMemory(resources: ResourceSettings = {}, memory: string): ResourceSettings {
  return {
    requests: { ...resources.requests, memory },
    limits: { ...resources.limits, memory },
  };
}
