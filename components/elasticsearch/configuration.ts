import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { heapBytes } from "../../config/logCapacity";
import type { Quantity } from "../../config/settings";

/** Where the containers find what the component mounts. */
export const paths = {
  config: "/usr/share/elasticsearch/config",
  data: "/usr/share/elasticsearch/data",
  logs: "/usr/share/elasticsearch/logs",
  httpCertificates: "/usr/share/elasticsearch/config/certificates/http",
  transportCertificates: "/usr/share/elasticsearch/config/certificates/transport",
  scripts: "/mnt/scripts",
  bootstrap: "/mnt/bootstrap",
  probe: "/mnt/probe",
  /** These four are the init container's alone. */
  newConfig: "/mnt/config",
  settings: "/mnt/settings",
  users: "/mnt/users",
  secureSettings: "/mnt/secure-settings",
} as const;

export const httpPort = 9200;
export const transportPort = 9300;

/** Names of the files of a certificate's Secret. */
export const certificateFiles = { certPem: "tls.crt", keyPem: "tls.key", caPem: "ca.crt" } as const;

/** The user of the readiness probe. It is in files, so that it can log in while the index of users is not there. */
export const probeUser = "bilten_probe";

/** A store with S3's interface, for the snapshot repository. */
export interface SnapshotStore {
  region?: string;
  /** Address of the store when it is not AWS. */
  endpoint?: string;
  /** Bucket in the path instead of the host name. @default false */
  pathStyleAccess?: boolean;
}

export interface ElasticsearchSettingsArgs {
  clusterName: string;
  /** Name of the headless Service, `<service>.<namespace>.svc`. */
  headlessHost: string;
  /** Maps index files into memory. @default false */
  mmap?: boolean;
  snapshotStore?: SnapshotStore;
}

/**
 * elasticsearch.yml. `${...}` is replaced by Elasticsearch from its environment.
 *
 * `cluster.initial_master_nodes` is not here, because it belongs to the first start alone: see scripts/start.sh. Nor
 * is `discovery.type: single-node`, even for one node: such a node lets no other join, and a rolling update from one
 * node to three would wait for the new ones for ever before it restarts the first.
 */
export function elasticsearchSettings(args: ElasticsearchSettingsArgs): Record<string, unknown> {
  const certificates = (layer: string, directory: string) => ({
    [`xpack.security.${layer}.ssl.enabled`]: true,
    [`xpack.security.${layer}.ssl.certificate`]: `${directory}/${certificateFiles.certPem}`,
    [`xpack.security.${layer}.ssl.key`]: `${directory}/${certificateFiles.keyPem}`,
    [`xpack.security.${layer}.ssl.certificate_authorities`]: [`${directory}/${certificateFiles.caPem}`],
  });
  return {
    "cluster.name": args.clusterName,
    "node.name": "${POD_NAME}",
    "network.host": "0.0.0.0",
    // A pod's address is what other pods see; the first address of the machine need not be it.
    "network.publish_host": "${POD_IP}",
    "http.port": httpPort,
    "transport.port": transportPort,
    // Answers with the addresses of all pods, ready or not.
    "discovery.seed_hosts": [args.headlessHost],
    "node.attr.zone": "${ZONE}",
    "cluster.routing.allocation.awareness.attributes": "zone",
    "path.data": paths.data,
    "path.logs": paths.logs,
    // Without it the nodes of Kubernetes need a raised vm.max_map_count, which only a privileged pod could set.
    "node.store.allow_mmap": args.mmap ?? false,
    "xpack.security.enabled": true,
    // Would generate certificates and passwords of its own.
    "xpack.security.autoconfiguration.enabled": false,
    ...certificates("http", paths.httpCertificates),
    ...certificates("transport", paths.transportCertificates),
    // The nodes share a certificate; nothing else has one of its authority, so names tell nothing more.
    "xpack.security.transport.ssl.verification_mode": "certificate",
    "xpack.security.authc.realms.file.probe.order": -100,
    "xpack.security.authc.realms.native.users.order": -99,
    // Neither is used. One needs memory, the other the internet.
    "xpack.ml.enabled": false,
    "ingest.geoip.downloader.enabled": false,
    ...snapshotSettings(args.snapshotStore),
  };
}

function snapshotSettings(store: SnapshotStore | undefined): Record<string, unknown> {
  if (!store) return {};
  return {
    ...(store.region && { "s3.client.default.region": store.region }),
    ...(store.endpoint && { "s3.client.default.endpoint": store.endpoint }),
    "s3.client.default.path_style_access": store.pathStyleAccess ?? false,
  };
}

/**
 * Options of Java for a node with so much memory: a heap of a fixed size, half of it.
 * @throws when less than 1Gi, with which Elasticsearch does not start reliably, or more than 62Gi.
 */
export function jvmOptions(memory: Quantity): string {
  const heap = Math.floor(heapBytes(memory) / 2 ** 20);
  if (heap < 512 || heap > 31 * 1024) {
    throw new Error(
      `Elasticsearch: memory is ${memory}; give at least 1Gi and at most 62Gi. Half of it is the heap, and above 31Gi ` +
        "Java needs more bytes for each reference.",
    );
  }
  return [
    `-Xms${heap}m`,
    `-Xmx${heap}m`,
    // The image logs every collection to 2 GiB of files, and dumps the heap to the data's volume.
    "-Xlog:disable",
    "-Xlog:all=warning:stderr:utctime,level,tags",
    "-XX:-HeapDumpOnOutOfMemoryError",
    // What the image's own start script sets: a container sees its control group as the root.
    "-Des.cgroups.hierarchy.override=/",
    "",
  ].join("\n");
}

/** Names of the pods that found the cluster, as in `cluster.initial_master_nodes`. */
export function initialMasterNodes(name: string, replicas: number): string {
  return Array.from({ length: replicas }, (_, index) => `${name}-${index}`).join(",");
}

/** The names under which clients and the probe reach the nodes, for the HTTP certificate. */
export function elasticsearchDnsNames(name: string, namespace: string): string[] {
  return [
    "localhost",
    name,
    `${name}.${namespace}`,
    `${name}.${namespace}.svc`,
    `${name}.${namespace}.svc.cluster.local`,
  ];
}

/** Files of the ConfigMap: settings for scripts/configure.sh, and the scripts. */
export function configurationFiles(
  args: ElasticsearchSettingsArgs & { memory: Quantity },
): Record<string, string> {
  return {
    "elasticsearch.yml": stringify(elasticsearchSettings(args), { lineWidth: 0 }),
    "bilten.options": jvmOptions(args.memory),
    "roles.yml": stringify({ [probeUser]: { cluster: ["monitor"] } }),
    ...Object.fromEntries(scriptNames.map((name) => [name, script(name)])),
  };
}

export const scriptNames = ["configure.sh", "start.sh", "ready.sh"] as const;

function script(name: (typeof scriptNames)[number]): string {
  return readFileSync(join(__dirname, "scripts", name), "utf8");
}

/** Files of the file realm, and the password as curl reads it. */
export function probeFiles(password: string, passwordHash: string): Record<string, string> {
  return {
    users: `${probeUser}:${passwordHash}\n`,
    users_roles: `${probeUser}:${probeUser}\n`,
    curlrc: `user = "${probeUser}:${password.replace(/["\\]/g, "\\$&")}"\n`,
  };
}
