import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Quantity, ResourceSettings } from "../../config/settings";
import type { TraceBrowserSettings } from "../../config/traceSettings";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowFromNamespaces, allowTo, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver, type ContainerResources } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { imageReference, imageVersion } from "../versions";
import { configurationFile, paths, ports } from "./addresses";
import { gatewayFile } from "./configuration";
import { goMemoryLimit } from "./pieces";

export interface OpenTelemetryCollectorArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** Each has a queue of its own. @default 1 */
  replicas?: number;
  /** Who gets the traces: its address in gRPC, `dns:///host:port`, and its program. */
  traces: { endpoint: string; peer: Peer };
  /** Volume of each for what waits; about a third of it holds spans. */
  volumeSize: Quantity;
  /** @default the cluster's default StorageClass */
  storageClass?: string;
  /** Namespaces whose pods send spans. */
  senderNamespaces: string[];
  /** Which pages' browsers may send spans over HTTP. @default none */
  browsers?: TraceBrowserSettings;
  /** Scrapes its metrics. @default { app: "prometheus" } in the same namespace */
  prometheus?: Peer;
  /** Over the default requests and limits of `collectorResources`. */
  resources?: ResourceSettings;
}

/** Requests and limits of the container. What waits is in the page cache, which the kernel takes back. */
export const collectorResources: ContainerResources = {
  requests: { cpu: "100m", memory: "256Mi" },
  limits: { cpu: "1", memory: "512Mi" },
};

/** User of the image. */
const user = 10001;

/**
 * An OpenTelemetry Collector as a gateway: takes spans in for who keeps them, and has them on its volume until they were
 * taken. What waits in a replica that is there no more waits on its volume, and goes on when the replica comes back.
 */
export class OpenTelemetryCollector extends pulumi.ComponentResource {
  constructor(name: string, args: OpenTelemetryCollectorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:OpenTelemetryCollector", name, {}, opts);
    const version = imageVersion("openTelemetryCollector");
    const app = "opentelemetry-collector";
    const { namespace, traces, browsers, senderNamespaces, volumeSize } = args;
    const resources = resourcesOver(collectorResources, args.resources);
    // Named by Pulumi and immutable: it is read only at the start, so what changes makes new objects and new pods.
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      {
        metadata: { namespace, labels: commonLabels({ app, instance: name, component: "tracing", version }) },
        immutable: true,
        data: {
          [configurationFile]: gatewayFile({
            name,
            endpoint: traces.endpoint,
            volumeSize,
            memory: resources.limits.memory,
            corsOrigins: browsers?.origins,
          }),
        },
      },
      { parent: this },
    );
    const containerPorts = [
      { name: "otlp-http", port: ports.otlpHttp },
      { name: "otlp-grpc", port: ports.otlpGrpc },
      { name: "metrics", port: ports.metrics },
      { name: "health", port: ports.health },
    ];
    const health = { path: "/", port: "health" };

    new Workload(
      name,
      {
        kind: "StatefulSet",
        namespace,
        app,
        component: "tracing",
        version,
        replicas: args.replicas,
        user,
        // How it is, it says to the kubelet alone.
        ports: containerPorts.filter((port) => port.name !== "health"),
        volumeClaim: { name: "queue", size: volumeSize, storageClass: args.storageClass },
        volumes: [{ name: "configuration", configMap: { name: configuration.metadata.name } }],
        parallel: true,
        containers: [
          {
            name: "collector",
            image: imageReference("openTelemetryCollector"),
            args: [`--config=${paths.configuration}/${configurationFile}`],
            env: [{ name: "GOMEMLIMIT", value: goMemoryLimit(resources.limits.memory) }],
            ports: containerPorts.map(({ name: port, port: containerPort }) => ({
              name: port,
              containerPort,
            })),
            volumeMounts: [
              { name: "configuration", mountPath: paths.configuration, readOnly: true },
              { name: "queue", mountPath: paths.queue },
            ],
            // A large file is looked through before it is opened after a crash.
            startupProbe: { httpGet: health, periodSeconds: 2, failureThreshold: 60 },
            readinessProbe: { httpGet: health, periodSeconds: 5 },
            livenessProbe: { httpGet: health, periodSeconds: 15, timeoutSeconds: 5, failureThreshold: 4 },
            resources,
          },
        ],
        // Rules without peers are left out: they would let everybody in.
        ingress: [
          allowFrom([args.prometheus ?? { app: "prometheus" }], [ports.metrics]),
          ...(senderNamespaces.length > 0
            ? [allowFromNamespaces(senderNamespaces, { tcp: [ports.otlpGrpc, ports.otlpHttp] })]
            : []),
          ...(browsers ? [allowFromNamespaces([browsers.ingressNamespace], { tcp: [ports.otlpHttp] })] : []),
        ],
        egress: [allowTo([traces.peer], [Number(traces.endpoint.split(":").at(-1))])],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
