import assert from "node:assert/strict";
import { parse } from "yaml";
import {
  blackboxConfiguration,
  BlackboxExporter,
  blackboxExporterContribution,
  defaultWatchedResources,
  KubeStateMetrics,
  kubeStateMetricsContribution,
  kubeStateMetricsFlags,
  NodeExporter,
  nodeExporterContribution,
  nodeExporterFlags,
  watchRules,
} from "../../components/exporters";
import { runProgram } from "../support/mocks";
import { assertHardened, only, pods } from "../support/workloads";

describe("the node-exporter", () => {
  it("runs on every node in the host's network and reads the node's files without changing them", async () => {
    const { resources } = await runProgram(
      () => void new NodeExporter("node-exporter", { namespace: "host" }),
    );
    const { inputs } = only(resources, "DaemonSet");
    const { spec } = inputs.spec.template;
    assert.deepEqual([spec.hostNetwork, spec.hostPID], [true, true]);
    assert.deepEqual(spec.tolerations, [{ operator: "Exists" }]);
    assert.deepEqual(
      spec.volumes.map((volume: { hostPath: { path: string } }) => volume.hostPath.path),
      ["/proc", "/sys", "/"],
    );
    for (const mount of spec.containers[0].volumeMounts) {
      assert.equal(mount.readOnly, true, mount.name);
      assert.equal(mount.mountPropagation, "HostToContainer", mount.name);
    }
    assertHardened(pods(resources));
  });

  it("lets in nobody but the named clients", async () => {
    const closed = await runProgram(() => void new NodeExporter("node-exporter", { namespace: "host" }));
    assert.deepEqual(only(closed.resources, "NetworkPolicy").inputs.spec.ingress, []);
    const open = await runProgram(
      () =>
        void new NodeExporter("node-exporter", {
          namespace: "host",
          clients: [{ app: "prometheus", namespace: "monitoring" }],
        }),
    );
    const [rule] = only(open.resources, "NetworkPolicy").inputs.spec.ingress;
    assert.deepEqual(rule.from[0].namespaceSelector.matchLabels, {
      "kubernetes.io/metadata.name": "monitoring",
    });
    assert.deepEqual(rule.ports, [{ protocol: "TCP", port: 9100 }]);
  });

  it("leaves out the mounts and links of pods, and keeps those of the node", () => {
    const pattern = (flag: string) =>
      new RegExp(
        nodeExporterFlags()
          .find((argument) => argument.startsWith(`--collector.${flag}=`))
          ?.split("=")
          .slice(1)
          .join("=") ?? "(missing)",
      );
    const mounts = pattern("filesystem.mount-points-exclude");
    for (const path of ["/proc", "/var/lib/kubelet/pods/x/volumes/y", "/run/containerd/io/z/rootfs"]) {
      assert.match(path, mounts);
    }
    for (const path of ["/", "/home", "/var/lib", "/process"]) assert.doesNotMatch(path, mounts);
    const links = pattern("netdev.device-exclude");
    for (const link of ["veth12ab", "cali123", "docker0"]) assert.match(link, links);
    for (const link of ["eth0", "ens5", "bond0", "lo"]) assert.doesNotMatch(link, links);
  });

  it("is one target per node", () => {
    const [job] = nodeExporterContribution({ name: "node-exporter", namespace: "host" }).scrapeJobs ?? [];
    const targetLabels = job?.relabel_configs?.map((config) => config.target_label);
    assert.equal(job?.job_name, "node-exporter");
    assert.ok(targetLabels?.includes("node") && targetLabels.includes("instance"));
  });
});

describe("kube-state-metrics", () => {
  it("may list and watch what it reports on, and nothing else", async () => {
    const { resources } = await runProgram(
      () =>
        void new KubeStateMetrics("ksm", {
          namespace: "monitoring",
          watchedResources: ["pods", "nodes", "jobs"],
        }),
    );
    assert.deepEqual(only(resources, "ClusterRole").inputs.rules, [
      { apiGroups: [""], resources: ["nodes", "pods"], verbs: ["list", "watch"] },
      { apiGroups: ["batch"], resources: ["jobs"], verbs: ["list", "watch"] },
    ]);
    const [container] = pods(resources)[0]?.spec.containers ?? [];
    assert.ok(container?.args?.includes("--resources=jobs,nodes,pods"));
    assert.equal(pods(resources)[0]?.spec.automountServiceAccountToken, true);
    assertHardened(pods(resources));
  });

  it("reads neither Secrets nor ConfigMaps", () => {
    const readable = watchRules(defaultWatchedResources).flatMap((rule) => rule.resources as string[]);
    assert.deepEqual(
      readable.filter((resource) => ["secrets", "configmaps", "*"].includes(resource)),
      [],
    );
  });

  it("has the same flags and rights in whatever order the kinds are given", () => {
    const reversed = [...defaultWatchedResources].reverse();
    assert.deepEqual(kubeStateMetricsFlags(reversed), kubeStateMetricsFlags(defaultWatchedResources));
    assert.deepEqual(watchRules(reversed), watchRules(defaultWatchedResources));
  });

  it("keeps the labels of the objects that it reports on", () => {
    const [job] = kubeStateMetricsContribution({ name: "ksm", namespace: "monitoring" }).scrapeJobs ?? [];
    assert.equal(job?.honor_labels, true);
  });
});

describe("the blackbox-exporter", () => {
  it("probes over HTTP alone, which needs no capability", () => {
    const { modules } = parse(blackboxConfiguration({ timeout: "3s" }));
    assert.deepEqual(Object.keys(modules), ["http_2xx"]);
    assert.equal(modules.http_2xx.prober, "http");
    assert.equal(modules.http_2xx.timeout, "3s");
    assert.equal(modules.http_2xx.http.follow_redirects, true);
  });

  it("reaches the ports of its targets and is reached by Prometheus", async () => {
    const { resources } = await runProgram(
      () =>
        void new BlackboxExporter("blackbox", { namespace: "monitoring", targetPorts: [8080, 3000, 3000] }),
    );
    const { spec } = only(resources, "NetworkPolicy").inputs;
    assert.deepEqual(spec.egress, [
      {
        ports: [
          { protocol: "TCP", port: 3000 },
          { protocol: "TCP", port: 8080 },
        ],
      },
    ]);
    assert.deepEqual(spec.ingress[0].from, [
      { podSelector: { matchLabels: { "app.kubernetes.io/name": "prometheus" } } },
    ]);
    assertHardened(pods(resources));
  });

  it("reaches nothing when there is nothing to probe", async () => {
    const { resources } = await runProgram(
      () => void new BlackboxExporter("blackbox", { namespace: "monitoring", targetPorts: [] }),
    );
    assert.deepEqual(only(resources, "NetworkPolicy").inputs.spec.egress, []);
  });

  it("restarts when its configuration changes, by mounting another object", async () => {
    const { resources } = await runProgram(
      () => void new BlackboxExporter("blackbox", { namespace: "monitoring", targetPorts: [3000] }),
    );
    const { inputs } = only(resources, "ConfigMap");
    assert.equal(inputs.immutable, true);
    assert.equal(inputs.metadata.name, undefined);
  });

  it("contributes itself as a target", () => {
    const jobs = blackboxExporterContribution({ name: "blackbox", namespace: "monitoring" }).scrapeJobs;
    assert.deepEqual(
      jobs?.map((job) => job.job_name),
      ["blackbox"],
    );
  });
});
