import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Duration, ResourceSettings } from "../../config/settings";
import type { Contribution } from "../contribution";
import { commonLabels } from "../kubernetes/labels";
import { allowFrom, allowToAnywhere, type Peer } from "../kubernetes/networkPolicy";
import { Workload } from "../kubernetes/workload";
import { endpointsScrapeJob } from "../scrapeJobs";
import { imageReference, imageVersion } from "../versions";
import { exporterContainer } from "./container";

export interface BlackboxExporterArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** TCP ports that it may probe, on any address: those of the pods and those of their Services. */
  targetPorts: number[];
  /** A probe that takes longer has failed. @default "5s" */
  timeout?: Duration;
  /** Whether it can also be asked for the certificate of a TLS server. @default false */
  tlsServers?: boolean;
  /** Who may ask for probes. @default Prometheus in the same namespace */
  clients?: Peer[];
  /** @default 1 */
  replicas?: number;
  /** Over the default requests (20m, 32Mi) and limits (200m, 128Mi). */
  resources?: ResourceSettings;
}

const port = 9115;
const configurationPath = "/etc/blackbox-exporter";

/** Name of the module that asks for an answer with a 2xx status. */
export const httpModule = "http_2xx";

/** Name of the module that asks a TLS server for its certificate. */
export const tlsModule = "tls_certificate";

/** The blackbox-exporter: asks services for an answer as their users do. */
export class BlackboxExporter extends pulumi.ComponentResource {
  /** `host:port` inside the cluster. */
  readonly address: pulumi.Output<string>;
  /** Address inside the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: BlackboxExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:BlackboxExporter", name, {}, opts);
    const version = imageVersion("blackboxExporter");
    const labels = commonLabels({ app: "blackbox-exporter", instance: name, component: "exporter", version });
    const clients = args.clients ?? [{ app: "prometheus" }];
    const targetPorts = [...new Set(args.targetPorts)].sort((a, b) => a - b);
    // Without a name of its own: changed content is a new object, and so a new pod.
    const configuration = new k8s.core.v1.ConfigMap(
      `${name}-configuration`,
      {
        metadata: { namespace: args.namespace, labels },
        immutable: true,
        data: {
          "blackbox.yaml": blackboxConfiguration({
            timeout: args.timeout ?? "5s",
            tlsServers: args.tlsServers,
          }),
        },
      },
      { parent: this },
    );
    const workload = new Workload(
      name,
      {
        kind: "Deployment",
        namespace: args.namespace,
        app: "blackbox-exporter",
        component: "exporter",
        version,
        replicas: args.replicas,
        user: 65534,
        ports: [{ name: "http", port }],
        volumes: [{ name: "config", configMap: { name: configuration.metadata.name } }],
        containers: [
          {
            name: "blackbox-exporter",
            image: imageReference("blackboxExporter"),
            args: [`--config.file=${configurationPath}/blackbox.yaml`],
            volumeMounts: [{ name: "config", mountPath: configurationPath, readOnly: true }],
            ...exporterContainer({ port, healthPath: "/-/healthy", resources: args.resources }),
          },
        ],
        ingress: clients.length > 0 ? [allowFrom(clients, [port])] : [],
        egress: targetPorts.length > 0 ? [allowToAnywhere(targetPorts)] : [],
      },
      { parent: this },
    );
    this.address = pulumi.interpolate`${workload.host}:${port}`;
    this.url = pulumi.interpolate`http://${this.address}`;
    this.registerOutputs({ address: this.address, url: this.url });
  }
}

/** blackbox.yaml: no ICMP, since that would need a capability that Pod Security level `restricted` refuses. */
export function blackboxConfiguration(args: { timeout: Duration; tlsServers?: boolean }): string {
  return stringify({
    modules: {
      [httpModule]: {
        prober: "http",
        timeout: args.timeout,
        http: {
          method: "GET",
          follow_redirects: true,
          preferred_ip_protocol: "ip4",
          ip_protocol_fallback: true,
        },
      },
      ...(args.tlsServers && {
        [tlsModule]: {
          prober: "tcp",
          timeout: args.timeout,
          tcp: {
            tls: true,
            preferred_ip_protocol: "ip4",
            ip_protocol_fallback: true,
            // It looks at the certificate, and sends nothing; a server that nobody can trust must be seen as well.
            tls_config: { insecure_skip_verify: true },
          },
        },
      }),
    },
  });
}

/** `host:port` under which the blackbox-exporter of this name is reached inside the cluster. */
export function blackboxAddress(args: { name: string; namespace: string }): string {
  return `${args.name}.${args.namespace}.svc:${port}`;
}

/** What the blackbox-exporter contributes: itself as a target. The probes are contributed by what is probed. */
export function blackboxExporterContribution(args: { name: string; namespace: string }): Contribution {
  return {
    scrapeJobs: [
      endpointsScrapeJob({ job: args.name, namespace: args.namespace, service: args.name, port: "http" }),
    ],
  };
}
