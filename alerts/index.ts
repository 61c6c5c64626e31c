/** Recording and alerting rules, as plain data. */
export { alertmanagerRuleGroups, type AlertmanagerRulesArgs } from "./alertmanager";
export { serviceRuleGroups } from "./application";
export { infrastructureRuleGroups } from "./infrastructure";
export { adjustAlerts } from "./overrides";
export { probeJob } from "./probes";
export { prometheusRuleGroups, type PrometheusRulesArgs } from "./prometheus";
export { DASHBOARD_UIDS, type Links } from "./rule";
export { watchdogRuleGroups, type WatchdogArgs } from "./watchdog";
