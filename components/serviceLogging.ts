import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceLoggingSettings } from "../config/logSettings";

export interface ServiceLoggingArgs {
  /** Name of the service; the ConfigMap is `<service>-logging`. */
  service: string;
  /** Namespace of the service; must exist. */
  namespace: pulumi.Input<string>;
  logging: Pick<ServiceLoggingSettings, "level" | "sampling">;
}

/**
 * Level and sampling of one service, where its own deployment finds them: a ConfigMap in its namespace, to be named in
 * `envFrom` (pods take a change over when they restart) or mounted (files of the same names, which change in place).
 * Its name is fixed and it is not immutable, because who reads it is deployed elsewhere.
 */
export class ServiceLogging extends pulumi.ComponentResource {
  readonly configMapName: pulumi.Output<string>;

  constructor(name: string, args: ServiceLoggingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:ServiceLogging", name, {}, opts);
    const configMap = new k8s.core.v1.ConfigMap(
      `${name}-environment`,
      {
        metadata: {
          name: loggingConfigMapName(args.service),
          namespace: args.namespace,
          labels: {
            "app.kubernetes.io/name": args.service,
            "app.kubernetes.io/instance": args.service,
            "app.kubernetes.io/component": "logging",
            "app.kubernetes.io/part-of": "bilten-monitoring",
            "app.kubernetes.io/managed-by": "pulumi",
          },
        },
        data: loggingEnvironment(args.logging),
      },
      { parent: this },
    );
    this.configMapName = configMap.metadata.name;
    this.registerOutputs({ configMapName: this.configMapName });
  }
}

/** Name of the ConfigMap with a service's level and sampling. */
export function loggingConfigMapName(service: string): string {
  return `${service}-logging`;
}

/**
 * The environment variables through which level and sampling reach a service. Levels are pino's; samplings are ratios
 * from 0 to 1 of the lines that are written: of errors and fatal ones, of warnings, of the rest.
 */
export function loggingEnvironment({
  level,
  sampling,
}: Pick<ServiceLoggingSettings, "level" | "sampling">): Record<string, string> {
  return {
    LOG_LEVEL: level,
    LOG_SAMPLING_ERROR: String(sampling.error),
    LOG_SAMPLING_WARN: String(sampling.warn),
    LOG_SAMPLING_REST: String(sampling.rest),
  };
}
