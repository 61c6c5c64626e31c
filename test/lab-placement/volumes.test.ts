/** The provisioner on a real API server with its controllers and scheduler. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readRecords } from "../../lab/parts/part";
import { isAlive } from "../../lab/parts/process";
import { runProvisioner } from "../../lab/volumes";
import type { Claim, Volume } from "../../lab/volumes/volume";
import { LabError } from "../../lab/state";
import {
  apps,
  atHand,
  core,
  eventually,
  freshCluster,
  other,
  realNode,
  workload,
  type TestCluster,
} from "./cluster";

describe("the provisioner", function () {
  this.timeout(180_000);
  let cluster: TestCluster;

  const claims = { spec: { volumeClaimTemplates: [claimTemplate("data")] } };
  const getClaim = (name: string) =>
    cluster.client.get<Claim & { status: { phase: string } }>(`${core}/persistentvolumeclaims/${name}`);
  const volumeOf = (claim: Claim) =>
    cluster.client.get<Volume>(`/api/v1/persistentvolumes/${claim.spec.volumeName}`);
  /** Sooner than the controller-manager would come to it by itself, which is after 15 s. */
  const boundClaim = (name: string) =>
    eventually(
      `claim ${name} bound`,
      async () => {
        const claim = await getClaim(name);
        return claim?.status.phase === "Bound" ? claim : undefined;
      },
      10,
    );
  const lines: string[] = [];
  let directory: string;
  let abort: AbortController | undefined;
  let ended: Promise<void> | undefined;

  const run = () => {
    abort = new AbortController();
    const { client } = cluster;
    const { signal } = abort;
    ended = runProvisioner({
      client,
      directory,
      signal,
      log: (line) => void lines.push(line),
      intervalMs: 200,
    });
  };
  const end = async () => {
    abort?.abort();
    await ended;
  };

  before(async function () {
    this.timeout(1_800_000);
    cluster = await freshCluster();
    directory = join(cluster.directory, "volumes");
    await cluster.place([atHand]);
    run();
  });
  after(async () => {
    await end();
    await cluster?.remove();
  });

  let claim: Claim;
  let path: string;

  it("makes a directory for a claim of a pod that goes to the real node", async () => {
    await cluster.client.apply(workload("StatefulSet", "store", [atHand], claims));
    claim = await boundClaim("data-store-0");
    path = (await volumeOf(claim))!.spec.local!.path;
    assert.equal(path, join(directory, `default_data-store-0_${claim.metadata.uid}`));
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal((await cluster.onNode("store", realNode)).spec.nodeName, realNode);
  });

  it("leaves the claims of simulated nodes to kwok", async () => {
    await cluster.client.apply(workload("StatefulSet", "hollow", [other], claims));
    const hollow = await boundClaim("data-hollow-0");
    assert.equal((await volumeOf(hollow))!.metadata.labels!["bilten.dev/node"], "simulated");
  });

  it("holds a workload whose data would be left behind, and changes nothing", async () => {
    await assert.rejects(cluster.place([]), (error: unknown) => {
      assert.ok(error instanceof LabError);
      assert.match(error.message, /StatefulSet default\/store: data-store-0/);
      assert.match(error.message, /registry\.test\/at-hand:1/);
      assert.match(error.message, /npm run lab -- reset/);
      return true;
    });
    assert.deepEqual(await cluster.selectorOf("statefulsets/store"), { "bilten.dev/node": "real" });
    const manifest = workload("Deployment", "once", [atHand]);
    assert.deepEqual(await cluster.selectorFor(manifest), { "bilten.dev/node": "real" });
  });

  it("gives a moved StatefulSet a real volume for the claim that it has", async () => {
    const before = await boundClaim("data-hollow-0");
    assert.deepEqual((await cluster.place([atHand, other])).moved, [
      { workload: "StatefulSet default/hollow", to: "real" },
    ]);
    await cluster.onNode("hollow", realNode);
    const after = await boundClaim("data-hollow-0");
    assert.equal(after.metadata.uid, before.metadata.uid);
    const volume = (await volumeOf(after))!;
    assert.equal(volume.metadata.labels!["bilten.dev/node"], "real");
    assert.ok(existsSync(volume.spec.local!.path));
  });

  it("does so too for a claim that a Deployment mounts, which stays as it was", async () => {
    const third = "registry.test/third:1";
    await cluster.client.apply({
      collection: `${core}/persistentvolumeclaims`,
      object: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        ...claimTemplate("files"),
      },
    });
    const pod = { volumes: [{ name: "files", persistentVolumeClaim: { claimName: "files" } }] };
    await cluster.client.apply(workload("Deployment", "mounting", [third], { pod }));
    const before = await boundClaim("files");
    await cluster.place([atHand, other, third]);
    const volume = await eventually("a real volume", async () => {
      const found = await volumeOf(before);
      return found?.metadata.labels?.["bilten.dev/node"] === "real" ? found : undefined;
    });
    assert.ok(existsSync(volume.spec.local!.path));
    assert.equal((await boundClaim("files")).metadata.uid, before.metadata.uid);
    await eventually("its new pod on the real node", async () =>
      (await cluster.pods("mounting")).find(({ spec }) => spec.nodeName === realNode),
    );
  });

  it("goes on after the API server was killed and started anew", async () => {
    const server = readRecords(cluster.controlPlane.state).find(({ name }) => name === "kube-apiserver")!;
    process.kill(server.pid, "SIGKILL");
    while (isAlive(server)) await sleep(20);
    const seen = lines.length;
    await eventually("it tells", async () =>
      lines.slice(seen).find((line) => line.startsWith("Volumes cannot be looked after")),
    );
    await sleep(1000);
    await cluster.start();
    await eventually("it goes on", async () => lines.find((line) => line.includes("are over")));
    const told = lines.slice(seen).filter((line) => line.startsWith("Volumes cannot be looked after"));
    assert.ok(told.length <= 3, told.join("\n"));
  });

  it("finds its work again after it was ended itself", async () => {
    await end();
    writeFileSync(join(path, "kept"), "data");
    await cluster.client.apply(workload("StatefulSet", "later", [atHand], claims));
    await eventually(
      "a node is chosen",
      async () =>
        (await getClaim("data-later-0"))?.metadata.annotations?.["volume.kubernetes.io/selected-node"],
    );
    run();
    await boundClaim("data-later-0");
    assert.ok(existsSync(join(path, "kept")));
  });

  it("removes the directory when the claim is deleted, and only then", async () => {
    await cluster.client.delete(`${apps}/statefulsets/store`);
    await release("store");
    await sleep(1000);
    assert.ok(existsSync(join(path, "kept")));
    await cluster.client.delete(`${core}/persistentvolumeclaims/data-store-0`);
    await eventually("the volume is gone", async () => ((await volumeOf(claim)) ? undefined : true));
    assert.ok(!existsSync(path));
    assert.ok(existsSync(directory));
  });

  it("touches nothing outside its folder, whatever a volume says", async () => {
    const outside = join(cluster.directory, "outside");
    mkdirSync(outside);
    await end();
    const later = await boundClaim("data-later-0");
    const volume = (await volumeOf(later))! as unknown as { metadata: object; spec: object };
    const name = "pvc-stray";
    const { claimRef, ...spec } = volume.spec as { claimRef: object };
    await cluster.client.create({
      collection: "/api/v1/persistentvolumes",
      object: {
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": "bilten.dev/directory" } },
        spec: { ...spec, local: { path: outside }, claimRef: { ...claimRef, name: "gone", uid: "gone" } },
      },
    });
    run();
    await eventually("it refuses", async () =>
      lines.find((line) => line.includes("is not within") && line.includes(outside)),
    );
    assert.ok(existsSync(outside));
    assert.equal(lines.filter((line) => line.includes("is not within")).length, 1);
    await cluster.client.delete(`/api/v1/persistentvolumes/${name}`);
  });

  /** What kubelet would do when a pod has ended. */
  async function release(app: string): Promise<void> {
    await eventually(`the end of ${app}`, async () => {
      const left = await cluster.pods(app);
      for (const { metadata } of left)
        await cluster.client.delete(`${core}/pods/${metadata.name}?gracePeriodSeconds=0`);
      return left.length === 0 ? true : undefined;
    });
  }
});

function claimTemplate(name: string) {
  return {
    metadata: { name },
    spec: {
      storageClassName: "standard",
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
    },
  };
}
