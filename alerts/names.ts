/**
 * The names of all alerts. An alert that is not in this list does not compile, so that the configuration can tell a
 * misspelt name without making any rules.
 */
export const alertNames = [
  // Services
  "HighErrorRate",
  "HighResponseTime",
  "HighMeanResponseTime",
  "ServiceDown",
  "ProbeFailed",
  "ProbeMissing",
  "ErrorBudgetBurn",
  "AvailabilityBudgetBurn",
  // Machines
  "HighCPUUsage",
  "HighMemoryUsage",
  // Monitoring as such
  "Watchdog",
  "TargetDown",
  "TargetMissing",
  // Prometheus
  "PrometheusConfigReloadFailed",
  "PrometheusRuleFailures",
  "PrometheusMissingRuleEvaluations",
  "PrometheusTargetSyncFailure",
  "PrometheusKubernetesDiscoveryFailures",
  "PrometheusNotIngestingSamples",
  "PrometheusDuplicateTimestamps",
  "PrometheusOutOfOrderTimestamps",
  "PrometheusTSDBReloadsFailing",
  "PrometheusTSDBCompactionsFailing",
  "PrometheusWALCorruption",
  "PrometheusNotificationQueueRunningFull",
  "PrometheusErrorSendingAlerts",
  "PrometheusErrorSendingAlertsToAnyAlertmanager",
  "PrometheusNotConnectedToAlertmanagers",
  "PrometheusReplicaMissing",
  "PrometheusRemoteWriteFailures",
  "PrometheusRemoteWriteBehind",
  "PrometheusRemoteWriteDesiredShards",
  // Alertmanager
  "AlertmanagerFailedReload",
  "AlertmanagerNotificationsFailing",
  "AlertmanagerClusterDown",
  "AlertmanagerMembersInconsistent",
  "AlertmanagerConfigInconsistent",
] as const;

/** Names of the alerts on logs, where there are any. */
export const logAlertNames = [
  // Elasticsearch
  "ElasticsearchDown",
  "ElasticsearchClusterRed",
  "ElasticsearchClusterYellow",
  "ElasticsearchNodeMissing",
  "ElasticsearchShardsUnassigned",
  "ElasticsearchShardsInitializing",
  "ElasticsearchTooManyShards",
  "ElasticsearchAllocationDisabled",
  "ElasticsearchPendingTasks",
  "ElasticsearchLifecycleError",
  "ElasticsearchLifecycleStopped",
  "ElasticsearchSnapshotOld",
  "ElasticsearchSnapshotIncomplete",
  "ElasticsearchCollectorFailing",
  "ElasticsearchDiskLowWatermark",
  "ElasticsearchDiskHighWatermark",
  "ElasticsearchDiskFloodStage",
  "ElasticsearchDiskFillsSoon",
  "ElasticsearchIndicesReadOnly",
  "ElasticsearchHeapHigh",
  "ElasticsearchHeapExhausted",
  "ElasticsearchGarbageCollection",
  "ElasticsearchBreakerTripped",
  "ElasticsearchIndexingPressure",
  "ElasticsearchWritesRejected",
  "ElasticsearchSearchesRejected",
  "ElasticsearchFileDescriptors",
  // Logstash
  "LogstashDown",
  "LogstashPipelineBlocked",
  "LogstashQueueFilling",
  "LogstashQueueFull",
  "LogstashQueueOld",
  "LogstashDeadLetterQueueGrowing",
  "LogstashDeadLetterQueueFilling",
  "LogstashEventsDropped",
  "LogstashOutputFailing",
  "LogstashHeapHigh",
  // Filebeat
  "FilebeatMissingOnNodes",
  "FilebeatOutputBlocked",
  "FilebeatOutputErrors",
  "FilebeatEventsDropped",
  "FilebeatQueueFull",
  "FilebeatFileHandles",
  // Logs
  "LogsMissing",
  "LogVolumeHigh",
  "CertificateExpiring",
  "CertificateAboutToExpire",
] as const;

export type AlertName = (typeof alertNames)[number] | (typeof logAlertNames)[number];
