import * as pulumi from "@pulumi/pulumi";
import type { Quantity, ResourceSettings } from "../../config/settings";
import { allowFrom, type Peer } from "../kubernetes/networkPolicy";
import { resourcesOver } from "../kubernetes/resources";
import { Workload } from "../kubernetes/workload";
import { imageReference, imageVersion } from "../versions";

export interface MailCatcherArgs {
  /** Namespace it runs in; must exist. */
  namespace: pulumi.Input<string>;
  /** Who may send mail to it. @default Alertmanager in the same namespace */
  senders?: Peer[];
  /** Who may read the mails over HTTP, besides an operator's port-forward. @default [] */
  readers?: Peer[];
  /** The oldest mails are deleted beyond this number. @default 500 */
  maxMessages?: number;
  /** Room for the mails; they are lost when the pod is replaced. @default "256Mi" */
  storageSize?: Quantity;
  /** Over the default requests (20m, 32Mi) and limits (200m, 128Mi). */
  resources?: ResourceSettings;
}

const ports = { smtp: 1025, http: 8025 };

/** A mail server that delivers nothing and shows on a web page what it was sent (mailpit). Not for production. */
export class MailCatcher extends pulumi.ComponentResource {
  /** `host:port` that takes mail. */
  readonly smarthost: pulumi.Output<string>;
  /** Address of the web page inside the cluster. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: MailCatcherArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:MailCatcher", name, {}, opts);
    const senders = args.senders ?? [{ app: "alertmanager" }];
    const readers = args.readers ?? [];
    const workload = new Workload(
      name,
      {
        kind: "Deployment",
        namespace: args.namespace,
        app: "mailpit",
        component: "mail-catcher",
        version: imageVersion("mailpit"),
        user: 1000,
        ports: [
          { name: "smtp", port: ports.smtp },
          { name: "http", port: ports.http },
        ],
        volumes: [
          { name: "data", emptyDir: { sizeLimit: args.storageSize ?? "256Mi" } },
          { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
        ],
        containers: [
          {
            name: "mailpit",
            image: imageReference("mailpit"),
            env: Object.entries(mailpitEnvironment({ maxMessages: args.maxMessages ?? 500 })).map(
              ([key, value]) => ({
                name: key,
                value,
              }),
            ),
            ports: [
              { name: "smtp", containerPort: ports.smtp },
              { name: "http", containerPort: ports.http },
            ],
            volumeMounts: [
              { name: "data", mountPath: "/data" },
              { name: "tmp", mountPath: "/tmp" },
            ],
            readinessProbe: { httpGet: { path: "/readyz", port: "http" }, periodSeconds: 5 },
            livenessProbe: {
              httpGet: { path: "/livez", port: "http" },
              periodSeconds: 30,
              timeoutSeconds: 5,
            },
            resources: resourcesOver(
              { requests: { cpu: "20m", memory: "32Mi" }, limits: { cpu: "200m", memory: "128Mi" } },
              args.resources,
            ),
          },
        ],
        ingress: [
          ...(senders.length > 0 ? [allowFrom(senders, [ports.smtp])] : []),
          ...(readers.length > 0 ? [allowFrom(readers, [ports.http])] : []),
        ],
      },
      { parent: this },
    );
    this.smarthost = pulumi.interpolate`${workload.host}:${ports.smtp}`;
    this.url = pulumi.interpolate`http://${workload.host}:${ports.http}`;
    this.registerOutputs({ smarthost: this.smarthost, url: this.url });
  }
}

/** mailpit's settings: https://mailpit.axllent.org/docs/configuration/runtime-options/ */
export function mailpitEnvironment(args: { maxMessages: number }): Record<string, string> {
  return {
    MP_DATABASE: "/data/mailpit.db",
    MP_MAX_MESSAGES: String(args.maxMessages),
    MP_SMTP_BIND_ADDR: `[::]:${ports.smtp}`,
    MP_UI_BIND_ADDR: `[::]:${ports.http}`,
    // Senders have pod addresses without names; looking for one delays every mail.
    MP_SMTP_DISABLE_RDNS: "true",
    MP_BLOCK_REMOTE_CSS_AND_FONTS: "true",
  };
}

/** `host:port` under which the mail catcher of this name takes mail inside the cluster. */
export function mailCatcherSmarthost(args: { name: string; namespace: string }): string {
  return `${args.name}.${args.namespace}.svc:${ports.smtp}`;
}
