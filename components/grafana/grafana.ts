import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Quantity, ResourceSettings } from "../../config/settings";
import type { Dashboard, DataSource } from "../contribution";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowTo, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { imageReference, imageVersion } from "../versions";
import {
  dashboardFile,
  type DashboardFolder,
  dashboardFolders,
  dashboardProvisioning,
  dataSourceProvisioning,
  grafanaEnvironment,
  grafanaPort,
  grafanaSettings,
  paths,
  secretFiles,
} from "./configuration";

export interface GrafanaArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** Where it reads from. Their uids are what dashboards refer to. */
  dataSources: DataSource[];
  /**
   * What the data sources' `secretFiles` name, such as passwords and certificates. Grafana takes a `$` in a value for the
   * beginning of a variable. @default {}
   */
  dataSourceSecrets?: Record<string, pulumi.Input<string>>;
  /** What it shows. Changes made to them in Grafana's pages cannot be saved. */
  dashboards: Dashboard[];
  /** Where people reach it; decides links, and whether cookies need TLS. @default "http://localhost:3000" */
  externalUrl?: string;
  /**
   * Login of the administrator. It and the generated password are taken over when the volume is new; later changes
   * are made with `grafana cli admin reset-admin-password`. @default "admin"
   */
  adminUser?: string;
  /** Volume for users, preferences and sessions. @default "1Gi" */
  volumeSize?: Quantity;
  /** @default the cluster's default StorageClass */
  storageClass?: string;
  /** Who may open its pages besides Prometheus, which scrapes it, such as an ingress controller. @default [] */
  allowIngressFrom?: Peer[];
  /** What the data sources stand for, as it may be reached. @default Prometheus and Alertmanager in the same namespace */
  backends?: { peer: Peer; port: number }[];
  /** Over the default requests (100m, 256Mi) and limits (1, 1Gi). */
  resources?: ResourceSettings;
}

const defaultBackends = [
  { peer: { app: "prometheus" }, port: 9090 },
  { peer: { app: "alertmanager" }, port: 9093 },
];

/**
 * Grafana with its data sources and dashboards as files. It reads changed dashboards by itself; a changed setting or
 * data source restarts it.
 */
export class Grafana extends pulumi.ComponentResource {
  /** Address inside the cluster. */
  readonly url: pulumi.Output<string>;
  /** Password of the administrator; a secret. */
  readonly adminPassword: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Grafana", name, {}, opts);
    const child = { parent: this };
    const version = imageVersion("grafana");
    const labels = commonLabels({ app: "grafana", instance: name, component: "dashboards", version });
    const metadata = { namespace: args.namespace, labels };
    const folders = dashboardFolders(args.dashboards);

    const adminPassword = new random.RandomPassword(
      `${name}-admin-password`,
      { length: 32, special: false },
      child,
    );
    const secretKey = new random.RandomPassword(`${name}-secret-key`, { length: 48, special: false }, child);
    // The next two have no names of their own: changed content is a new object, and so a new pod.
    const secret = new k8s.core.v1.Secret(
      `${name}-secrets`,
      {
        metadata,
        immutable: true,
        stringData: {
          [secretFiles.adminPassword]: adminPassword.result,
          [secretFiles.secretKey]: secretKey.result,
        },
      },
      child,
    );
    const dataSourceSecrets = Object.keys(args.dataSourceSecrets ?? {});
    const dataSourceSecret =
      dataSourceSecrets.length === 0
        ? undefined
        : new k8s.core.v1.Secret(
            `${name}-data-source-secrets`,
            { metadata, immutable: true, stringData: args.dataSourceSecrets },
            child,
          );
    const provisioning = new k8s.core.v1.ConfigMap(
      `${name}-provisioning`,
      {
        metadata,
        immutable: true,
        data: {
          "datasources.yaml": dataSourceProvisioning(args.dataSources, dataSourceSecrets),
          "dashboards.yaml": dashboardProvisioning(folders),
        },
      },
      child,
    );
    // These have fixed names: the pod keeps them mounted while their content changes.
    const dashboards = args.dashboards.map(
      (dashboard) =>
        new k8s.core.v1.ConfigMap(
          `${name}-dashboard-${dashboard.uid}`,
          {
            metadata: { ...metadata, name: dashboardConfigMap(name, dashboard) },
            data: { [`${dashboard.uid}.json`]: dashboardFile(dashboard) },
          },
          child,
        ),
    );

    const environment = grafanaEnvironment(
      grafanaSettings({
        externalUrl: args.externalUrl ?? "http://localhost:3000",
        adminUser: args.adminUser ?? "admin",
      }),
    );
    const workload = new Workload(
      name,
      {
        kind: "StatefulSet",
        namespace: args.namespace,
        app: "grafana",
        component: "dashboards",
        version,
        user: 472,
        ports: [{ name: "http", port: grafanaPort }],
        volumeClaim: { name: "data", size: args.volumeSize ?? "1Gi", storageClass: args.storageClass },
        volumes: [
          { name: "tmp", emptyDir: { sizeLimit: "128Mi" } },
          { name: "secrets", secret: { secretName: secret.metadata.name, defaultMode: 0o440 } },
          ...(dataSourceSecret
            ? [
                {
                  name: "data-source-secrets",
                  secret: { secretName: dataSourceSecret.metadata.name, defaultMode: 0o440 },
                },
              ]
            : []),
          ...["datasources", "dashboards"].map((kind) => ({
            name: kind,
            configMap: {
              name: provisioning.metadata.name,
              items: [{ key: `${kind}.yaml`, path: `${kind}.yaml` }],
            },
          })),
          ...folders.map((folder) => folderVolume(name, folder)),
        ],
        containers: [
          {
            name: "grafana",
            image: imageReference("grafana"),
            env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
            ports: [{ name: "http", containerPort: grafanaPort }],
            volumeMounts: [
              { name: "data", mountPath: paths.data },
              { name: "tmp", mountPath: "/tmp" },
              { name: "secrets", mountPath: paths.secrets, readOnly: true },
              ...(dataSourceSecret
                ? [{ name: "data-source-secrets", mountPath: paths.dataSourceSecrets, readOnly: true }]
                : []),
              { name: "datasources", mountPath: `${paths.provisioning}/datasources`, readOnly: true },
              { name: "dashboards", mountPath: `${paths.provisioning}/dashboards`, readOnly: true },
              ...folders.map(({ slug }) => ({
                name: volumeName(slug),
                mountPath: `${paths.dashboards}/${slug}`,
                readOnly: true,
              })),
            ],
            // The first start makes the database, an upgrade changes it.
            startupProbe: {
              httpGet: { path: "/api/health", port: "http" },
              periodSeconds: 5,
              failureThreshold: 60,
            },
            readinessProbe: { httpGet: { path: "/api/health", port: "http" }, periodSeconds: 10 },
            livenessProbe: {
              httpGet: { path: "/api/health", port: "http" },
              periodSeconds: 15,
              timeoutSeconds: 5,
              failureThreshold: 6,
            },
            // Each of the image's data source plugins is a process of its own, used or not.
            resources: resourcesOver(
              { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } },
              args.resources,
            ),
          },
        ],
        ingress: [allowFrom([{ app: "prometheus" }, ...(args.allowIngressFrom ?? [])], [grafanaPort])],
        egress: (args.backends ?? defaultBackends).map(({ peer, port }) => allowTo([peer], [port])),
        readyTimeout: "10m",
      },
      { parent: this, dependsOn: dashboards },
    );
    this.url = pulumi.interpolate`http://${workload.host}:${grafanaPort}`;
    this.adminPassword = pulumi.secret(adminPassword.result);
    this.registerOutputs({ url: this.url, adminPassword: this.adminPassword });
  }
}

function dashboardConfigMap(name: string, dashboard: Dashboard): string {
  return `${name}-dashboard-${dashboard.uid}`;
}

function volumeName(slug: string): string {
  return `folder-${slug}`;
}

/** All files of a folder in one directory, though each has a ConfigMap of its own. */
function folderVolume(name: string, folder: DashboardFolder): types.input.core.v1.Volume {
  return {
    name: volumeName(folder.slug),
    projected: {
      sources: folder.dashboards.map((dashboard) => ({
        configMap: {
          name: dashboardConfigMap(name, dashboard),
          items: [{ key: `${dashboard.uid}.json`, path: `${dashboard.uid}.json` }],
        },
      })),
    },
  };
}
