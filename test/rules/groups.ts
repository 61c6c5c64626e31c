/** The rule groups that the tests check: those of a service as the document has it, and of a redundant stack. */
import {
  alertmanagerRuleGroups,
  infrastructureRuleGroups,
  type Links,
  prometheusRuleGroups,
  serviceRuleGroups,
  watchdogRuleGroups,
} from "../../alerts";
import { elasticsearchRuleGroups } from "../../alerts/elasticsearch";
import { filebeatRuleGroups } from "../../alerts/filebeat";
import { jaegerRuleGroups, serviceTraceRuleGroups } from "../../alerts/jaeger";
import { logRuleGroups, serviceLogRuleGroups } from "../../alerts/logs";
import { logstashRuleGroups } from "../../alerts/logstash";
import type { AlertingRule, RecordingRule, RuleGroup } from "../../components/contribution";
import type { MonitoredServiceSettings } from "../../config/settings";

export const LINKS: Links = {
  runbookBaseUrl: "https://runbooks.example.com",
  grafanaUrl: "https://grafana.example.com",
};

export const BILTEN_API: MonitoredServiceSettings = {
  name: "bilten-api",
  namespace: "bilten",
  port: 3000,
  metricsPath: "/metrics",
  scrapeInterval: "10s",
  probes: { health: "/health", interval: "30s" },
  objectives: { availability: 0.999, errorRate: 0.001, meanResponseTime: 0.2, p95ResponseTime: 0.5 },
};

const service = serviceRuleGroups(BILTEN_API, LINKS);
const stack = {
  infrastructure: infrastructureRuleGroups(LINKS),
  watchdog: watchdogRuleGroups({ jobs: ["alertmanager"], links: LINKS }),
  prometheus: prometheusRuleGroups({ job: "prometheus", links: LINKS, replicas: 2, remoteWrite: true }),
  alertmanager: alertmanagerRuleGroups({ job: "alertmanager", replicas: 3, links: LINKS }),
};

const logs = {
  elasticsearch: elasticsearchRuleGroups({
    job: "elasticsearch-exporter",
    nodes: 3,
    snapshotMaxAgeHours: 26,
    links: LINKS,
  }),
  logstash: logstashRuleGroups({ job: "logstash", links: LINKS }),
  filebeat: filebeatRuleGroups({ job: "filebeat", namespace: "bilten-monitoring-host", links: LINKS }),
};
const volume = [...logRuleGroups(LINKS), ...serviceLogRuleGroups(BILTEN_API, LINKS)];

const jaeger = { spanMetricsJob: "jaeger-spans", probeJob: "jaeger-sampling", links: LINKS };
const withElasticsearch = jaegerRuleGroups({
  ...jaeger,
  collectorJob: "jaeger-collector",
  gatewayJob: "trace-gateway",
  queryJob: "jaeger-query",
  storage: {
    kind: "elasticsearch",
    namespace: "bilten-monitoring",
    indexCleaner: "jaeger-index-cleaner",
  },
  tailSampling: true,
});
const withBadger = jaegerRuleGroups({
  ...jaeger,
  collectorJob: "jaeger",
  queryJob: "jaeger",
  storage: { kind: "badger", volumeSize: "1Gi" },
  tailSampling: false,
});
/** Of one stack's and of the other's what it alone has, so that no rule is there twice. */
const traces = {
  jaeger: [
    ...withElasticsearch,
    ...withBadger.filter(({ name }) => name === "jaeger-badger"),
    ...serviceTraceRuleGroups({ name: BILTEN_API.name, sampling: 0.1 }, LINKS),
  ],
};

export const ALL_GROUPS: RuleGroup[] = [
  ...service,
  ...Object.values({ ...stack, ...logs, ...traces }).flat(),
  ...volume,
];

const isSlo = (group: RuleGroup): boolean => group.name.includes(".slo.");

/** The rules that the error budgets read, alone: three days of all rules would take promtool too long. */
const readBySlo = service
  .filter((group) => !isSlo(group))
  .map((group) => ({
    ...group,
    rules: recordingsOf([group]).filter((rule) => /^service:http_requests/.test(rule.record)),
  }))
  .filter((group) => group.rules.length > 0);

/** The rule that says how many requests a service gets, alone, for the alert on its logs. */
const readByLogs = readBySlo.map((group) => ({
  ...group,
  rules: group.rules.filter(({ record }) => record === "service:http_requests:rate5m"),
}));

/** Groups by subject; each becomes one rule file. */
export const SUBJECTS = {
  application: service.filter((group) => !isSlo(group)),
  slo: [...readBySlo, ...service.filter(isSlo)],
  ...stack,
  ...logs,
  ...traces,
  logs: [...readByLogs.filter(({ rules }) => rules.length > 0), ...volume],
} satisfies Record<string, RuleGroup[]>;

export type Subject = keyof typeof SUBJECTS;

export function alertsOf(groups: readonly RuleGroup[]): AlertingRule[] {
  return groups.flatMap((group) => group.rules).filter((rule): rule is AlertingRule => "alert" in rule);
}

export function recordingsOf(groups: readonly RuleGroup[]): RecordingRule[] {
  return groups.flatMap((group) => group.rules).filter((rule): rule is RecordingRule => "record" in rule);
}
