/** The tests' own pods: the service that is monitored, who receives messages, and a machine under pressure. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { imageReference } from "../../components/versions";
import { nodeImage } from "../../lab/images";

type Manifest = Record<string, unknown>;

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

export interface ProgramArgs {
  name: string;
  namespace: string;
  /** In test/live/services. */
  file: string;
  port: number;
}

/** A program of test/live/services as a Deployment with a Service of the same name. */
export function program({ name, namespace, file, port }: ProgramArgs): Manifest[] {
  const metadata = { name, namespace };
  const content = readFileSync(join(__dirname, "services", file), "utf8");
  const container = {
    name,
    image: nodeImage,
    args: ["node", `/program/${file}`],
    env: [{ name: "PORT", value: String(port) }],
    ports: [{ name: "http", containerPort: port }],
    volumeMounts: [{ name: "program", mountPath: "/program" }],
    readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 1 },
    securityContext: restricted,
  };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { [file]: content } },
    ...workload(metadata, {
      containers: [container],
      volumes: [{ name: "program", configMap: { name } }],
    }),
    service(metadata, { http: port }),
  ];
}

/** A mail server that wants a password, of the image that the stack takes for its mail catcher. */
export function mailServer(metadata: Metadata, user: string, password: string): Manifest[] {
  const container = {
    name: metadata.name,
    image: imageReference("mailpit"),
    env: Object.entries({
      MP_DATABASE: "/data/mailpit.db",
      MP_SMTP_AUTH: `${user}:${password}`,
      MP_SMTP_AUTH_ALLOW_INSECURE: "true",
      MP_SMTP_DISABLE_RDNS: "true",
    }).map(([name, value]) => ({ name, value })),
    ports: [
      { name: "smtp", containerPort: 1025 },
      { name: "http", containerPort: 8025 },
    ],
    volumeMounts: ["data", "tmp"].map((name) => ({ name, mountPath: `/${name}` })),
    readinessProbe: { httpGet: { path: "/readyz", port: "http" }, periodSeconds: 1 },
    securityContext: restricted,
  };
  const volumes = ["data", "tmp"].map((name) => ({ name, emptyDir: { sizeLimit: "64Mi" } }));
  return [
    ...workload(metadata, { containers: [container], volumes }),
    service(metadata, { smtp: 1025, http: 8025 }),
  ];
}

interface Metadata {
  name: string;
  namespace: string;
}

function workload(metadata: Metadata, spec: Manifest): Manifest[] {
  const labels = { app: metadata.name };
  const pod = {
    ...spec,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
  };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        selector: { matchLabels: labels },
        strategy: { type: "Recreate" },
        template: { metadata: { labels }, spec: pod },
      },
    },
  ];
}

function service(metadata: Metadata, ports: Record<string, number>): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      selector: { app: metadata.name },
      ports: Object.entries(ports).map(([name, port]) => ({ name, port, targetPort: name })),
    },
  };
}

/** A pod in the place of Elasticsearch's: behind its Service, with its certificate and its users. See the program. */
export function elasticsearchPlace(args: {
  namespace: string;
  /** OpenSearch's address. */
  target: string;
  /** The Secret that holds a password for each user. */
  passwords: string;
}): Manifest[] {
  const file = "elasticsearchTls.mjs";
  const metadata = { name: "opensearch", namespace: args.namespace };
  const labels = {
    app: metadata.name,
    "app.kubernetes.io/name": "elasticsearch",
    "app.kubernetes.io/instance": "elasticsearch",
  };
  const volumes = [
    { name: "program", configMap: { name: metadata.name } },
    { name: "certificates", secret: { secretName: "elasticsearch-http-certificate" } },
    { name: "passwords", secret: { secretName: args.passwords } },
  ];
  const container = {
    name: metadata.name,
    image: nodeImage,
    args: ["node", `/program/${file}`],
    env: Object.entries({
      PORT: "8080",
      TARGET: args.target,
      CERTIFICATES: "/certificates",
      PASSWORDS: "/passwords",
    }).map(([name, value]) => ({ name, value })),
    ports: [
      { name: "http", containerPort: 8080 },
      { name: "https", containerPort: 9200 },
    ],
    volumeMounts: volumes.map(({ name }) => ({ name, mountPath: `/${name}` })),
    readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 1 },
    securityContext: restricted,
  };
  const pod = {
    containers: [container],
    volumes,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
  };
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata,
      data: { [file]: readFileSync(join(__dirname, "services", file), "utf8") },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        selector: { matchLabels: { app: metadata.name } },
        template: { metadata: { labels }, spec: pod },
      },
    },
    service(metadata, { http: 8080 }),
  ];
}

export interface ExtraEndpointArgs {
  /** The Service whose pods are scraped. */
  service: string;
  namespace: string;
  /** Of what is to be scraped as one more of them. */
  address: string;
  port: number;
}

/** One more endpoint of a Service, which no selector has chosen. */
export function extraEndpoint({ service, namespace, address, port }: ExtraEndpointArgs): Manifest {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${service}-extra`,
      namespace,
      labels: {
        "kubernetes.io/service-name": service,
        "endpointslice.kubernetes.io/managed-by": "live-tests",
      },
    },
    addressType: "IPv4",
    ports: [{ name: "http", protocol: "TCP", port }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  };
}
