/**
 * The settings of one environment after validation: every value is present, checked and in the unit that its
 * name or comment states. `loadSettings` makes them from Pulumi config; the components and the pure functions
 * that compute rules, routes and dashboards take them from here and never look at Pulumi config themselves.
 */

import type { AlertName } from "../alerts/names";
import type { LogSettings, ServiceLoggingSettings } from "./logSettings";
import type { ServiceTracingSettings, TraceSettings } from "./traceSettings";

/** A Prometheus duration such as `30s`, `5m`, `1h30m`, `15d`. */
export type Duration = string;
/** A Kubernetes quantity of bytes such as `512Mi`, `10Gi`. */
export type Quantity = string;

export interface Settings {
  /** `prod` makes missing secrets and missing redundancy an error. */
  environment: "dev" | "prod";
  /** Value of the external label `cluster` on every alert and every remote-written sample. */
  clusterName: string;
  /** Namespace of everything that runs under Pod Security level `restricted`. */
  namespace: string;
  /** Namespace of what needs the host (node-exporter), Pod Security level `privileged`. */
  hostNamespace: string;
  /** Create the namespaces of the monitored services, for clusters on which the platform is not installed yet. */
  createServiceNamespaces: boolean;
  /** StorageClass of all volumes; undefined takes the cluster's default. */
  storageClass?: string;
  /** Pages that explain each alert: `<base>/<Alert>.md`. No trailing slash. */
  runbookBaseUrl: string;
  prometheus: PrometheusSettings;
  alertmanager: AlertmanagerSettings;
  grafana: GrafanaSettings;
  mailCatcher: { enabled: boolean };
  services: ServiceSettings[];
  logs: LogSettings;
  traces: TraceSettings;
  /** What is different about single alerts, over the rules as the parts define them. */
  alertOverrides: AlertOverrides;
  /** Requests and limits by workload, over the defaults in the components. */
  resources: Partial<Record<WorkloadName, ResourceSettings>>;
}

export type WorkloadName =
  | "prometheus"
  | "alertmanager"
  | "grafana"
  | "node-exporter"
  | "kube-state-metrics"
  | "blackbox-exporter"
  | "mailpit"
  | "elasticsearch"
  | "elasticsearch-exporter"
  | "logstash"
  | "filebeat"
  | "kibana"
  | "json-exporter"
  | "jaeger"
  | "jaeger-collector"
  | "trace-gateway"
  | "jaeger-query";

export interface ResourceSettings {
  requests?: { cpu?: string; memory?: Quantity };
  limits?: { cpu?: string; memory?: Quantity };
}

export interface PrometheusSettings {
  replicas: number;
  scrapeInterval: Duration;
  evaluationInterval: Duration;
  retention: Duration;
  /** Prometheus deletes the oldest blocks beyond this many bytes; below the volume's size. */
  retentionSize: Quantity;
  volumeSize: Quantity;
  /** Where people reach it; used for links. No trailing slash. */
  externalUrl: string;
  remoteWrite?: RemoteWriteSettings;
}

export interface RemoteWriteSettings {
  url: string;
  username?: string;
  queue: {
    /** Samples buffered per shard. */
    capacity: number;
    minShards: number;
    maxShards: number;
    maxSamplesPerSend: number;
    batchSendDeadline: Duration;
    minBackoff: Duration;
    maxBackoff: Duration;
  };
}

export interface AlertmanagerSettings {
  /** Odd in prod, so that a partition has a majority side. */
  replicas: number;
  /** How long silences and the notification log are kept. */
  retention: Duration;
  volumeSize: Quantity;
  externalUrl: string;
  groupBy: string[];
  groupWait: Duration;
  groupInterval: Duration;
  repeatInterval: Duration;
  /** Receiver of every alert that no route takes. */
  defaultReceiver: string;
  smtp: SmtpSettings;
  receivers: ReceiverSettings[];
  routes: RouteSettings[];
  /** Criticals that still fire unsilenced after `after` go to this receiver too. */
  escalation?: { receiver: string; after: Duration; repeatInterval: Duration };
  /** How often Watchdog is sent to the dead man's switch, when a URL is set (secret `deadMansSwitchUrl`). */
  deadMansSwitch: { enabled: boolean; repeatInterval: Duration };
}

export interface SmtpSettings {
  /** `host:port`; in an environment with the mail catcher this is the catcher. */
  smarthost: string;
  from: string;
  username?: string;
  requireTls: boolean;
}

export interface ReceiverSettings {
  name: string;
  email?: { to: string; sendResolved: boolean };
  /** An app webhook ignores the channel: the webhook decides. */
  slack?: { channel: string; sendResolved: boolean };
  webhook?: { url: string; sendResolved: boolean };
}

export interface RouteSettings {
  /** Alertmanager matchers, e.g. `severity="critical"`. */
  matchers: string[];
  receiver: string;
  groupBy?: string[];
  groupWait?: Duration;
  groupInterval?: Duration;
  repeatInterval?: Duration;
  /** Go on to the next route after this one matched. */
  continue: boolean;
}

/** Changes to every rule of one alert. What is undefined stays as the rule defines it. */
export interface AlertOverride {
  /** False removes its rules. */
  enabled: boolean;
  /** How long the condition must hold; zero fires at once. */
  for?: Duration;
  severity?: "critical" | "warning" | "info";
  /** How long it goes on firing after the condition ended; zero ends it at once. */
  keepFiringFor?: Duration;
}

export type AlertOverrides = Partial<Record<AlertName, AlertOverride>>;

export interface GrafanaSettings {
  externalUrl: string;
  adminUser: string;
  volumeSize: Quantity;
}

/** One service of the platform: its scrape job, probe, objectives and, from them, its rules and dashboards. */
export interface MonitoredServiceSettings {
  /** Name of the Kubernetes Service, and the value of the label `service` everywhere. */
  name: string;
  namespace: string;
  port: number;
  metricsPath: string;
  scrapeInterval: Duration;
  probes: {
    /** Path that says whether the service and what it depends on are healthy; probed by the blackbox-exporter. */
    health: string;
    /** How often it is probed. */
    interval: Duration;
  };
  objectives: {
    /** Ratio, 0.999 for 99.9 %. */
    availability: number;
    /** Ratio of 5xx answers that is still acceptable, 0.001 for 0.1 %. */
    errorRate: number;
    /** Mean response time, seconds. */
    meanResponseTime: number;
    /** 95th percentile beyond which HighResponseTime fires, seconds. */
    p95ResponseTime: number;
  };
}

/** A monitored service, how much it logs and how it is traced. */
export interface ServiceSettings extends MonitoredServiceSettings {
  logging: ServiceLoggingSettings;
  tracing: ServiceTracingSettings;
}

/** Values that must never appear in plain text; each is a Pulumi secret. */
export type SecretName =
  | "smtpPassword"
  | "slackWebhookUrl"
  | "deadMansSwitchUrl"
  | "remoteWritePassword"
  | "logSnapshotAccessKey"
  | "logSnapshotSecretKey";
