import * as pulumi from "@pulumi/pulumi";
import type { SecretName, Settings } from "../config/settings";
import { Alertmanager } from "./alertmanager/alertmanager";
import { stackContributions } from "./contributions";
import { BlackboxExporter } from "./exporters/blackboxExporter";
import { KubeStateMetrics } from "./exporters/kubeStateMetrics";
import { NodeExporter } from "./exporters/nodeExporter";
import { Grafana } from "./grafana/grafana";
import { dataSourceAuthority, dataSourcePassword } from "./elasticsearch";
import { ports as jaegerPorts } from "./jaeger";
import { LogPipeline } from "./logPipeline";
import { MailCatcher } from "./mailCatcher/mailCatcher";
import { Namespaces } from "./namespaces";
import { partNames } from "./partNames";
import { Prometheus } from "./prometheus/prometheus";
import { ServiceLogging } from "./serviceLogging";
import { Tracing } from "./tracing";

export interface MonitoringStackArgs {
  /** What to build, checked; `loadSettings` makes it from Pulumi config. */
  settings: Settings;
  /** The secrets that are set. */
  secrets: Partial<Record<SecretName, pulumi.Input<string>>>;
}

/** All parts of Bilten's monitoring, each given what the others contribute. */
export class MonitoringStack extends pulumi.ComponentResource {
  /** Address of each part inside the cluster. */
  readonly urls: pulumi.Output<Record<string, string>>;
  /** Password of Grafana's administrator; a secret. */
  readonly grafanaAdminPassword: pulumi.Output<string>;
  /** Password of Elasticsearch's superuser `elastic`, who can log in to Kibana; a secret. Undefined without logs. */
  readonly elasticPassword: pulumi.Output<string> | undefined;

  constructor(
    name: string,
    { settings, secrets }: MonitoringStackArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("bilten:monitoring:MonitoringStack", name, {}, opts);
    const { namespace, hostNamespace, storageClass, resources, logs, traces } = settings;
    const contributions = stackContributions(settings);
    const serviceNamespaces = [...new Set(settings.services.map((service) => service.namespace))];

    const namespaces = new Namespaces(
      "namespaces",
      {
        namespace,
        hostNamespace,
        serviceNamespaces: settings.createServiceNamespaces ? serviceNamespaces : [],
        keep: logs.enabled && logs.elasticsearch.keepVolumes,
      },
      { parent: this },
    );
    const inNamespaces: pulumi.ComponentResourceOptions = { parent: this, dependsOn: namespaces };

    new NodeExporter(
      partNames.nodeExporter,
      {
        namespace: hostNamespace,
        clients: [{ app: "prometheus", namespace }],
        resources: resources["node-exporter"],
      },
      inNamespaces,
    );
    new KubeStateMetrics(
      partNames.kubeStateMetrics,
      { namespace, resources: resources["kube-state-metrics"] },
      inNamespaces,
    );
    new BlackboxExporter(
      partNames.blackboxExporter,
      {
        namespace,
        targetPorts: [
          ...settings.services.map((service) => service.port),
          ...(logs.enabled ? logTlsPorts : []),
          ...(traces.enabled ? [jaegerPorts.sampling] : []),
        ],
        tlsServers: logs.enabled,
        resources: resources["blackbox-exporter"],
      },
      inNamespaces,
    );
    for (const service of settings.services) {
      new ServiceLogging(
        `${service.name}-logging`,
        { service: service.name, namespace: service.namespace, logging: service.logging },
        inNamespaces,
      );
    }
    const logPipeline = logs.enabled
      ? new LogPipeline(
          "logs",
          {
            namespace,
            hostNamespace,
            logs,
            services: settings.services
              .filter((service) => logs.namespaces.includes(service.namespace))
              .map(({ name, namespace, logging: { maxLinesPerSecond } }) => ({
                name,
                namespace,
                maxLinesPerSecond,
              })),
            traces: traces.enabled && traces.storage === "elasticsearch",
            scrapeInterval: settings.prometheus.scrapeInterval,
            storageClass,
            snapshotAccessKey: secrets.logSnapshotAccessKey,
            snapshotSecretKey: secrets.logSnapshotSecretKey,
            resources,
          },
          inNamespaces,
        )
      : undefined;
    const tracing = traces.enabled
      ? new Tracing(
          "traces",
          {
            settings,
            elasticsearch: logPipeline && {
              password: logPipeline.passwords.bilten_jaeger,
              caPem: logPipeline.caPem,
            },
          },
          // Jaeger does not start before it can log in to Elasticsearch.
          {
            parent: this,
            dependsOn:
              logPipeline && traces.storage === "elasticsearch" ? [namespaces, logPipeline] : [namespaces],
          },
        )
      : undefined;
    const mailCatcher = settings.mailCatcher.enabled
      ? new MailCatcher(partNames.mailpit, { namespace, resources: resources.mailpit }, inNamespaces)
      : undefined;
    const alertmanager = new Alertmanager(
      partNames.alertmanager,
      {
        ...settings.alertmanager,
        ...secrets,
        namespace,
        storageClass,
        mailServer: mailCatcher && { app: "mailpit", port: 1025 },
        clients: [{ app: "prometheus" }, { app: "grafana" }],
        resources: resources.alertmanager,
      },
      inNamespaces,
    );
    const prometheus = new Prometheus(
      partNames.prometheus,
      {
        ...settings.prometheus,
        namespace,
        clusterName: settings.clusterName,
        environment: settings.environment,
        scrapeJobs: contributions.scrapeJobs,
        discoveryNamespaces: [...new Set([namespace, hostNamespace, ...serviceNamespaces])],
        ruleGroups: contributions.ruleGroups,
        alertmanagers: alertmanager.targets,
        storageClass,
        remoteWritePassword: secrets.remoteWritePassword,
        clients: [{ app: "grafana" }, ...(tracing ? [{ app: "jaeger" }] : [])],
        resources: resources.prometheus,
      },
      inNamespaces,
    );
    const grafana = new Grafana(
      partNames.grafana,
      {
        ...settings.grafana,
        namespace,
        storageClass,
        dataSources: contributions.dataSources,
        dataSourceSecrets: logPipeline && {
          [dataSourcePassword]: logPipeline.passwords.bilten_grafana,
          [dataSourceAuthority]: logPipeline.caPem,
        },
        dashboards: contributions.dashboards,
        backends: [
          { peer: { app: "prometheus" }, port: 9090 },
          { peer: { app: "alertmanager" }, port: 9093 },
          ...(logPipeline ? [{ peer: { app: "elasticsearch" }, port: 9200 }] : []),
          ...(tracing ? [{ peer: { app: "jaeger" }, port: jaegerPorts.query }] : []),
        ],
        resources: resources.grafana,
      },
      inNamespaces,
    );

    const urls: Record<string, pulumi.Output<string>> = {
      prometheus: prometheus.url,
      alertmanager: alertmanager.url,
      grafana: grafana.url,
      ...(mailCatcher && { mailCatcher: mailCatcher.url }),
      ...logPipeline?.urls,
      ...(tracing && { jaeger: pulumi.output(tracing.url) }),
    };
    this.urls = pulumi.output(urls);
    this.grafanaAdminPassword = grafana.adminPassword;
    this.elasticPassword = logPipeline?.elasticPassword;
    this.registerOutputs({
      urls: this.urls,
      grafanaAdminPassword: this.grafanaAdminPassword,
      elasticPassword: this.elasticPassword,
    });
  }
}

/** Elasticsearch's and Logstash's, whose certificates are looked at. */
const logTlsPorts = [9200, 5044];
