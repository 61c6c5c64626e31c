/** The log pipeline on a real API server, by the real engine and the official provider; pods are simulated. Each test goes on from the one before. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { images } from "../../components/versions";
import { freshCluster, type Cluster } from "./cluster";
import { assertAllReady, assertNoPodRefused, steps, templates } from "./observe";

const checkout = dirname(dirname(__dirname));
const namespace = "bilten-monitoring";
/** What runs an image of Elastic's; the set-up steps run Elasticsearch's. */
const elastic = [
  "DaemonSet filebeat",
  "Deployment kibana",
  "StatefulSet elasticsearch",
  "StatefulSet logstash",
];

/** The program as it would be with another version of Elastic's images. */
function programWith(version: string): string {
  const folder = mkdtempSync(join(tmpdir(), "bilten-program-"));
  for (const name of ["index.ts", "package.json", "tsconfig.json", "Pulumi.yaml", "Pulumi.dev.yaml"])
    cpSync(join(checkout, name), join(folder, name));
  for (const name of ["alerts", "components", "config", "dashboards", "metrics", "scripts"])
    cpSync(join(checkout, name), join(folder, name), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
  const versions = join(folder, "components", "versions.ts");
  const text = readFileSync(versions, "utf8");
  const changed = text.replace(`"${images.elasticsearch.version}"`, `"${version}"`);
  assert.notEqual(changed, text);
  writeFileSync(versions, changed);
  return folder;
}

describe("the log pipeline of stack dev", function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let newer: string;

  before(async function () {
    this.timeout(3_600_000);
    newer = programWith("9.5.99");
    cluster = await freshCluster("official");
    await cluster.pulumi.up("dev");
  });
  after(async function () {
    this.timeout(120_000);
    await cluster?.remove();
    rmSync(newer, { recursive: true, force: true });
  });

  const jobs = async () =>
    (await cluster.list("jobs")).map(({ metadata }) => metadata.name.replace(/-[0-9a-z]{8}$/, "")).sort();
  const restarted = (before: Record<string, string>, after: Record<string, string>) =>
    Object.keys(after)
      .filter((workload) => after[workload] !== before[workload])
      .sort();

  it("has run its set-up steps, in the order in which they need each other", async () => {
    assert.deepEqual(await jobs(), ["elasticsearch-setup", "kibana-setup"]);
    for (const { status, metadata } of await cluster.list("jobs"))
      assert.equal(status.succeeded, 1, metadata.name);
  });

  it("restarts what runs a new version of Elastic's, runs the set-up again, and touches nothing else", async () => {
    const before = await templates(cluster);
    const record = await cluster.pulumi.up("dev", { programDir: newer });
    assert.deepEqual(restarted(before, await templates(cluster)), elastic);
    assert.deepEqual(await jobs(), ["elasticsearch-setup", "kibana-setup"]);
    const others = steps(record).filter(
      (step) => !/ (elasticsearch|logstash|kibana|filebeat)(-|$)/.test(step),
    );
    assert.deepEqual(others, []);
    const replaced = steps(record).filter((step) => / Job /.test(step));
    assert.ok(replaced.length >= 2, replaced.join());
    assert.ok(!steps(record).some((step) => /replace|delete/.test(step) && /StatefulSet|Claim/.test(step)));
    await assertAllReady(cluster);
    assert.deepEqual(steps(await cluster.pulumi.up("dev", { programDir: newer })), []);
  });

  it("grows from one node of Elasticsearch to three, and tells the indices", async () => {
    await cluster.pulumi.up("dev");
    const before = await templates(cluster);
    const volumes = async () =>
      (await cluster.list("persistentvolumeclaims"))
        .map(({ metadata }) => metadata.name)
        .filter((name) => name.startsWith("data-elasticsearch-"))
        .sort();
    assert.deepEqual(await volumes(), ["data-elasticsearch-0"]);
    const config = { elasticsearchReplicas: "3" };
    const record = await cluster.pulumi.up("dev", { config });
    assert.deepEqual(restarted(before, await templates(cluster)), ["StatefulSet elasticsearch"]);
    assert.ok(steps(record).some((step) => step.endsWith("Job elasticsearch-setup")));
    assert.ok(steps(record).includes("create PodDisruptionBudget elasticsearch-disruption"));
    await assertAllReady(cluster);
    assert.deepEqual(
      await volumes(),
      [0, 1, 2].map((index) => `data-elasticsearch-${index}`),
    );
    const pods = (await cluster.list("pods")).filter(
      ({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === "elasticsearch",
    );
    assert.equal(new Set(pods.map(({ spec }) => spec.nodeName)).size, 3);
    assert.deepEqual(steps(await cluster.pulumi.up("dev", { config })), []);
  });

  it("has no pod that Pod Security refused", () => assertNoPodRefused(cluster));

  it("keeps the volumes of Elasticsearch when it is destroyed, where they are to be kept, and takes them over again", async () => {
    const config = { elasticsearchKeepVolumes: "true" };
    await cluster.pulumi.up("dev", { config });
    const claim = async () =>
      (await cluster.list("persistentvolumeclaims"))
        .filter(({ metadata }) => metadata.name === "data-elasticsearch-0")
        .map(({ metadata }) => metadata.uid);
    const [before] = await claim();
    assert.ok(before);
    await cluster.pulumi.destroy("dev", { config });
    assert.deepEqual(await claim(), [before]);
    const left = (await cluster.list("all", "configmaps", "secrets", "networkpolicies")).filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.name !== "kube-root-ca.crt",
    );
    assert.deepEqual(
      left.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      [],
    );
    await cluster.pulumi.up("dev", { config });
    assert.deepEqual(await claim(), [before]);
    await assertAllReady(cluster);
  });
});
