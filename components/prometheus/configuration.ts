import { stringify } from "yaml";
import { parseQuantity } from "../../config/units";
import type { Duration, Quantity, RemoteWriteSettings } from "../../config/settings";
import type { RuleGroup, ScrapeJob } from "../contribution";

/** Where the container finds what the component mounts. */
export const paths = {
  configuration: "/etc/prometheus/config",
  rules: "/etc/prometheus/rules",
  secrets: "/etc/prometheus/secrets",
  data: "/prometheus",
} as const;

export interface PrometheusConfigurationArgs {
  clusterName: string;
  environment: string;
  scrapeInterval: Duration;
  evaluationInterval: Duration;
  scrapeJobs: ScrapeJob[];
  /** Samples older than this are deleted. */
  retention: Duration;
  /** The oldest blocks are deleted beyond this size. */
  retentionSize: Quantity;
  /** `host:port` of every Alertmanager; each gets every alert and they deduplicate among themselves. */
  alertmanagers: string[];
  remoteWrite?: RemoteWriteSettings;
}

/**
 * prometheus.yml. The external label `prometheus_replica` tells replicas apart where samples are written to; it is
 * dropped from alerts, so that Alertmanager sees the replicas' alerts as one.
 */
export function prometheusConfiguration(args: PrometheusConfigurationArgs): string {
  return stringify(
    {
      global: {
        scrape_interval: args.scrapeInterval,
        evaluation_interval: args.evaluationInterval,
        external_labels: {
          cluster: args.clusterName,
          environment: args.environment,
          prometheus_replica: "${POD_NAME}",
        },
      },
      rule_files: [`${paths.rules}/*.yaml`],
      alerting: {
        alert_relabel_configs: [{ action: "labeldrop", regex: "prometheus_replica" }],
        alertmanagers: [{ static_configs: [{ targets: args.alertmanagers }] }],
      },
      storage: {
        tsdb: { retention: { time: args.retention, size: `${parseQuantity(args.retentionSize)}B` } },
      },
      scrape_configs: args.scrapeJobs,
      ...(args.remoteWrite && { remote_write: [remoteWrite(args.remoteWrite)] }),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function remoteWrite(settings: RemoteWriteSettings): object {
  const { queue } = settings;
  return {
    url: settings.url,
    ...(settings.username && {
      basic_auth: { username: settings.username, password_file: `${paths.secrets}/remote-write-password` },
    }),
    queue_config: {
      capacity: queue.capacity,
      min_shards: queue.minShards,
      max_shards: queue.maxShards,
      max_samples_per_send: queue.maxSamplesPerSend,
      batch_send_deadline: queue.batchSendDeadline,
      min_backoff: queue.minBackoff,
      max_backoff: queue.maxBackoff,
    },
  };
}

/**
 * The rule files by name, one per group.
 * @throws when two groups have one name, because one would silently replace the other.
 */
export function ruleFiles(groups: RuleGroup[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const group of groups) {
    const file = `${group.name}.yaml`;
    if (files[file]) throw new Error(`Two rule groups are named "${group.name}"; give each its own name.`);
    files[file] = stringify({ groups: [group] }, { lineWidth: 0, aliasDuplicateObjects: false });
  }
  return files;
}

/**
 * Command-line flags. Configuration and rules are read again within 15 s of a change (the checksum of the files is
 * compared), so neither a restart nor the lifecycle endpoints, which anybody in the cluster could call, are needed.
 */
export function prometheusFlags(externalUrl: string): string[] {
  return [
    `--config.file=${paths.configuration}/prometheus.yaml`,
    "--config.auto-reload",
    "--config.auto-reload-interval=15s",
    // The requests that stand for a series, with their traces: in memory, 10 MB.
    "--enable-feature=exemplar-storage",
    `--storage.tsdb.path=${paths.data}`,
    `--web.external-url=${externalUrl}`,
    "--web.route-prefix=/",
  ];
}
