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

export type AlertName = (typeof alertNames)[number];
