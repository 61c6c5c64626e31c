/** Where an OpenTelemetry Collector listens, what it reads where, and how others find it. */
import { collectorPorts } from "./pieces";

export const ports = collectorPorts;

/** Where the container finds what the component mounts. */
export const paths = {
  configuration: "/etc/otelcol-contrib",
  queue: "/var/lib/otelcol",
} as const;

export const configurationFile = "config.yaml";

/** Addresses of the Service inside the cluster, known before anything is deployed. */
export function collectorAddresses({ name, namespace }: { name: string; namespace: string }) {
  return {
    otlpGrpc: `http://${name}.${namespace}.svc:${ports.otlpGrpc}`,
    otlpHttp: `http://${name}.${namespace}.svc:${ports.otlpHttp}`,
  };
}
