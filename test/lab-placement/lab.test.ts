/** The policy on a real API server with its controllers and scheduler. */
import assert from "node:assert/strict";
import { ensurePlacement } from "../../lab/placement";
import {
  apps,
  atHand,
  core,
  eventually,
  freshCluster,
  other,
  realNode,
  workload,
  type LivePod,
  type TestCluster,
} from "./cluster";

const log = () => undefined;

describe("the placement policy", function () {
  this.timeout(180_000);
  let cluster: TestCluster;

  before(async function () {
    this.timeout(1_800_000);
    cluster = await freshCluster();
    const { effectiveSeconds } = await cluster.place([atHand]);
    assert.ok(effectiveSeconds < 10, `in effect after ${effectiveSeconds} s`);
  });
  after(() => cluster?.remove());

  const cases = [
    { kind: "Deployment", images: [atHand], to: "real" },
    { kind: "StatefulSet", images: [atHand], to: "real" },
    { kind: "DaemonSet", images: [atHand], to: "real" },
    { kind: "Deployment", images: [atHand, other], to: "simulated" },
    { kind: "DaemonSet", images: [other], to: "simulated" },
  ] as const;
  for (const { kind, images, to } of cases) {
    it(`gives a ${kind} with ${images.join(" and ")} to ${to} nodes`, async () => {
      const manifest = workload(kind, "once", [...images]);
      assert.deepEqual(await cluster.selectorFor(manifest), { "bilten.dev/node": to });
    });
  }

  it("looks at init containers too, and keeps what else the selector asks for", async () => {
    const pod = {
      initContainers: [{ name: "before", image: other }],
      nodeSelector: { "kubernetes.io/os": "linux" },
    };
    await cluster.client.apply(workload("Deployment", "selected", [atHand], { pod }));
    const expected = { "kubernetes.io/os": "linux", "bilten.dev/node": "simulated" };
    assert.deepEqual(await cluster.selectorOf("deployments/selected"), expected);
    await cluster.onNode("selected", /^simulated-/);
    await cluster.client.delete(`${apps}/deployments/selected`);
  });

  it("places Jobs, and pods that no workload has made", async () => {
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "main", image: other }] } };
    const job = {
      collection: "/apis/batch/v1/namespaces/default/jobs",
      object: { apiVersion: "batch/v1", kind: "Job", metadata: { name: "once" }, spec: { template } },
    };
    assert.deepEqual(await cluster.selectorFor(job), { "bilten.dev/node": "simulated" });
    const pod = (spec: object) => ({
      collection: `${core}/pods`,
      object: { apiVersion: "v1", kind: "Pod", metadata: { name: "alone" }, spec },
    });
    const alone = await cluster.client.create<LivePod>(pod(template.spec), { dryRun: true });
    assert.deepEqual(alone.spec.nodeSelector, { "bilten.dev/node": "simulated" });
    const bound = { ...template.spec, nodeName: realNode };
    const chosen = await cluster.client.create<LivePod>(pod(bound), { dryRun: true });
    assert.equal(chosen.spec.nodeSelector, undefined);
  });

  it("places nothing by a list that it does not have yet", async () => {
    // The probe must tell lists apart, or a start would go on with the former one.
    for (const images of [[atHand, other], [other], []]) {
      await cluster.place(images);
      const expected = images.includes(other) ? "real" : "simulated";
      const manifest = workload("Deployment", "once", [other]);
      assert.deepEqual(await cluster.selectorFor(manifest), { "bilten.dev/node": expected });
    }
  });

  it("moves what is there when more images are at hand, and back when less are", async () => {
    await cluster.place([]);
    await cluster.client.apply(workload("Deployment", "moving", [other]));
    await cluster.client.apply(workload("DaemonSet", "everywhere", [atHand]));
    await cluster.onNode("moving", /^simulated-/);
    assert.deepEqual((await cluster.place([])).moved, []);
    assert.deepEqual((await cluster.place([other])).moved, [
      { workload: "Deployment default/moving", to: "real" },
    ]);
    // Nothing runs there: the new pod is never ready, so that the old one stays.
    await eventually("a pod on the real node", async () =>
      (await cluster.pods("moving")).find(({ spec }) => spec.nodeName === realNode),
    );
    assert.deepEqual(await cluster.selectorOf("daemonsets/everywhere"), { "bilten.dev/node": "simulated" });
    assert.deepEqual((await cluster.place([])).moved, [
      { workload: "Deployment default/moving", to: "simulated" },
    ]);
    await cluster.onNode("moving", /^simulated-/);
    for (const path of ["deployments/moving", "daemonsets/everywhere"])
      await cluster.client.delete(`${apps}/${path}`);
  });

  it("ends its waiting by the signal", async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(ensurePlacement({ client: cluster.client, images: [], log, signal }), /aborted/);
  });
});
