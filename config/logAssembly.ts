/** Puts the settings about logs together. */
import { logNamespaces } from "./logRelations";
import type { LogSettings } from "./logSettings";
import type { Reading } from "./relations";
import type { ScalarValues } from "./scalars";

/** The settings about logs, of a reading without problems. */
export function logSettings(reading: Reading): LogSettings {
  const values = reading.scalars as ScalarValues;
  const { logSnapshots: snapshots, secretsPresent } = reading;
  return {
    enabled: values.logsEnabled,
    retention: values.logRetention,
    namespaces: logNamespaces(reading),
    redactions: reading.logRedactions!,
    elasticsearch: {
      replicas: values.elasticsearchReplicas,
      volumeSize: values.elasticsearchVolumeSize,
      memory: values.elasticsearchMemory,
      mmap: values.elasticsearchMmap,
      keepVolumes: values.elasticsearchKeepVolumes,
    },
    logstash: {
      replicas: values.logstashReplicas,
      memory: values.logstashMemory,
      volumeSize: values.logstashVolumeSize,
      queueSize: values.logstashQueueSize,
      deadLetterQueueSize: values.logstashDeadLetterQueueSize,
      otherMaxLinesPerSecond: values.logOtherMaxLinesPerSecond,
    },
    kibana: { externalUrl: values.kibanaUrl.replace(/\/+$/, ""), memory: values.kibanaMemory },
    snapshots: snapshots && { ...snapshots, hasCredentials: secretsPresent.has("logSnapshotSecretKey") },
  };
}
