import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Duration, ResourceSettings } from "../../config/settings";
import type { TailSamplingSettings, TraceBrowserSettings } from "../../config/traceSettings";
import { commonLabels } from "../kubernetes/labels";
import type { Peer } from "../kubernetes/networkPolicy";
import { resourcesOver, type ContainerResources } from "../kubernetes/resources";
import { Workload, type WorkloadPort } from "../kubernetes/workload";
import { goMemoryLimit } from "../openTelemetryCollector/pieces";
import { imageReference, imageVersion } from "../versions";
import { egressOf, ingressOf } from "./access";
import { files, jaegerAddresses, jaegerWorkloads, paths, ports, type JaegerRole } from "./addresses";
import { jaegerFile } from "./configuration";
import { IndexCleaner, indexCleanerName } from "./indexCleaner";
import { samplingFile, type SamplingArgs } from "./sampling";
import type { TraceStorage } from "./storage";
import { uiConfiguration } from "./ui";

export interface JaegerArgs extends SamplingArgs {
  /** Namespace it runs in; must exist. */
  namespace: string;
  /** Where traces are kept, which decides between one process and collectors and queries apart. */
  storage: TraceStorage;
  /** How long traces are kept. */
  retention: Duration;
  /** With Elasticsearch: its password and the certificate of its authority, PEM. */
  elasticsearch?: {
    password: pulumi.Input<string>;
    /** @default none, for a server without TLS */
    caPem?: pulumi.Input<string>;
    /** Its program. @default { app: "elasticsearch" } in the same namespace */
    peer?: Peer;
  };
  /** @default the cluster's default StorageClass */
  storageClass?: string;
  /** With Elasticsearch. @default 1 */
  collectorReplicas?: number;
  /** With Elasticsearch. @default 1 */
  queryReplicas?: number;
  /** Namespaces whose pods send spans and ask for their sampling. */
  senderNamespaces: string[];
  /**
   * Takes in what the senders and the browsers send, and hands it on to the collectors; with Elasticsearch. Senders then
   * reach Jaeger for their sampling, and in Thrift. @default none: they send to Jaeger
   */
  gateway?: Peer;
  /** Which pages' browsers may send spans over HTTP. @default none */
  browsers?: TraceBrowserSettings;
  /** Take spans in Thrift over UDP as well. @default false */
  thriftUdp?: boolean;
  /** @default all traces are kept that services record */
  tailSampling?: TailSamplingSettings;
  /** Where people reach it; its path is the base path. @default "http://localhost:16686" */
  externalUrl?: string;
  /** Who asks for traces, such as Grafana. @default [] */
  clients?: Peer[];
  /** Who asks whether the sampling endpoint answers. @default [] */
  probers?: Peer[];
  /** Scrapes its metrics and, for the page "Monitor", has them. @default app "prometheus" on 9090, same namespace */
  prometheus?: { peer: Peer; url: string };
  /** Where people reach Grafana. @default no link */
  grafanaUrl?: string;
  /** Where people reach Kibana, for links to log lines. @default no links */
  kibanaUrl?: string;
  /** Over the default requests and limits of `jaegerResources`. */
  resources?: ResourceSettings;
  /** The same of the queries, where they run apart. */
  queryResources?: ResourceSettings;
}

/** Requests and limits of each role. One process also has Badger's tables and caches in its memory. */
export const jaegerResources: Record<JaegerRole, ContainerResources> = {
  all: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } },
  collector: { requests: { cpu: "200m", memory: "512Mi" }, limits: { cpu: "2", memory: "1Gi" } },
  query: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
};

/** User of the image. */
const user = 10001;

/** Objects that all workloads of a Jaeger mount. */
interface Shared {
  strategies: string;
  ui: string;
  elasticsearch?: pulumi.Output<string>;
}

/** Jaeger: takes spans in, tells services which traces to record, keeps traces and finds them again. */
export class Jaeger extends pulumi.ComponentResource {
  /** Address of the interface inside the cluster, with its base path. */
  readonly url: string;

  /** @throws when the storage is Elasticsearch and `elasticsearch` is missing */
  constructor(name: string, args: JaegerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Jaeger", name, {}, opts);
    const child = { parent: this };
    const labels = commonLabels({
      app: "jaeger",
      instance: name,
      component: "tracing",
      version: imageVersion("jaeger"),
    });
    const shared: Shared = { strategies: `${name}-sampling`, ui: `${name}-ui` };
    // Fixed names: the pods keep them mounted while their content changes, and Jaeger reads it again.
    const read = (part: string, data: Record<string, string>) =>
      new k8s.core.v1.ConfigMap(
        part,
        { metadata: { name: part, namespace: args.namespace, labels }, data },
        child,
      );
    const reread = [
      read(shared.strategies, { [files.strategies]: samplingFile(args) }),
      read(shared.ui, {
        [files.ui]: JSON.stringify(uiConfiguration({ ...args, monitor: true }), undefined, 2),
      }),
    ];
    if (args.storage.kind === "elasticsearch") {
      if (!args.elasticsearch) {
        throw new Error(`Jaeger ${name}: elasticsearch.password is needed with storage elasticsearch.`);
      }
      const { password, caPem, peer = { app: "elasticsearch" } } = args.elasticsearch;
      const secret = new k8s.core.v1.Secret(
        `${name}-elasticsearch`,
        {
          metadata: { namespace: args.namespace, labels },
          immutable: true,
          stringData: {
            [files.password]: password,
            ...(caPem !== undefined && { [files.authority]: caPem }),
          },
        },
        child,
      );
      shared.elasticsearch = secret.metadata.name;
      const { namespace, retention, storage } = args;
      new IndexCleaner(
        indexCleanerName(name),
        { namespace, retention, storage, elasticsearch: peer, secretName: secret.metadata.name },
        child,
      );
    }
    for (const workload of jaegerWorkloads(name, args.storage.kind)) {
      this.deploy(workload, args, shared, reread);
    }
    const addresses = jaegerAddresses({ name, namespace: args.namespace, storage: args.storage.kind });
    this.url = `${addresses.query}${basePath(args)}`;
    this.registerOutputs({ url: this.url });
  }

  private deploy(
    { name, role }: { name: string; role: JaegerRole },
    args: JaegerArgs,
    shared: Shared,
    mounted: pulumi.Resource[],
  ): void {
    const version = imageVersion("jaeger");
    const labels = commonLabels({ app: "jaeger", instance: name, component: "tracing", version });
    const collects = role !== "query";
    const badger = args.storage.kind === "badger" ? args.storage : undefined;
    const resources = resourcesOver(
      jaegerResources[role],
      role === "query" ? args.queryResources : args.resources,
    );
    const prometheus = args.prometheus ?? { peer: { app: "prometheus" }, url: "http://prometheus:9090" };
    // Named by Pulumi and immutable: what is read only at the start makes new objects, and with them new pods.
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      {
        metadata: { namespace: args.namespace, labels },
        immutable: true,
        data: {
          [files.configuration]: jaegerFile({
            role,
            storage: args.storage,
            retention: args.retention,
            memory: resources.limits.memory,
            corsOrigins: args.gateway ? undefined : args.browsers?.origins,
            thriftUdp: args.thriftUdp,
            tailSampling: args.tailSampling,
            basePath: basePath(args),
            prometheusUrl: prometheus.url,
          }),
        },
      },
      { parent: this },
    );
    const containerPorts = portsOf(role, args.thriftUdp ?? false);
    const { volumes, mounts } = volumesOf(configuration, shared, role, badger !== undefined);
    const health = { path: "/status", port: "health" };

    new Workload(
      name,
      {
        kind: badger ? "StatefulSet" : "Deployment",
        namespace: args.namespace,
        app: "jaeger",
        component: "tracing",
        version,
        replicas: badger ? 1 : ((collects ? args.collectorReplicas : args.queryReplicas) ?? 1),
        user,
        // How it is, it says to the kubelet alone.
        ports: containerPorts.filter((port) => port.name !== "health"),
        ...(badger && {
          volumeClaim: { name: "data", size: badger.volumeSize, storageClass: args.storageClass },
        }),
        headless: collects && args.gateway !== undefined,
        volumes,
        // Time to write what is queued.
        terminationGracePeriodSeconds: 60,
        containers: [
          {
            name: "jaeger",
            image: imageReference("jaeger"),
            args: [`--config=${paths.configuration}/${files.configuration}`],
            env: [{ name: "GOMEMLIMIT", value: goMemoryLimit(resources.limits.memory) }],
            ports: containerPorts.map(({ name: port, port: containerPort, protocol }) => ({
              name: port,
              containerPort,
              ...(protocol && { protocol }),
            })),
            volumeMounts: mounts,
            // Badger looks through its log after a crash; Elasticsearch may be slow to answer.
            startupProbe: { httpGet: health, periodSeconds: 2, failureThreshold: 90 },
            readinessProbe: { httpGet: health, periodSeconds: 5 },
            livenessProbe: { httpGet: health, periodSeconds: 15, timeoutSeconds: 5, failureThreshold: 4 },
            resources,
          },
        ],
        ingress: ingressOf(role, args, prometheus.peer),
        egress: egressOf(role, args, prometheus),
      },
      { parent: this, dependsOn: mounted },
    );
  }
}

function basePath({ externalUrl }: Pick<JaegerArgs, "externalUrl">): string {
  return externalUrl === undefined ? "/" : new URL(externalUrl).pathname.replace(/(.)\/$/, "$1");
}

function portsOf(role: JaegerRole, thriftUdp: boolean): WorkloadPort[] {
  return [
    ...(role === "query"
      ? []
      : [
          { name: "otlp-http", port: ports.otlpHttp },
          { name: "otlp-grpc", port: ports.otlpGrpc },
          ...(thriftUdp ? [{ name: "thrift-udp", port: ports.thriftBinary, protocol: "UDP" as const }] : []),
          { name: "sampling", port: ports.sampling },
          { name: "sampling-grpc", port: ports.samplingGrpc },
          { name: "span-metrics", port: ports.spanMetrics },
        ]),
    ...(role === "collector" ? [] : [{ name: "http", port: ports.query }]),
    { name: "metrics", port: ports.metrics },
    { name: "health", port: ports.health },
  ];
}

function volumesOf(configuration: k8s.core.v1.ConfigMap, shared: Shared, role: JaegerRole, badger: boolean) {
  const volumes: types.input.core.v1.Volume[] = [
    { name: "configuration", configMap: { name: configuration.metadata.name } },
  ];
  const mounts: types.input.core.v1.VolumeMount[] = [
    { name: "configuration", mountPath: paths.configuration, readOnly: true },
  ];
  if (role !== "query") {
    volumes.push({ name: "sampling", configMap: { name: shared.strategies } });
    mounts.push({ name: "sampling", mountPath: paths.sampling, readOnly: true });
  }
  if (role !== "collector") {
    volumes.push({ name: "ui", configMap: { name: shared.ui } });
    mounts.push({ name: "ui", mountPath: paths.ui, readOnly: true });
  }
  if (shared.elasticsearch) {
    volumes.push({ name: "elasticsearch", secret: { secretName: shared.elasticsearch } });
    mounts.push({ name: "elasticsearch", mountPath: paths.elasticsearch, readOnly: true });
  }
  if (badger) mounts.push({ name: "data", mountPath: paths.data });
  return { volumes, mounts };
}
