/** The real engine under the placement policy: what the policy adds must be no difference to it. Takes minutes. */
import assert from "node:assert/strict";
import { preparePulumi, pulumiTools, type PulumiRunner, type RunRecord } from "../../lab/pulumi";
import { ensureTools } from "../../lab/tools";
import { freshCluster, type TestCluster } from "./cluster";

const log = () => undefined;
const blackboxExporter = "quay.io/prometheus/blackbox-exporter";

interface Workload {
  metadata: { name: string };
  spec: { template: { spec: { nodeSelector?: object; containers: { image: string }[] } } };
}

describe("the program under the placement policy", function () {
  this.timeout(300_000);
  let cluster: TestCluster;
  let pulumi: PulumiRunner;

  before(async function () {
    this.timeout(1_800_000);
    const tools = await ensureTools([...pulumiTools]);
    cluster = await freshCluster();
    const { kubeconfig } = cluster.controlPlane;
    pulumi = await preparePulumi({ stateDir: cluster.directory, tools, kubeconfig, log });
  });
  after(() => cluster?.remove());

  const changes = ({ changed }: RunRecord) => changed.map(({ urn, operation }) => `${operation} ${urn}`);
  async function workloads(): Promise<Workload[]> {
    const kinds = ["deployments", "statefulsets", "daemonsets"];
    return (
      await Promise.all(kinds.map((kind) => cluster.client.list<Workload>(`/apis/apps/v1/${kind}`)))
    ).flat();
  }
  async function assertNoDifference(): Promise<void> {
    assert.deepEqual(changes(await pulumi.preview("dev")), []);
    assert.deepEqual(changes(await pulumi.refresh("dev")), []);
    assert.deepEqual(changes(await pulumi.up("dev")), []);
  }

  it("comes up on simulated nodes when no image is at hand, and shows no difference then", async () => {
    await cluster.place([]);
    await pulumi.up("dev");
    for (const { metadata, spec } of await workloads()) {
      assert.deepEqual(spec.template.spec.nodeSelector, { "bilten.dev/node": "simulated" }, metadata.name);
    }
    await assertNoDifference();
  });

  it("shows no difference after a workload has moved, which keeps its place", async () => {
    const images = (await workloads()).flatMap(({ spec }) =>
      spec.template.spec.containers.map(({ image }) => image),
    );
    const { moved } = await cluster.place(images.filter((image) => image.startsWith(`${blackboxExporter}:`)));
    assert.deepEqual(moved, [{ workload: "Deployment bilten-monitoring/blackbox-exporter", to: "real" }]);
    await assertNoDifference();
    const real = (await workloads()).filter(({ spec }) =>
      JSON.stringify(spec.template.spec.nodeSelector).includes("real"),
    );
    assert.deepEqual(
      real.map(({ metadata }) => metadata.name),
      ["blackbox-exporter"],
    );
  });
});
