import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { seconds } from "../../alerts/durations";
import { elasticsearchRuleGroups, type ElasticsearchRulesArgs } from "../../alerts/elasticsearch";
import type { Duration, ResourceSettings } from "../../config/settings";
import type { Contribution } from "../contribution";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowTo, type Peer } from "../kubernetes/networkPolicy";
import { Workload } from "../kubernetes/workload";
import { endpointsScrapeJob } from "../scrapeJobs";
import { imageReference, imageVersion } from "../versions";
import { exporterContainer } from "./container";

export interface ElasticsearchExporterArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** The cluster to watch, and a user who may monitor it: nothing else is needed. */
  elasticsearch: {
    /** `https://host:port`, without user or password. */
    url: pulumi.Input<string>;
    username: pulumi.Input<string>;
    password: pulumi.Input<string>;
    /** Certificate of the authority that signed the cluster's own, PEM. */
    caPem: pulumi.Input<string>;
  };
  /** Prometheus' own: the exporter gives the cluster up before Prometheus gives it up. @default "15s" */
  scrapeInterval?: Duration;
  /** Also report on snapshots; wants a repository, and the right to read it. @default false */
  snapshots?: boolean;
  /** The pods of Elasticsearch. @default the app "elasticsearch" in the same namespace, port 9200 */
  target?: { peer: Peer; port: number };
  /** Who may scrape it. @default Prometheus in the same namespace */
  clients?: Peer[];
  /** Over the default requests (20m, 32Mi) and limits (200m, 128Mi). */
  resources?: ResourceSettings;
}

const port = 9114;
const caFolder = "/etc/elasticsearch-exporter";

/** The elasticsearch-exporter: health, shards, nodes, lifecycle and snapshots of a cluster as metrics. */
export class ElasticsearchExporter extends pulumi.ComponentResource {
  /** Address inside the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: ElasticsearchExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:ElasticsearchExporter", name, {}, opts);
    const version = imageVersion("elasticsearchExporter");
    const labels = commonLabels({
      app: "elasticsearch-exporter",
      instance: name,
      component: "exporter",
      version,
    });
    const clients = args.clients ?? [{ app: "prometheus" }];
    const target = args.target ?? { peer: { app: "elasticsearch" }, port: 9200 };
    const { username, password, caPem, url } = args.elasticsearch;
    // Without a name of its own: changed content is a new object, and so a new pod.
    const secret = new k8s.core.v1.Secret(
      `${name}-access`,
      {
        metadata: { namespace: args.namespace, labels },
        immutable: true,
        stringData: { username, password, "ca.pem": caPem },
      },
      { parent: this },
    );
    const fromSecret = (variable: string, key: string) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: secret.metadata.name, key } },
    });
    const workload = new Workload(
      name,
      {
        // One: a second one would ask the cluster everything twice.
        kind: "Deployment",
        namespace: args.namespace,
        app: "elasticsearch-exporter",
        component: "exporter",
        version,
        user: 65534,
        ports: [{ name: "http", port }],
        volumes: [
          {
            name: "ca",
            secret: { secretName: secret.metadata.name, items: [{ key: "ca.pem", path: "ca.pem" }] },
          },
        ],
        containers: [
          {
            name: "elasticsearch-exporter",
            image: imageReference("elasticsearchExporter"),
            args: elasticsearchExporterFlags({
              url,
              scrapeInterval: args.scrapeInterval,
              snapshots: args.snapshots,
            }),
            // It reads a password from a file only for targets that the caller names, and would send it to any.
            env: [fromSecret("ES_USERNAME", "username"), fromSecret("ES_PASSWORD", "password")],
            volumeMounts: [{ name: "ca", mountPath: caFolder, readOnly: true }],
            // Its own health, not the cluster's: a restart would mend nothing there.
            ...exporterContainer({ port, healthPath: "/healthz", resources: args.resources }),
          },
        ],
        ingress: clients.length > 0 ? [allowFrom(clients, [port])] : [],
        egress: [allowTo([target.peer], [target.port])],
      },
      { parent: this },
    );
    this.url = pulumi.interpolate`http://${workload.host}:${port}`;
    this.registerOutputs({ url: this.url });
  }
}

/**
 * Command-line flags. Not asked for: statistics of single indices and shards, whose number grows by the day, and the
 * health report, whose facts the other collectors have.
 */
export function elasticsearchExporterFlags(args: {
  url: pulumi.Input<string>;
  scrapeInterval?: Duration;
  snapshots?: boolean;
}): pulumi.Input<string>[] {
  // Prometheus waits 10 s, or for the interval when that is shorter.
  const timeout = Math.min(8000, 600 * seconds(args.scrapeInterval ?? "15s"));
  return [
    pulumi.interpolate`--es.uri=${args.url}`,
    `--es.ca=${caFolder}/ca.pem`,
    `--es.timeout=${timeout}ms`,
    "--es.all",
    "--es.indices_settings",
    "--collector.clustersettings",
    "--collector.ilm",
    ...(args.snapshots ? ["--collector.snapshots"] : []),
    `--web.listen-address=:${port}`,
  ];
}

export interface ElasticsearchContributionArgs extends Omit<ElasticsearchRulesArgs, "job"> {
  /** Name of the exporter. */
  name: string;
  /** Namespace of the exporter. */
  namespace: string;
}

/** What Elasticsearch contributes through its exporter: a target, and the rules that guard the cluster. */
export function elasticsearchContribution(args: ElasticsearchContributionArgs): Contribution {
  const { name, namespace, ...rules } = args;
  return {
    scrapeJobs: [endpointsScrapeJob({ job: name, namespace, service: name, port: "http" })],
    ruleGroups: elasticsearchRuleGroups({ job: name, ...rules }),
  };
}
