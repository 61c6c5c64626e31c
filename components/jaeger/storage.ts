import type { Duration, Quantity } from "../../config/settings";
import { parseDuration } from "../../config/units";
import { files, paths } from "./addresses";

/** What the Jaeger of a stack keeps its traces in. */
export type TraceStorage = BadgerStorage | ElasticsearchStorage;

/** Files on a volume of Jaeger's own. One process has them open, so there is one replica. */
export interface BadgerStorage {
  kind: "badger";
  volumeSize: Quantity;
}

/** Indices `jaeger-jaeger-span-<day>` and the like in an Elasticsearch. */
export interface ElasticsearchStorage {
  kind: "elasticsearch";
  /** `https://host:port`, without user or password. */
  url: string;
  /** @default "bilten_jaeger" */
  username?: string;
  /** Nodes of the cluster: shards are spread over them, and with more than one each has a copy. */
  nodes: number;
}

/** Name by which the parts of the configuration speak of the storage. */
export const storageName = "traces";

/** Put before the name of each index, with a hyphen. */
export const indexPrefix = "jaeger";

/** Copies of each shard besides itself. */
const copies = (nodes: number): number => (nodes > 1 ? 1 : 0);

/**
 * One backend of the extension `jaeger_storage`. Traces older than the retention are not found any more: Badger deletes
 * them, and for Elasticsearch the index cleaner does.
 */
export function storageBackend(storage: TraceStorage, retention: Duration): object {
  // Go's durations have no days.
  const age = `${parseDuration(retention)}s`;
  if (storage.kind === "badger") {
    return {
      badger: {
        directories: { keys: `${paths.data}/keys`, values: `${paths.data}/values` },
        ephemeral: false,
        ttl: { spans: age },
        maintenance_interval: "5m",
        metrics_update_interval: "10s",
      },
    };
  }
  const { url, nodes, username = "bilten_jaeger" } = storage;
  const index = (shards: number) => ({ shards, replicas: copies(nodes) });
  return {
    elasticsearch: {
      server_urls: [url],
      tls: url.startsWith("https:")
        ? { ca_file: `${paths.elasticsearch}/${files.authority}` }
        : { insecure: true },
      auth: { basic: { username, password_file: `${paths.elasticsearch}/${files.password}` } },
      max_span_age: age,
      // A day's index each, of the layout that is the default: naming it is refused from 2.20 on, and where the
      // layout is to be named instead, older versions do not know.
      indices: {
        index_prefix: indexPrefix,
        spans: index(nodes),
        services: index(1),
        dependencies: index(1),
        sampling: index(1),
      },
      bulk_processing: { workers: 2, flush_interval: "1s" },
    },
  };
}
