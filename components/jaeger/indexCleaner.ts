import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { retentionDays } from "../../config/logCapacity";
import type { Duration } from "../../config/settings";
import { commonLabels, selectorLabels } from "../kubernetes/labels";
import { allowTo, type Peer } from "../kubernetes/networkPolicy";
import { containerSecurityContext, podSecurityContext } from "../kubernetes/security";
import { imageReference, imageVersion } from "../versions";
import { files, paths } from "./addresses";
import { indexPrefix, type ElasticsearchStorage } from "./storage";

export interface IndexCleanerArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** Age of the indices that are deleted, in whole days. */
  retention: Duration;
  storage: ElasticsearchStorage;
  /** Elasticsearch's program. */
  elasticsearch: Peer;
  /** Name of the Secret with the password and, for TLS, the certificate of the authority. */
  secretName: pulumi.Input<string>;
  /** When it runs, cron's five fields in UTC. @default "20 0 * * *" */
  schedule?: string;
}

const user = 10001;

/** Name of the CronJob of a Jaeger. */
export const indexCleanerName = (jaeger: string) => `${jaeger}-index-cleaner`;

/**
 * Deletes the daily indices of traces that are older than the retention, every night. Jaeger's own templates name no
 * lifecycle policy, and another template for the same indices would stand in for Jaeger's instead of adding to it.
 */
export class IndexCleaner extends pulumi.ComponentResource {
  constructor(name: string, args: IndexCleanerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:IndexCleaner", name, {}, opts);
    const child = { parent: this };
    const version = imageVersion("jaegerIndexCleaner");
    // Elasticsearch lets Jaeger in by this program's name.
    const labels = commonLabels({ app: "jaeger", instance: name, component: "tracing", version });
    const metadata = { name, namespace: args.namespace, labels };
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata, automountServiceAccountToken: false },
      child,
    );
    const policy = new k8s.networking.v1.NetworkPolicy(
      `${name}-policy`,
      {
        metadata,
        spec: {
          podSelector: { matchLabels: selectorLabels({ app: "jaeger", instance: name }) },
          policyTypes: ["Ingress", "Egress"],
          ingress: [],
          egress: [allowTo([args.elasticsearch], [Number(new URL(args.storage.url).port || 443)])],
        },
      },
      child,
    );
    new k8s.batch.v1.CronJob(
      name,
      {
        metadata,
        spec: {
          schedule: args.schedule ?? "20 0 * * *",
          timeZone: "Etc/UTC",
          concurrencyPolicy: "Forbid",
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 2,
          jobTemplate: {
            spec: {
              backoffLimit: 3,
              activeDeadlineSeconds: 900,
              template: {
                metadata: { labels },
                spec: {
                  serviceAccountName: name,
                  automountServiceAccountToken: false,
                  enableServiceLinks: false,
                  restartPolicy: "Never",
                  securityContext: podSecurityContext(user),
                  containers: [
                    {
                      name: "index-cleaner",
                      image: imageReference("jaegerIndexCleaner"),
                      imagePullPolicy: "IfNotPresent",
                      args: indexCleanerArguments(args),
                      // It reads the password from nowhere else.
                      env: [
                        {
                          name: "ES_PASSWORD",
                          valueFrom: { secretKeyRef: { name: args.secretName, key: files.password } },
                        },
                      ],
                      volumeMounts: [
                        { name: "elasticsearch", mountPath: paths.elasticsearch, readOnly: true },
                      ],
                      resources: {
                        requests: { cpu: "10m", memory: "32Mi" },
                        limits: { cpu: "200m", memory: "128Mi" },
                      },
                      securityContext: containerSecurityContext,
                      terminationMessagePolicy: "FallbackToLogsOnError",
                    },
                  ],
                  volumes: [{ name: "elasticsearch", secret: { secretName: args.secretName } }],
                },
              },
            },
          },
        },
      },
      { parent: this, dependsOn: [account, policy] },
    );
    this.registerOutputs({});
  }
}

/** Command-line arguments; the password comes in the variable ES_PASSWORD. */
export function indexCleanerArguments({
  retention,
  storage,
}: Pick<IndexCleanerArgs, "retention" | "storage">): string[] {
  return [
    String(retentionDays(retention)),
    storage.url,
    `--index-prefix=${indexPrefix}`,
    `--es.username=${storage.username ?? "bilten_jaeger"}`,
    ...(storage.url.startsWith("https:")
      ? ["--es.tls.enabled=true", `--es.tls.ca=${paths.elasticsearch}/${files.authority}`]
      : []),
  ];
}
