import assert from "node:assert/strict";
import {
  isVolumePath,
  volumeManifest,
  volumePath,
  workFor,
  type Claim,
  type Found,
  type Volume,
} from "../../lab/volumes/volume";

describe("volumes of a real node", () => {
  const uid = "0b5f9d2e-8f6c-4f0e-9d0a-3c7c7b3a1f11";
  const selected = { "volume.kubernetes.io/selected-node": "real-1" };
  const claim = (metadata: object = {}, spec: object = {}): Claim => ({
    metadata: { name: "data-store-0", namespace: "work", uid, annotations: selected, ...metadata },
    spec: {
      storageClassName: "standard",
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
      ...spec,
    },
  });
  const found = (changes: Partial<Found> = {}): Found => ({
    nodes: ["real-1"],
    claims: [claim()],
    volumes: [],
    waitingPods: [],
    ...changes,
  });

  it("are made for a claim that the scheduler has given to such a node", () => {
    const { provision } = workFor(found());
    assert.deepEqual(provision, [{ claim: claim(), node: "real-1" }]);
  });

  const others: Record<string, Claim> = {
    "that no node was chosen for": claim({ annotations: undefined }),
    "of a simulated node": claim({ annotations: { "volume.kubernetes.io/selected-node": "simulated-a" } }),
    "of another storage class": claim({}, { storageClassName: "fast" }),
    "that has one": claim({}, { volumeName: "pvc-other" }),
    "that is being deleted": claim({ deletionTimestamp: "2026-01-01T00:00:00Z" }),
    "for a block device": claim({}, { volumeMode: "Block" }),
  };
  for (const [what, other] of Object.entries(others)) {
    it(`are not made for a claim ${what}`, () => {
      assert.deepEqual(workFor(found({ claims: [other] })).provision, []);
    });
  }

  it("are of type local, on the claim's node, and of the claim alone", () => {
    const { object } = volumeManifest({ claim: claim(), node: "real-1" }, "/lab/volumes");
    const spec = object["spec"] as Record<string, unknown>;
    assert.equal(object.metadata.name, `pvc-${uid}`);
    assert.deepEqual(spec["local"], { path: `/lab/volumes/work_data-store-0_${uid}` });
    assert.deepEqual(spec["capacity"], { storage: "1Gi" });
    assert.equal(spec["persistentVolumeReclaimPolicy"], "Delete");
    assert.equal((spec["claimRef"] as { uid: string }).uid, uid);
    assert.match(JSON.stringify(spec["nodeAffinity"]), /"values":\["real-1"\]/);
  });

  it("have paths that a file system takes, and each its own", () => {
    const long = claim({ name: "x".repeat(253), namespace: "n".repeat(63) });
    const path = volumePath("/lab/volumes", long);
    assert.ok(path.split("/").at(-1)!.length <= 255);
    assert.ok(path.endsWith(`_${uid}`));
    assert.notEqual(path, volumePath("/lab/volumes", { ...long, metadata: { ...long.metadata, uid: "1" } }));
  });

  it("are removed when their claim is gone, and only those that we have made", () => {
    const volume = (provisioner: string, phase: string): Volume => ({
      metadata: { name: "pvc-1", annotations: { "pv.kubernetes.io/provisioned-by": provisioner } },
      spec: {},
      status: { phase },
    });
    const gone = volume("bilten.dev/directory", "Released");
    const volumes = [
      gone,
      volume("bilten.dev/directory", "Bound"),
      volume("bilten.dev/directory", "Available"),
      volume("bilten.dev/simulated", "Released"),
    ];
    assert.deepEqual(workFor(found({ volumes })).remove, [gone]);
  });

  it("are removed right within their folder, and nowhere else", () => {
    assert.ok(isVolumePath("/lab/volumes", "/lab/volumes/work_data_1"));
    for (const path of [
      undefined,
      "",
      "/",
      "/lab/volumes",
      "/lab/volumes/",
      "/lab/volumes/.",
      "/lab/volumes/..",
      "/lab/volumes/../etc",
      "/lab/volumes/a/b",
      "/lab/volumes//a",
      "/lab/volumes2/a",
      "/etc/passwd",
    ]) {
      assert.ok(!isVolumePath("/lab/volumes", path), path);
    }
  });

  describe("for a claim that a simulated one is bound to", () => {
    const bound = claim({}, { volumeName: `pvc-${uid}` });
    const simulated: Volume = {
      metadata: { name: `pvc-${uid}`, labels: { "bilten.dev/node": "simulated" } },
      spec: {},
    };
    const mounting = (kind: string, namespace = "work") => ({
      metadata: { name: "store-0", namespace },
      spec: {
        nodeSelector: { "bilten.dev/node": kind },
        volumes: [{}, { persistentVolumeClaim: { claimName: "data-store-0" } }],
      },
    });
    const moved = (changes: Partial<Found>) =>
      workFor(found({ claims: [bound], volumes: [simulated], waitingPods: [mounting("real")], ...changes }))
        .provision;

    it("take its place when a pod waits for the real node with it", () => {
      assert.deepEqual(moved({}), [{ claim: bound, node: "real-1", instead: `pvc-${uid}` }]);
    });

    it("are made when that was interrupted between the two", () => {
      assert.deepEqual(moved({ volumes: [] }), [{ claim: bound, node: "real-1", instead: undefined }]);
    });

    it("are shown to a claim that counts as lost since then, and to no other", () => {
      const real = {
        ...simulated,
        metadata: { ...simulated.metadata, labels: { "bilten.dev/node": "real" } },
      };
      const lost = { ...bound, status: { phase: "Lost" } };
      const rebind = (one: Claim, volumes: Volume[]) => workFor(found({ claims: [one], volumes })).rebind;
      assert.deepEqual(rebind(lost, [real]), [lost]);
      assert.deepEqual(rebind({ ...bound, status: { phase: "Bound" } }, [real]), []);
      assert.deepEqual(rebind(lost, [simulated]), []);
      assert.deepEqual(rebind(lost, []), []);
    });

    it("leave it when no pod waits, or one for a simulated node, or of another namespace", () => {
      for (const waitingPods of [[], [mounting("simulated")], [mounting("real", "other")]]) {
        assert.deepEqual(moved({ waitingPods }), []);
      }
    });

    it("leave it when there is no real node", () => {
      assert.deepEqual(moved({ nodes: [] }), []);
    });

    it("never take the place of a real one", () => {
      const real = {
        ...simulated,
        metadata: { ...simulated.metadata, labels: { "bilten.dev/node": "real" } },
      };
      assert.deepEqual(moved({ volumes: [real] }), []);
      assert.deepEqual(moved({ volumes: [{ ...simulated, metadata: { name: `pvc-${uid}` } }] }), []);
    });
  });
});
