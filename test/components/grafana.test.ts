import assert from "node:assert/strict";
import { parse } from "yaml";
import type { Dashboard } from "../../components/contribution";
import { Grafana, type GrafanaArgs, grafanaContribution } from "../../components/grafana";
import { runProgram, secretMarker } from "../support/mocks";
import { assertHardened, only, pods } from "../support/workloads";

function dashboard(uid: string, folder = "Bilten Platform", model: object = { panels: [] }): Dashboard {
  return { uid, title: uid, folder, model };
}

const args: GrafanaArgs = {
  namespace: "monitoring",
  dataSources: [
    {
      name: "Prometheus",
      uid: "prometheus",
      type: "prometheus",
      url: "http://prometheus:9090",
      access: "proxy",
    },
  ],
  dashboards: [dashboard("overview"), dashboard("health"), dashboard("nodes", "Nodes")],
};

async function deploy(given: Partial<GrafanaArgs> = {}) {
  return (await runProgram(() => void new Grafana("grafana", { ...args, ...given }))).resources;
}

describe("Grafana", () => {
  it("mounts every dashboard in the directory of its folder's provider", async () => {
    const resources = await deploy();
    const [pod] = pods(resources);
    const configMaps = resources.filter(({ type }) => type.endsWith(":ConfigMap"));
    const provisioning = configMaps.find(({ inputs }) => "dashboards.yaml" in inputs.data);
    const { providers } = parse(provisioning?.inputs.data["dashboards.yaml"]);
    const files: string[] = [];
    for (const { options } of providers) {
      const mount = pod?.spec.containers[0]?.volumeMounts?.find(
        ({ mountPath }) => mountPath === options.path,
      );
      const volume = pod?.spec.volumes?.find(({ name }) => name === mount?.name);
      for (const { configMap } of volume?.projected?.sources ?? []) {
        const source = configMaps.find(({ inputs }) => inputs.metadata.name === configMap?.name);
        for (const { key, path } of configMap?.items ?? []) {
          assert.ok(source?.inputs.data[key], key);
          files.push(`${options.path}/${path}`);
        }
      }
    }
    assert.deepEqual(files.sort(), [
      "/etc/grafana/dashboards/bilten-platform/health.json",
      "/etc/grafana/dashboards/bilten-platform/overview.json",
      "/etc/grafana/dashboards/nodes/nodes.json",
    ]);
  });

  it("does not restart when a dashboard's content changes", async () => {
    const before = await deploy();
    const after = await deploy({
      dashboards: args.dashboards.map((d) => ({ ...d, model: { panels: [{}] } })),
    });
    assert.deepEqual(pods(after), pods(before));
    const data = (resources: typeof before) =>
      resources.filter(({ name }) => name === "grafana-dashboard-overview").map(({ inputs }) => inputs.data);
    assert.notDeepEqual(data(after), data(before));
  });

  it("restarts when a data source or a secret changes, by mounting another object", async () => {
    const resources = await deploy();
    for (const part of ["grafana-provisioning", "grafana-secrets"]) {
      const found = resources.find(({ name }) => name === part);
      assert.equal(found?.inputs.immutable, true, part);
      assert.equal(found?.inputs.metadata.name, undefined, part);
    }
  });

  it("restarts when a setting changes", async () => {
    const before = await deploy();
    const after = await deploy({ externalUrl: "https://grafana.example" });
    assert.notDeepEqual(pods(after), pods(before));
  });

  it("keeps users on a volume", async () => {
    const { spec } = only(await deploy({ volumeSize: "3Gi", storageClass: "fast" }), "StatefulSet").inputs;
    const [claim] = spec.volumeClaimTemplates;
    assert.equal(claim.spec.resources.requests.storage, "3Gi");
    assert.equal(claim.spec.storageClassName, "fast");
    const mount = spec.template.spec.containers[0].volumeMounts.find(
      ({ name }: { name: string }) => name === claim.metadata.name,
    );
    assert.equal(mount.mountPath, "/var/lib/grafana");
  });

  it("gets its secrets as files, and in no other way", async () => {
    const resources = await deploy();
    const [pod] = pods(resources);
    const environment = pod?.spec.containers[0]?.env ?? [];
    const file = environment.find(({ name }) => name === "GF_SECURITY_ADMIN_PASSWORD__FILE")?.value ?? "";
    const mount = pod?.spec.containers[0]?.volumeMounts?.find(({ mountPath }) =>
      file.startsWith(`${mountPath}/`),
    );
    assert.ok(pod?.spec.volumes?.find(({ name }) => name === mount?.name)?.secret);
    const { inputs } = only(resources, "Secret");
    assert.deepEqual(inputs.stringData, { "admin-password": secretMarker, "secret-key": secretMarker });
    assert.ok((file.split("/").at(-1) ?? "") in inputs.stringData);
    const elsewhere = resources.filter(({ type }) => !type.endsWith(":Secret"));
    assert.equal(JSON.stringify(elsewhere).includes(secretMarker), false);
  });

  it("hands out its administrator's password as a secret", async () => {
    const { outputs } = await runProgram(() => ({ password: new Grafana("grafana", args).adminPassword }));
    assert.equal(outputs.password, secretMarker);
  });

  it("is scraped by Prometheus, opened by whom the user names, and reaches its data sources alone", async () => {
    const { spec } = only(
      await deploy({ allowIngressFrom: [{ app: "ingress-nginx", namespace: "ingress" }] }),
      "NetworkPolicy",
    ).inputs;
    assert.deepEqual(
      spec.ingress[0].from.map(
        (peer: { podSelector: { matchLabels: Record<string, string> } }) =>
          peer.podSelector.matchLabels["app.kubernetes.io/name"],
      ),
      ["prometheus", "ingress-nginx"],
    );
    assert.deepEqual(
      spec.egress.map((rule: { ports: { port: number }[] }) => rule.ports[0]?.port),
      [9090, 9093],
    );
  });

  it("is hardened like every workload", async () => {
    assertHardened(pods(await deploy()));
  });

  it("is refused when two dashboards share a uid", async () => {
    await assert.rejects(deploy({ dashboards: [dashboard("a"), dashboard("a")] }), /uid "a"/);
  });

  it("contributes itself as a target", () => {
    const jobs = grafanaContribution({ name: "grafana", namespace: "monitoring" }).scrapeJobs;
    assert.deepEqual(
      jobs?.map((job) => job.job_name),
      ["grafana"],
    );
  });
});
