/** What the lab and the tests run, and how each program is built from its Go module. */

/** The programs that the lab and the tests run. */
export type ToolName =
  | "pulumi"
  | "pulumi-language-nodejs"
  | "pulumi-resource-kubernetes"
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl"
  | "kwok"
  | "promtool"
  | "prometheus"
  | "alertmanager"
  | "amtool"
  | "kubelet"
  | "kube-proxy"
  | "coredns"
  | "pause"
  | "crane"
  | "node_exporter"
  | "blackbox_exporter"
  | "kube-state-metrics"
  | "elasticsearch_exporter"
  | "json_exporter"
  | "jaeger"
  | "es-index-cleaner"
  | "otelcol-contrib";

/** A Go module that is built as a whole: one entry of the cache, with all its programs. */
export interface ToolModule {
  /** Folder beside this file that holds go.mod and go.sum, and the sources of a program of our own. */
  directory: string;
  /**
   * What its entry in the cache is named after, where one folder is built in several parts.
   * @default directory
   */
  name?: string;
  version: string;
  /** Package of each program. */
  packages: Partial<Record<ToolName, string>>;
  tags?: string[];
  /** Linker settings of variables, `import/path.Variable=value`, from which the programs know their version. */
  stamps?: string[];
  /**
   * When a program on PATH may be used instead. All that is wanted of the module must be there, because their versions
   * go together.
   * @default never
   */
  onPath?: SuitableVersions | Companion;
}

export interface SuitableVersions {
  /** Arguments that print the version. */
  versionArgs: string[];
  /** From this version, `major.minor`, inclusive, to that one, exclusive. */
  from: string;
  below: string;
}

/** A program that tells no version, and is released together with another one. */
export interface Companion {
  /** It is taken from PATH when this one is, from the same folder. */
  beside: ToolName;
}

const kubernetes = "v1.34.1";
const kubernetesStamps = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) => [
  `${path}.gitVersion=${kubernetes}`,
  `${path}.gitMajor=1`,
  `${path}.gitMinor=34`,
]);
/** Of the official Kubernetes provider that is built: no later version of its module can be had. */
export const kubernetesProviderVersion = "4.25.0";

const prometheusStamp = (version: string) => [`github.com/prometheus/common/version.Version=${version}`];

/** In the order in which they are built: what the unit tests need comes first. */
export const toolModules: ToolModule[] = [
  {
    directory: "prometheus",
    version: "3.14.0",
    packages: {
      promtool: "github.com/prometheus/prometheus/cmd/promtool",
      prometheus: "github.com/prometheus/prometheus/cmd/prometheus",
    },
    // Of all service discoveries the lab needs that of Kubernetes; the clouds' SDKs double the build.
    tags: ["remove_all_sd", "enable_kubernetes_sd"],
    stamps: prometheusStamp("3.14.0"),
    // Older versions know neither `--config.auto-reload` nor retention in the configuration file.
    onPath: { versionArgs: ["--version"], from: "3.12", below: "4.0" },
  },
  {
    directory: "amtool",
    version: "0.34.2",
    packages: { amtool: "github.com/prometheus/alertmanager/cmd/amtool" },
    stamps: prometheusStamp("0.34.2"),
    onPath: { versionArgs: ["--version"], from: "0.28", below: "1.0" },
  },
  {
    directory: "etcd",
    version: "3.6.16",
    packages: { etcd: "go.etcd.io/etcd/server/v3" },
    onPath: { versionArgs: ["--version"], from: "3.5", below: "4.0" },
  },
  {
    directory: "kubernetes",
    version: kubernetes.slice(1),
    packages: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
    },
    stamps: kubernetesStamps,
    onPath: { versionArgs: ["--version"], from: "1.34", below: "1.36" },
  },
  {
    directory: "kwok",
    version: "0.8.0",
    packages: { kwok: "sigs.k8s.io/kwok/cmd/kwok" },
    stamps: ["sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0"],
    onPath: { versionArgs: ["--version"], from: "0.7", below: "1.0" },
  },
  {
    directory: "pulumi-language-nodejs",
    version: "3.68.0",
    packages: {
      "pulumi-language-nodejs": "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    },
    stamps: ["github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.68.0"],
    onPath: { beside: "pulumi" },
  },
  {
    directory: "pulumi",
    version: "3.259.0",
    packages: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    stamps: ["github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0"],
    onPath: { versionArgs: ["version"], from: "3.200", below: "4.0" },
  },
  {
    // Never from PATH: the engine itself prefers a plugin that is there.
    directory: "pulumi-resource-kubernetes",
    version: kubernetesProviderVersion,
    packages: { "pulumi-resource-kubernetes": "bilten.dev/lab/pulumi-resource-kubernetes" },
    stamps: [
      `github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version=${kubernetesProviderVersion}`,
    ],
  },
  {
    directory: "alertmanager",
    // Later versions of the module lack the files of their web interface.
    version: "0.31.1",
    packages: { alertmanager: "github.com/prometheus/alertmanager/cmd/alertmanager" },
    stamps: prometheusStamp("0.31.1"),
    onPath: { versionArgs: ["--version"], from: "0.28", below: "1.0" },
  },
  {
    // Apart from the control plane: who has no real node does not need them.
    directory: "kubernetes",
    name: "kubernetes-node",
    version: kubernetes.slice(1),
    packages: {
      kubelet: "k8s.io/kubernetes/cmd/kubelet",
      "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
    },
    stamps: kubernetesStamps,
    // A node must not be newer than its control plane.
    onPath: { versionArgs: ["--version"], from: "1.34", below: "1.35" },
  },
  {
    directory: "coredns",
    version: "1.14.6",
    packages: { coredns: "github.com/coredns/coredns" },
    onPath: { versionArgs: ["-version"], from: "1.11", below: "2.0" },
  },
  {
    directory: "pause",
    version: "1.0.0",
    packages: { pause: "bilten.dev/lab/pause" },
  },
  {
    directory: "crane",
    version: "0.20.6",
    packages: { crane: "github.com/google/go-containerregistry/cmd/crane" },
    stamps: ["github.com/google/go-containerregistry/cmd/crane/cmd.Version=0.20.6"],
    onPath: { versionArgs: ["version"], from: "0.15", below: "1.0" },
  },
  {
    directory: "node-exporter",
    version: "1.12.1",
    packages: { node_exporter: "github.com/prometheus/node_exporter" },
    stamps: prometheusStamp("1.12.1"),
    onPath: { versionArgs: ["--version"], from: "1.8", below: "2.0" },
  },
  {
    directory: "blackbox-exporter",
    version: "0.28.0",
    packages: { blackbox_exporter: "github.com/prometheus/blackbox_exporter" },
    stamps: prometheusStamp("0.28.0"),
    onPath: { versionArgs: ["--version"], from: "0.25", below: "1.0" },
  },
  {
    directory: "kube-state-metrics",
    version: "2.20.0",
    packages: { "kube-state-metrics": "k8s.io/kube-state-metrics/v2" },
    stamps: prometheusStamp("2.20.0"),
    onPath: { versionArgs: ["version"], from: "2.15", below: "3.0" },
  },
  {
    directory: "elasticsearch-exporter",
    version: "1.11.0",
    packages: { elasticsearch_exporter: "github.com/prometheus-community/elasticsearch_exporter" },
    stamps: prometheusStamp("1.11.0"),
    onPath: { versionArgs: ["--version"], from: "1.7", below: "2.0" },
  },
  {
    directory: "json-exporter",
    version: "0.7.0",
    packages: { json_exporter: "github.com/prometheus-community/json_exporter" },
    stamps: prometheusStamp("0.7.0"),
    onPath: { versionArgs: ["--version"], from: "0.6", below: "1.0" },
  },
  {
    directory: "jaeger",
    // The tag v1.76.0 of the module is the release of Jaeger 2.13.0.
    version: "2.13.0",
    packages: { jaeger: "github.com/jaegertracing/jaeger/cmd/jaeger" },
    stamps: ["github.com/jaegertracing/jaeger/internal/version.latestVersion=v2.13.0"],
    onPath: { versionArgs: ["version"], from: "2.0", below: "3.0" },
  },
  {
    // Apart from Jaeger: who keeps traces without Elasticsearch does not need it.
    directory: "jaeger",
    name: "jaeger-es-index-cleaner",
    version: "2.13.0",
    packages: { "es-index-cleaner": "github.com/jaegertracing/jaeger/cmd/es-index-cleaner" },
  },
  {
    directory: "opentelemetry-collector",
    version: "0.165.0",
    packages: { "otelcol-contrib": "bilten.dev/lab/opentelemetry-collector" },
    stamps: ["main.version=0.165.0"],
    onPath: { versionArgs: ["--version"], from: "0.150", below: "1.0" },
  },
];

/** The module that has the program. */
export function moduleOf(name: ToolName): ToolModule {
  const found = toolModules.find((module) => module.packages[name] !== undefined);
  if (!found) throw new Error(`No module builds "${name}".`);
  return found;
}

/** The programs of a module. */
export function programsOf(module: ToolModule): ToolName[] {
  return Object.keys(module.packages) as ToolName[];
}
