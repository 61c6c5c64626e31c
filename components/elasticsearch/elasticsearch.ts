import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Quantity, ResourceSettings } from "../../config/settings";
import { Certificate, CertificateAuthority, type CertificateFiles } from "../certificates";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowTo, allowToAnywhere, type Peer } from "../kubernetes/networkPolicy";
import { Workload } from "../kubernetes/workload";
import { imageVersion } from "../versions";
import {
  certificateFiles,
  configurationFiles,
  httpPort,
  initialMasterNodes,
  probeFiles,
  type SnapshotStore,
  transportPort,
} from "./configuration";
import { configureContainer, elasticsearchContainer, podVolumes } from "./pod";

export interface ElasticsearchArgs {
  /** Namespace it runs in; must exist. Its pods address each other by it. */
  namespace: string;
  /**
   * Nodes, all of them alike; odd, so that more than half can always agree. More may join at any time. Fewer: first
   * take those that go, the highest numbers, out of the vote with `POST /_cluster/voting_config_exclusions` and off
   * their shards, or the rest cannot elect a master. @default 1
   */
  replicas?: number;
  /** Certificate of the HTTP interface, with `elasticsearchDnsNames` as its names. A new one needs no restart. */
  certificate: CertificateFiles;
  /** @default "bilten-cluster" */
  clusterName?: string;
  /** Volume of each node. @default "10Gi" */
  volumeSize?: Quantity;
  /** @default the cluster's default StorageClass */
  storageClass?: string;
  /**
   * Leave the volumes when the StatefulSet is deleted; a new one of the same name takes them over. Deleting the
   * namespace deletes the claims all the same, and then it is the StorageClass' reclaimPolicy that decides about the
   * data: to outlive the namespace, it must be Retain, or the namespace be left as well. @default true
   */
  keepVolumes?: boolean;
  /** Memory of each node, requested and at most; the heap is half of it. @default "2Gi" */
  memory?: Quantity;
  /** Map index files into memory: faster, where the nodes have vm.max_map_count >= 262144. @default false */
  mmap?: boolean;
  /** Store of the snapshots. Opens the way to it, on `port`. */
  snapshotStore?: SnapshotStore & {
    /** Both or none; none asks the node's or service account's role. */
    accessKey?: pulumi.Input<string>;
    secretKey?: pulumi.Input<string>;
    /** @default 443 */
    port?: number;
  };
  /** Who may use the HTTP interface. @default the stack's own parts that read, write or measure */
  clients?: Peer[];
  /** Processors over the default request (500m) and limit (2); its memory is `memory`. */
  resources?: ResourceSettings;
}

const defaultClients = [
  "elasticsearch-setup",
  "logstash",
  "kibana",
  "grafana",
  "elasticsearch-exporter",
  "jaeger",
].map((app) => ({ app }));

/**
 * An Elasticsearch cluster with TLS and logins on every interface. Certificates are renewed without a restart; all
 * else that changes restarts one node after the other, each when the cluster has the one before back.
 */
export class Elasticsearch extends pulumi.ComponentResource {
  /** Address inside the cluster, https. */
  readonly url: pulumi.Output<string>;
  /**
   * Password of the superuser `elastic`, for the set-up step alone; a secret. It holds as long as nobody sets another
   * through the API.
   */
  readonly elasticPassword: pulumi.Output<string>;

  /** @throws when the memory is too little or too much, or only one of the store's keys is given. */
  constructor(name: string, args: ElasticsearchArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Elasticsearch", name, {}, opts);
    const child = { parent: this };
    const { namespace, replicas = 1, memory = "2Gi", snapshotStore: store } = args;
    if ((store?.accessKey === undefined) !== (store?.secretKey === undefined)) {
      throw new Error(
        `Elasticsearch "${name}": snapshotStore has one of accessKey and secretKey; give both or none.`,
      );
    }
    const version = imageVersion("elasticsearch");
    const labels = commonLabels({ app: "elasticsearch", instance: name, component: "logs", version });
    const metadata = { namespace, labels };
    const headlessHost = `${name}-headless.${namespace}.svc`;

    const elasticPassword = new random.RandomPassword(
      `${name}-elastic-password`,
      { length: 32, special: false },
      child,
    );
    const probePassword = new random.RandomPassword(
      `${name}-probe-password`,
      { length: 32, special: false },
      child,
    );
    // Named by Pulumi and immutable: changed content is a new object, and so new pods.
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      {
        metadata,
        immutable: true,
        data: configurationFiles({
          clusterName: args.clusterName ?? "bilten-cluster",
          headlessHost,
          memory,
          mmap: args.mmap,
          snapshotStore: store,
        }),
      },
      child,
    );
    const probe = new k8s.core.v1.Secret(
      `${name}-probe`,
      {
        metadata,
        immutable: true,
        stringData: pulumi
          .all([probePassword.result, probePassword.bcryptHash])
          .apply(([password, hash]) => probeFiles(password, hash)),
      },
      child,
    );
    const secureSettings = new k8s.core.v1.Secret(
      `${name}-secure-settings`,
      {
        metadata,
        immutable: true,
        stringData: {
          "bootstrap.password": elasticPassword.result,
          ...(store?.accessKey !== undefined &&
            store.secretKey !== undefined && {
              "s3.client.default.access_key": store.accessKey,
              "s3.client.default.secret_key": store.secretKey,
            }),
        },
      },
      child,
    );
    // Fixed names: the pods keep these mounted while their content changes.
    const bootstrap = new k8s.core.v1.ConfigMap(
      `${name}-bootstrap`,
      {
        metadata: { ...metadata, name: `${name}-bootstrap` },
        data: { "initial-master-nodes": initialMasterNodes(name, replicas) },
      },
      child,
    );
    const certificateSecret = (part: string, files: CertificateFiles) =>
      new k8s.core.v1.Secret(
        `${name}-${part}`,
        {
          metadata: { ...metadata, name: `${name}-${part}` },
          stringData: {
            [certificateFiles.certPem]: files.certPem,
            [certificateFiles.keyPem]: pulumi.secret(files.keyPem),
            [certificateFiles.caPem]: files.caPem,
          },
        },
        child,
      );
    const httpCertificate = certificateSecret("http-certificate", args.certificate);
    // An authority of its own, because whoever has a certificate of it can be a node.
    const transportCertificate = certificateSecret(
      "transport-certificate",
      new Certificate(
        `${name}-transport`,
        {
          authority: new CertificateAuthority(`${name}-transport-authority`, {}, child),
          commonName: `${name}-node`,
          dnsNames: [`*.${headlessHost}`],
          uses: ["server", "client"],
        },
        child,
      ),
    );

    const self: Peer = { app: "elasticsearch" };
    const workload = new Workload(
      name,
      {
        kind: "StatefulSet",
        namespace,
        app: "elasticsearch",
        component: "logs",
        version,
        replicas,
        user: 1000,
        ports: [
          { name: "https", port: httpPort },
          { name: "transport", port: transportPort },
        ],
        volumeClaim: { name: "data", size: args.volumeSize ?? "10Gi", storageClass: args.storageClass },
        volumeRetention: {
          whenDeleted: (args.keepVolumes ?? true) ? "Retain" : "Delete",
          whenScaled: "Retain",
        },
        volumes: podVolumes({
          configuration: configuration.metadata.name,
          bootstrap: bootstrap.metadata.name,
          probe: probe.metadata.name,
          secureSettings: secureSettings.metadata.name,
          httpCertificate: httpCertificate.metadata.name,
          transportCertificate: transportCertificate.metadata.name,
        }),
        initContainers: [configureContainer()],
        containers: [elasticsearchContainer(memory, args.resources)],
        // Two nodes lost with one machine are more than a cluster of three can lose.
        oneByNode: replicas > 1,
        // After all nodes stopped, the first is ready only when others have started.
        parallel: true,
        ingress: [allowFrom(args.clients ?? defaultClients, [httpPort]), allowFrom([self], [transportPort])],
        egress: [allowTo([self], [transportPort]), ...(store ? [allowToAnywhere([store.port ?? 443])] : [])],
        terminationGracePeriodSeconds: 120,
        // Each node may take as long as the readiness script waits for the cluster.
        readyTimeout: `${10 + 12 * replicas}m`,
      },
      { parent: this, dependsOn: [bootstrap, httpCertificate, transportCertificate] },
    );
    this.url = pulumi.interpolate`https://${workload.host}:${httpPort}`;
    this.elasticPassword = pulumi.secret(elasticPassword.result);
    this.registerOutputs({ url: this.url, elasticPassword: this.elasticPassword });
  }
}
