import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { commonLabels, selectorLabels } from "../kubernetes/labels";
import { allowTo, type Peer } from "../kubernetes/networkPolicy";
import { containerSecurityContext, podSecurityContext } from "../kubernetes/security";
import { imageReference, imageVersion } from "../versions";
import { bootstrapUser } from "./names";
import { scriptFile, setupFiles, type SetupStep } from "./steps";

export interface SetupJobArgs {
  /** Namespace it runs in; must exist. */
  namespace: string;
  /** What is applied, in this order. */
  steps: SetupStep[];
  /** The server's program and port, for the NetworkPolicy. */
  server: Peer & { port: number };
  /** Address of the server, without a slash at the end. */
  url: pulumi.Input<string>;
  /** Path that answers 200 when the server is ready to be set up. */
  readyPath: string;
  /** Certificate of the authority that signed the server's; undefined for a server without TLS. */
  caPem?: pulumi.Input<string>;
  /** Password of `elastic`, who applies the steps. */
  password: pulumi.Input<string>;
  /** Passwords that the steps set, by user. @default none */
  passwords?: Partial<Record<string, pulumi.Input<string>>>;
}

/** Where the container finds what is mounted. */
const paths = { steps: "/setup/steps", passwords: "/setup/passwords", ca: "/setup/ca" } as const;

/** The user of the Elasticsearch image. */
const user = 1000;

/** How long the script waits for the server, and the Job for all attempts, seconds. */
const waitSeconds = 600;
const deadlineSeconds = 1500;

/**
 * A Job that applies steps to Elasticsearch or Kibana. It runs when it is made, and another one is made exactly when
 * what it applies changes, passwords included, or the server's version. It can run again at any time with the same end
 * state: `pulumi up --replace` with its URN, for a cluster whose data was lost.
 */
export class SetupJob extends pulumi.ComponentResource {
  /** Name of the Job that applied the present steps, known once it has. */
  readonly job: pulumi.Output<string>;

  constructor(name: string, args: SetupJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:SetupJob", name, {}, opts);
    const passwords = passwordFiles(args);
    const app = name;
    // Its image has bash and curl, and is on the nodes anyway.
    const version = imageVersion("elasticsearch");
    const labels = commonLabels({ app, instance: name, component: "setup", version });
    const metadata = { namespace: args.namespace, labels };
    const named = { ...metadata, name };
    const child = { parent: this };

    // Named by Pulumi and immutable: a change makes new objects, and with their names a new Job.
    const steps = new k8s.core.v1.ConfigMap(
      `${name}-steps`,
      { metadata, immutable: true, data: setupFiles(args.steps) },
      child,
    );
    const secret = new k8s.core.v1.Secret(
      `${name}-passwords`,
      { metadata, immutable: true, stringData: passwords },
      child,
    );
    // Named by us: a renewed authority changes nothing of what is applied.
    const authority =
      args.caPem === undefined
        ? undefined
        : new k8s.core.v1.ConfigMap(
            `${name}-authority`,
            { metadata: { ...metadata, name: `${name}-authority` }, data: { "ca.crt": args.caPem } },
            child,
          );
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: named, automountServiceAccountToken: false },
      child,
    );
    const policy = new k8s.networking.v1.NetworkPolicy(
      `${name}-policy`,
      {
        metadata: named,
        spec: {
          podSelector: { matchLabels: selectorLabels({ app, instance: name }) },
          policyTypes: ["Ingress", "Egress"],
          ingress: [],
          egress: [allowTo([args.server], [args.server.port])],
        },
      },
      child,
    );

    const mounts = [
      { name: "steps", mountPath: paths.steps, source: { configMap: { name: steps.metadata.name } } },
      {
        name: "passwords",
        mountPath: paths.passwords,
        source: { secret: { secretName: secret.metadata.name } },
      },
      ...(authority
        ? [{ name: "ca", mountPath: paths.ca, source: { configMap: { name: authority.metadata.name } } }]
        : []),
    ];
    const job = new k8s.batch.v1.Job(
      name,
      {
        metadata,
        spec: {
          backoffLimit: 3,
          activeDeadlineSeconds: deadlineSeconds,
          podFailurePolicy,
          template: {
            metadata: { labels },
            spec: {
              serviceAccountName: name,
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              restartPolicy: "Never",
              securityContext: podSecurityContext(user),
              terminationGracePeriodSeconds: 5,
              containers: [
                {
                  name: container,
                  image: imageReference("elasticsearch"),
                  imagePullPolicy: "IfNotPresent",
                  command: ["bash", `${paths.steps}/${scriptFile}`],
                  env: environment(args),
                  volumeMounts: mounts.map(({ source: _, ...mount }) => ({ ...mount, readOnly: true })),
                  resources: {
                    requests: { cpu: "10m", memory: "32Mi" },
                    limits: { cpu: "200m", memory: "64Mi" },
                  },
                  securityContext: containerSecurityContext,
                  // What it said last stands in the pod's status, where `pulumi up` and `kubectl describe` show it.
                  terminationMessagePolicy: "FallbackToLogsOnError",
                },
              ],
              volumes: mounts.map(({ name, source }) => ({ name, ...source })),
            },
          },
        },
      },
      {
        parent: this,
        dependsOn: [account, policy],
        // The pod template of a Job cannot be changed, and a Job that has ended would not run again.
        replaceOnChanges: ["spec"],
        customTimeouts: { create: `${deadlineSeconds + 60}s` },
      },
    );
    this.job = job.metadata.name;
    this.registerOutputs({ job: this.job });
  }
}

const container = "setup";

/** The script's exit codes that another try cannot change: see setup.sh. */
const podFailurePolicy: types.input.batch.v1.PodFailurePolicy = {
  rules: [
    { action: "FailJob", onExitCodes: { containerName: container, operator: "In", values: [2, 4, 5] } },
    // The pod was evicted or its node drained: no attempt of the script's.
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] },
  ],
};

/** The password of each user that the steps name, and of the one who applies them. */
function passwordFiles(args: SetupJobArgs): Record<string, pulumi.Input<string>> {
  const files: Record<string, pulumi.Input<string>> = { [bootstrapUser]: args.password };
  for (const { name, passwordOf } of args.steps) {
    if (passwordOf === undefined) continue;
    const password = args.passwords?.[passwordOf];
    if (password === undefined) {
      throw new Error(`Step "${name}" needs passwords.${passwordOf}; give it in the arguments.`);
    }
    files[passwordOf] = password;
  }
  return files;
}

function environment(args: SetupJobArgs): types.input.core.v1.EnvVar[] {
  const variables: Record<string, pulumi.Input<string>> = {
    SETUP_URL: args.url,
    SETUP_USER: bootstrapUser,
    SETUP_READY_PATH: args.readyPath,
    SETUP_STEPS: paths.steps,
    SETUP_PASSWORDS: paths.passwords,
    ...(args.caPem !== undefined && { SETUP_CA: `${paths.ca}/ca.crt` }),
    SETUP_WAIT_SECONDS: `${waitSeconds}`,
  };
  return Object.entries(variables).map(([variable, value]) => ({ name: variable, value }));
}
