/**
 * How the lab builds images that it cannot pull: from the same programs, run in the same way as in the official image,
 * because the manifests rely on it. Not there: a shell, and what else the official image has beside its program.
 */
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { images } from "../../components/versions";
import type { ToolName } from "../tools";
import type { RunConfig } from "./archive";
import { nodeOptions } from "./mailCatcher/settings";

/** What a layer is made of. */
export type Ingredient =
  | { at: string; tool: ToolName }
  /** The Node.js that runs this. */
  | { at: string; node: true }
  /** A program of ours, in one executable file for the image's Node.js. */
  | { at: string; bundle: string }
  | { at: string; content: string }
  | { at: string; folder: { mode: number; owner?: number } };

export interface Recipe {
  /** Any tag of it is built this way. */
  repository: string;
  /** What tells the version of what is in it; "stand-in" is a program of the lab's own. */
  version: { tool: ToolName } | { node: true } | "stand-in";
  /** Lowest first. */
  layers: Ingredient[][];
  config: RunConfig;
}

const nobody = 65534;

/** What programs expect of any system: users, certificates, how names are looked up, a place for temporary files. */
const base: Ingredient[] = [
  {
    at: "/etc/passwd",
    content: [
      "root:x:0:0:root:/root:/sbin/nologin",
      "node:x:1000:1000::/tmp:/sbin/nologin",
      `nobody:x:${nobody}:${nobody}:nobody:/tmp:/sbin/nologin`,
      "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin",
      "",
    ].join("\n"),
  },
  { at: "/etc/group", content: `root:x:0:\nnode:x:1000:\nnobody:x:${nobody}:\nnonroot:x:65532:\n` },
  { at: "/etc/nsswitch.conf", content: "hosts: files dns\n" },
  // Mozilla's list, which comes with Node.js: the machine's own may hold what is only its user's business.
  { at: "/etc/ssl/certs/ca-certificates.crt", content: `${rootCertificates.join("\n")}\n` },
  { at: "/tmp", folder: { mode: 0o1777 } },
];

const node: Ingredient[] = [{ at: "/usr/local/bin/node", node: true }];
const nodeEnv = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  `NODE_VERSION=${process.versions.node}`,
];

const ports = (...numbers: (number | string)[]) =>
  Object.fromEntries(numbers.map((number) => [typeof number === "number" ? `${number}/tcp` : number, {}]));
const ownedBy = (at: string, owner: number): Ingredient => ({ at, folder: { mode: 0o775, owner } });

/** An image of one exporter of the Prometheus family. */
function exporter(
  repository: string,
  tool: ToolName,
  { port, ...config }: RunConfig & { port: number },
): Recipe {
  const at = `/bin/${tool}`;
  return {
    repository,
    version: { tool },
    layers: [base, [{ at, tool }]],
    config: { Entrypoint: [at], ExposedPorts: ports(port), ...config },
  };
}

export const recipes: Recipe[] = [
  {
    repository: images.prometheus.repository,
    version: { tool: "prometheus" },
    layers: [
      base,
      [
        { at: "/bin/prometheus", tool: "prometheus" },
        { at: "/bin/promtool", tool: "promtool" },
        ownedBy("/etc/prometheus", nobody),
        ownedBy("/prometheus", nobody),
      ],
    ],
    config: {
      Entrypoint: ["/bin/prometheus"],
      Cmd: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
      User: "nobody",
      WorkingDir: "/prometheus",
      ExposedPorts: ports(9090),
      Volumes: { "/prometheus": {} },
    },
  },
  {
    repository: images.alertmanager.repository,
    version: { tool: "alertmanager" },
    layers: [
      base,
      [
        { at: "/bin/alertmanager", tool: "alertmanager" },
        { at: "/bin/amtool", tool: "amtool" },
        ownedBy("/etc/alertmanager", nobody),
        ownedBy("/alertmanager", nobody),
      ],
    ],
    config: {
      Entrypoint: ["/bin/alertmanager"],
      Cmd: ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"],
      User: "nobody",
      WorkingDir: "/alertmanager",
      ExposedPorts: ports(9093),
      Volumes: { "/alertmanager": {} },
    },
  },
  exporter(images.nodeExporter.repository, "node_exporter", { port: 9100, User: "nobody" }),
  exporter(images.blackboxExporter.repository, "blackbox_exporter", {
    port: 9115,
    Cmd: ["--config.file=/etc/blackbox_exporter/config.yml"],
  }),
  exporter(images.elasticsearchExporter.repository, "elasticsearch_exporter", {
    port: 7979,
    User: "nobody",
  }),
  exporter(images.jsonExporter.repository, "json_exporter", { port: 7979, User: "nobody" }),
  {
    repository: images.kubeStateMetrics.repository,
    version: { tool: "kube-state-metrics" },
    layers: [base, [{ at: "/kube-state-metrics", tool: "kube-state-metrics" }]],
    config: {
      Entrypoint: ["/kube-state-metrics", "--port=8080", "--telemetry-port=8081"],
      User: "nobody",
      ExposedPorts: ports(8080, 8081),
    },
  },
  {
    repository: images.jaeger.repository,
    version: { tool: "jaeger" },
    layers: [base, [{ at: "/cmd/jaeger/jaeger-linux", tool: "jaeger" }]],
    config: {
      Entrypoint: ["/cmd/jaeger/jaeger-linux"],
      Env: ["JAEGER_LISTEN_HOST=0.0.0.0"],
      User: "10001",
      ExposedPorts: ports(5778, 5779, 4317, 4318, 14268, 14250, 9411, 16686, 13132, 13133),
      Volumes: { "/tmp": {} },
    },
  },
  {
    repository: images.jaegerIndexCleaner.repository,
    version: { tool: "es-index-cleaner" },
    layers: [base, [{ at: "/go/bin/es-index-cleaner-linux", tool: "es-index-cleaner" }]],
    config: { Entrypoint: ["/go/bin/es-index-cleaner-linux"], User: "10001" },
  },
  {
    repository: images.openTelemetryCollector.repository,
    version: { tool: "otelcol-contrib" },
    layers: [base, [{ at: "/otelcol-contrib", tool: "otelcol-contrib" }]],
    config: {
      Entrypoint: ["/otelcol-contrib"],
      Cmd: ["--config", "/etc/otelcol-contrib/config.yaml"],
      User: "10001:10001",
      ExposedPorts: ports(4317, 4318, 55679),
    },
  },
  {
    repository: images.mailpit.repository,
    version: "stand-in",
    layers: [base, node, [{ at: "/mailpit", bundle: join(__dirname, "mailCatcher", "main.ts") }]],
    config: {
      Entrypoint: ["/mailpit"],
      Env: [...nodeEnv, `NODE_OPTIONS=${nodeOptions}`],
      ExposedPorts: ports(1025, 1110, 8025),
    },
  },
  {
    // Without the official image's docker-entrypoint.sh, which needs a shell: arguments begin with the program.
    repository: "docker.io/library/node",
    version: { node: true },
    layers: [base, node],
    config: { Cmd: ["node"], Env: nodeEnv },
  },
  {
    repository: "registry.k8s.io/coredns/coredns",
    version: { tool: "coredns" },
    layers: [base, [{ at: "/coredns", tool: "coredns" }]],
    config: {
      Entrypoint: ["/coredns"],
      User: "nonroot:nonroot",
      WorkingDir: "/",
      ExposedPorts: ports(53, "53/udp"),
    },
  },
  {
    repository: "registry.k8s.io/pause",
    version: "stand-in",
    layers: [[{ at: "/pause", tool: "pause" }]],
    config: { Entrypoint: ["/pause"], User: "65535:65535" },
  },
];

/** The recipe for a repository, such as `quay.io/prometheus/prometheus`, or undefined. */
export function recipeFor(repository: string): Recipe | undefined {
  return recipes.find((recipe) => recipe.repository === repository);
}

/** The image that holds a pod's namespaces, for the container runtime's settings. */
export const pauseImage = "registry.k8s.io/pause:3.10";

/** The image for programs of the lab that run as pods: the Node.js that runs this. */
export const nodeImage = `docker.io/library/node:${process.versions.node}-slim`;
