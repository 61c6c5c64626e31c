/**
 * What the program does on a real API server, by the real engine; pods are simulated. Each test goes on from the one
 * before.
 */
import assert from "node:assert/strict";
import { PulumiError } from "../../lab/pulumi";
import { freshCluster, type Cluster, type LiveObject, type ProviderKind } from "./cluster";
import { assertAllReady, assertNoPodRefused, steps, templates, workloadKinds } from "./observe";

const namespace = "bilten-monitoring";
const secrets = {
  smtpPassword: "correct-horse-battery-staple",
  slackWebhookUrl: "https://hooks.slack.com/services/T000/B000/very-secret-webhook",
  deadMansSwitchUrl: "https://switch.example.com/ping/very-secret-switch",
};

let cluster: Cluster;

/** The tests, on a fresh cluster, with the official Kubernetes provider or the stand-in. */
export function testProgram(provider: ProviderKind): void {
  before(async function () {
    this.timeout(3_600_000);
    cluster = await freshCluster(provider);
  });
  after(async function () {
    this.timeout(120_000);
    await cluster?.remove();
  });
  describe("stack dev", testDev);
  describe("stack prod", testProd);
}

/** Fails when a value stands anywhere in the cluster but in Secrets, or in the exported state. */
async function assertNowhere(values: string[]): Promise<void> {
  const objects: LiveObject[] = await cluster.list(
    "configmaps",
    "pods",
    "events",
    "services",
    "serviceaccounts",
    "networkpolicies.networking.k8s.io",
    "controllerrevisions.apps",
    ...workloadKinds,
  );
  const state = JSON.stringify(await cluster.pulumi.exportStack("dev").catch(() => ({})));
  const prod = JSON.stringify(await cluster.pulumi.exportStack("prod").catch(() => ({})));
  for (const value of values) {
    assert.ok(value.length > 8, "a value too short to look for");
    for (const form of [value, Buffer.from(value).toString("base64")]) {
      for (const object of objects) {
        const { kind, metadata } = object;
        assert.ok(!JSON.stringify(object).includes(form), `a secret in ${kind} ${metadata.name}`);
      }
      assert.ok(!state.includes(form) && !prod.includes(form), "a secret in the exported state");
    }
  }
}

function testDev(this: Mocha.Suite): void {
  this.timeout(300_000);

  it("registers nothing when settings are wrong, and tells every problem", async () => {
    const config = { namespce: "x", prometheusRetention: "5x", alertmanagerReplicas: "2" };
    await assert.rejects(cluster.pulumi.up("dev", { config }), (error: unknown) => {
      assert.ok(error instanceof PulumiError);
      for (const text of ["has 3 problems", "nearest is namespace", '"5x"', "alertmanagerReplicas"]) {
        assert.ok(error.message.includes(text), `${text} in:\n${error.message}`);
      }
      return true;
    });
    const namespaces = (await cluster.list("namespaces")).map(({ metadata }) => metadata.name);
    assert.ok(!namespaces.includes(namespace), namespaces.join());
  });

  it("comes up, with every workload ready and every volume bound", async () => {
    const record = await cluster.pulumi.up("dev");
    assert.ok(record.changes.created > 60, JSON.stringify(record.changes));
    await assertAllReady(cluster);
    assert.equal((await cluster.list(...workloadKinds)).length, 14);
  });

  it("has no pod that Pod Security refused", () => assertNoPodRefused(cluster));

  it("changes nothing the second time, and shows nothing in the preview", async () => {
    assert.deepEqual(steps(await cluster.pulumi.up("dev")), []);
    assert.deepEqual(steps(await cluster.pulumi.preview("dev")), []);
  });

  it("has no drift when nothing has changed it", async () => {
    assert.deepEqual(steps(await cluster.pulumi.refresh("dev")), []);
    assert.deepEqual(steps(await cluster.pulumi.up("dev")), []);
  });

  it("keeps its passwords out of everything but Secrets", async () => {
    const { grafanaAdminPassword } = await cluster.pulumi.outputs("dev", { showSecrets: true });
    assert.equal((await cluster.pulumi.outputs("dev"))["grafanaAdminPassword"], "[secret]");
    await assertNowhere([String(grafanaAdminPassword)]);
  });

  it("takes a new scrape interval without restarting a pod", async () => {
    const before = await templates(cluster);
    const record = await cluster.pulumi.up("dev", { config: { prometheusScrapeInterval: "20s" } });
    assert.deepEqual(steps(record), ["update ConfigMap prometheus-configuration"]);
    assert.deepEqual(await templates(cluster), before);
  });

  it("restarts Alertmanager alone when its grouping changes", async () => {
    await cluster.pulumi.up("dev");
    const before = await templates(cluster);
    const record = await cluster.pulumi.up("dev", { config: { alertGroupWait: "45s" } });
    const after = await templates(cluster);
    const restarted = Object.keys(after).filter((workload) => after[workload] !== before[workload]);
    assert.deepEqual(restarted, ["StatefulSet alertmanager"]);
    const touched = steps(record).filter((step) => !/ConfigMap alertmanager-configuration$/.test(step));
    assert.deepEqual(touched, ["update StatefulSet alertmanager"]);
    await assertAllReady(cluster);
  });

  it("finds and repairs what kubectl has changed and deleted", async () => {
    await cluster.pulumi.up("dev");
    await cluster.kubectl("--namespace", namespace, "scale", "deployment/blackbox-exporter", "--replicas=3");
    await cluster.kubectl("--namespace", namespace, "delete", "networkpolicy/grafana");
    const drift = await cluster.pulumi.refresh("dev");
    assert.deepEqual(steps(drift), [
      "delete NetworkPolicy grafana-policy",
      "update Deployment blackbox-exporter",
    ]);
    const repair = await cluster.pulumi.up("dev");
    assert.deepEqual(steps(repair), [
      "create NetworkPolicy grafana-policy",
      "update Deployment blackbox-exporter",
    ]);
    const [blackbox] = (await cluster.list("deployments")).filter(
      ({ metadata }) => metadata.name === "blackbox-exporter",
    );
    assert.equal(blackbox?.spec.replicas, 1);
    assert.deepEqual(steps(await cluster.pulumi.up("dev")), []);
  });

  it("leaves nothing after destroy", async () => {
    await cluster.pulumi.destroy("dev");
    const left = [
      ...(await cluster.list("namespaces")).filter(({ metadata }) => metadata.name.startsWith("bilten")),
      ...(await cluster.list("clusterroles", "clusterrolebindings")).filter(
        ({ metadata }) => metadata.labels?.["app.kubernetes.io/part-of"] === "bilten-monitoring",
      ),
      ...(await cluster.list("persistentvolumes")),
    ];
    assert.deepEqual(
      left.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      [],
    );
  });
}

function testProd(this: Mocha.Suite): void {
  this.timeout(300_000);
  const config = { createServiceNamespaces: "true" };

  it("refuses to come up without its secrets", async () => {
    await assert.rejects(
      cluster.pulumi.up("prod", { config }),
      /has 2 problems[\s\S]*slackWebhookUrl[\s\S]*smtpPassword/,
    );
    assert.ok(!(await cluster.list("namespaces")).some(({ metadata }) => metadata.name === namespace));
  });

  it("comes up with its redundancy, spread over the zones", async () => {
    await cluster.pulumi.up("prod", { config, secrets });
    await assertAllReady(cluster);
    const pods = await cluster.list("pods");
    const nodes = pods
      .filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === "alertmanager")
      .map(({ spec }) => spec.nodeName);
    assert.equal(new Set(nodes).size, 3, `Alertmanagers on ${nodes.join()}`);
    const budgets = (await cluster.list("poddisruptionbudgets")).map(({ metadata }) => metadata.name).sort();
    assert.deepEqual(budgets, [
      "alertmanager",
      "elasticsearch",
      "jaeger-collector",
      "jaeger-query",
      "logstash",
      "prometheus",
      "trace-gateway",
    ]);
  });

  it("has no pod that Pod Security refused", () => assertNoPodRefused(cluster));

  it("keeps its secrets out of everything but Secrets", () => assertNowhere(Object.values(secrets)));

  it("changes nothing the second time", async () => {
    assert.deepEqual(steps(await cluster.pulumi.up("prod", { config, secrets })), []);
  });

  it("leaves nothing after destroy but the volumes of Elasticsearch, and the namespace with their claims", async () => {
    await cluster.pulumi.destroy("prod", { config, secrets });
    const namespaces = (await cluster.list("namespaces")).map(({ metadata }) => metadata.name);
    assert.deepEqual(
      namespaces.filter((name) => name.startsWith("bilten")),
      [namespace],
    );
    const claims = (await cluster.list("persistentvolumeclaims")).map(({ metadata }) => metadata.name);
    const kept = claims.filter((name) => name.startsWith("data-elasticsearch-")).sort();
    assert.deepEqual(
      kept,
      [0, 1, 2].map((index) => `data-elasticsearch-${index}`),
    );
    assert.deepEqual(await cluster.list("pods"), []);
  });
}
