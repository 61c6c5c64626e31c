import { stringify } from "yaml";

export const statisticsPort = 5066;

/** Where the container finds what the component mounts. */
export const paths = {
  configuration: "/etc/filebeat",
  certificates: "/etc/filebeat-certificates",
  /** On the node: Filebeat's registry, which remembers how far each file is read. */
  data: "/usr/share/filebeat/data",
  /** On the node: the files of all pods' containers. */
  logs: "/var/log/pods",
} as const;

export interface FilebeatConfigurationArgs {
  /** Namespaces whose pods' lines are collected; at least one. */
  namespaces: string[];
  /** `host:port` of each Logstash. */
  logstashHosts: string[];
}

/** Longest line or stack trace, bytes; the rest is cut off, and `log.flags` says so. */
const messageBytes = 128 * 1024;
/** Lines in memory that Logstash has not acknowledged: at their longest, 256 MiB together. */
const queuedEvents = 2048;

/**
 * Lines that belong to the one before: indented, or as stack traces of Java and Python go on without being indented.
 * A line of JSON begins with a brace and is never one. Pods say by annotations (`co.elastic.logs/multiline.*`) what
 * else of theirs belongs together.
 */
export const continuationPattern =
  "^([ \\t]|Caused by: |Suppressed: |Traceback \\(most recent call last\\):|[A-Za-z_][A-Za-z0-9_.]*(Error|Exception)(: |$))";

/**
 * filebeat.yml. Secrets are named by file. When Logstash does not take lines, Filebeat keeps what fits its queue and
 * stops reading; the lines wait in their files, for as long as the node keeps those.
 * @throws when no namespace or no Logstash is given
 */
export function filebeatConfiguration(args: FilebeatConfigurationArgs): string {
  for (const name of ["namespaces", "logstashHosts"] as const) {
    if (args[name].length === 0) throw new Error(`Filebeat: ${name} is empty; give at least one.`);
  }
  return stringify(
    {
      "filebeat.autodiscover": { providers: [...new Set(args.namespaces)].sort().map(provider) },
      // On a stop, as long as this for Logstash to acknowledge; what it does not is read again.
      "filebeat.shutdown_timeout": "15s",
      "queue.mem": { events: queuedEvents, "flush.min_events": 512, "flush.timeout": "1s" },
      processors,
      "output.logstash": {
        hosts: args.logstashHosts,
        loadbalance: true,
        bulk_max_size: 512,
        slow_start: true,
        "backoff.max": "30s",
        ssl: {
          certificate_authorities: [`${paths.certificates}/ca.crt`],
          certificate: `${paths.certificates}/tls.crt`,
          key: `${paths.certificates}/tls.key`,
          verification_mode: "full",
        },
      },
      // For the exporter, and for the kubelet.
      http: { enabled: true, host: "0.0.0.0", port: statisticsPort },
      "path.data": paths.data,
      logging: { level: "info", to_stderr: true, "metrics.enabled": false },
    },
    { lineWidth: 0 },
  );
}

/** Discovers the pods of one namespace on the node, and follows their annotations. */
function provider(namespace: string): object {
  return {
    type: "kubernetes",
    scope: "node",
    node: "${NODE_NAME}",
    namespace,
    // Its containers' last lines are read before its files are gone.
    cleanup_timeout: "60s",
    "labels.dedot": true,
    "annotations.dedot": true,
    add_resource_metadata: {
      deployment: false,
      cronjob: false,
      node: { enabled: false },
      namespace: { enabled: false },
    },
    hints: {
      enabled: true,
      // Annotations are a pod's own business; that they open sockets or run queries is not.
      input_allow_list: { enabled: true, types: ["filestream"] },
      default_config: input,
    },
  };
}

const input = {
  type: "filestream",
  // Stays the same when a container restarts: the registry goes by it.
  id: "${data.kubernetes.pod.uid}-${data.kubernetes.container.name}",
  // With the files that the kubelet has rotated away, so that what was not read before is read then.
  paths: [
    `${paths.logs}/\${data.kubernetes.namespace}_\${data.kubernetes.pod.name}_\${data.kubernetes.pod.uid}/` +
      "${data.kubernetes.container.name}/*.log*",
  ],
  "prospector.scanner": {
    exclude_files: ["\\.gz$", "\\.tmp$"],
    // By the beginning of the file, where the time of its first line stands to the nanosecond: renaming changes
    // nothing. The least that Filebeat takes, because it does not read a shorter file.
    fingerprint: { enabled: true, offset: 0, length: 64 },
    check_interval: "5s",
  },
  "file_identity.fingerprint": null,
  // The kubelet may remove a file that is not read to its end.
  "close.on_state_change.removed": false,
  message_max_bytes: messageBytes,
  parsers: [
    { container: { stream: "all", format: "auto" } },
    {
      multiline: {
        type: "pattern",
        pattern: continuationPattern,
        negate: false,
        match: "after",
        max_lines: 500,
        timeout: "3s",
      },
    },
  ],
};

const processors = [
  // Logstash and Filebeat write a line for a line that is refused: collecting it would never end.
  {
    drop_event: {
      when: {
        and: [
          { equals: { "kubernetes.labels.app_kubernetes_io/part-of": "bilten-monitoring" } },
          {
            or: ["logstash", "filebeat"].map((app) => ({
              equals: { "kubernetes.labels.app_kubernetes_io/name": app },
            })),
          },
        ],
      },
    },
  },
  // Who wrote the line, by what the platform knows of its pod. The first that is there.
  ...["app_kubernetes_io/name", "app"].map((label) => ({
    copy_fields: {
      fields: [{ from: `kubernetes.labels.${label}`, to: "service" }],
      fail_on_error: false,
      ignore_missing: true,
    },
  })),
  // The same line read or sent a second time has the same name, under which it is stored once.
  {
    fingerprint: {
      fields: [
        "kubernetes.pod.uid",
        "kubernetes.container.name",
        "log.file.fingerprint",
        "log.offset",
        "@timestamp",
      ],
      target_field: "@metadata._id",
      ignore_missing: true,
    },
  },
];
