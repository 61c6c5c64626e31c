import assert from "node:assert/strict";
import fc from "fast-check";
import { heldData, type Workload } from "../../lab/placement/held";
import { missingImages, placementManifests, placementOf, probe } from "../../lab/placement/policy";

const prometheus = "quay.io/prometheus/prometheus:v3.14.0";
const grafana = "docker.io/grafana/grafana:13.2.0";
const pod = (...images: string[]) => ({ containers: images.map((image) => ({ image })) });

describe("placement", () => {
  it("is real when every image is at hand, and simulated when one is not", () => {
    assert.equal(placementOf(pod(prometheus), [prometheus]), "real");
    assert.equal(placementOf(pod(prometheus, grafana), [prometheus]), "simulated");
    assert.equal(
      placementOf({ ...pod(prometheus), initContainers: [{ image: grafana }] }, [prometheus]),
      "simulated",
    );
    assert.equal(placementOf(pod(prometheus), []), "simulated");
  });

  it("compares references as they are written", () => {
    assert.equal(placementOf(pod("grafana/grafana:13.2.0"), [grafana]), "simulated");
    assert.equal(placementOf(pod(`${prometheus}@sha256:00`), [prometheus]), "simulated");
  });

  it("names each missing image once", () => {
    assert.deepEqual(missingImages(pod(grafana, prometheus, grafana), [prometheus]), [grafana]);
  });

  it("has the same policy for the same images, whatever their order and number", () => {
    const images = fc.uniqueArray(fc.string(), { maxLength: 5 });
    fc.assert(
      fc.property(images, (list) => {
        const again = [...list].reverse().concat(list);
        assert.deepEqual(placementManifests(again), placementManifests(list));
        assert.deepEqual(probe(again), probe(list));
      }),
    );
  });

  it("has a probe that only the policy for just these images places on the real node", () => {
    const text = (images: string[]) => JSON.stringify(placementManifests(images));
    const signature = (images: string[]) =>
      (probe(images).object["spec"] as { containers: { image: string }[] }).containers[0]!.image;
    const lists = [[], [prometheus], [prometheus, grafana]];
    for (const own of lists) {
      for (const other of lists) assert.equal(text(own).includes(signature(other)), own === other);
    }
  });
});

describe("data on the real node", () => {
  const claim = (name: string, volumeName = `pv-${name}`, namespace = "monitoring") => ({
    metadata: { name, namespace },
    spec: { volumeName },
  });
  const volume = (name: string, kind: string) => ({
    metadata: { name, labels: { "bilten.dev/node": kind } },
  });
  const store: Workload = {
    kind: "StatefulSet",
    metadata: { name: "prometheus", namespace: "monitoring" },
    spec: { template: { spec: pod(prometheus) }, volumeClaimTemplates: [{ metadata: { name: "data" } }] },
  };
  const claims = [claim("data-prometheus-0"), claim("data-prometheus-1")];
  const real = claims.map(({ spec }) => volume(spec.volumeName, "real"));

  it("holds a workload whose image is no longer at hand", () => {
    assert.deepEqual(heldData([store], [], claims, real), [
      {
        workload: "StatefulSet monitoring/prometheus",
        claims: ["data-prometheus-0", "data-prometheus-1"],
        missingImages: [prometheus],
      },
    ]);
  });

  it("does not hold one that stays, or has only simulated volumes, or none yet", () => {
    assert.deepEqual(heldData([store], [prometheus], claims, real), []);
    const simulated = claims.map(({ spec }) => volume(spec.volumeName, "simulated"));
    assert.deepEqual(heldData([store], [], claims, simulated), []);
    assert.deepEqual(heldData([store], [], [], real), []);
  });

  it("is not that of a neighbour with a similar name, nor of another namespace", () => {
    const others = [
      claim("data-prometheus-agent-0"),
      claim("data-prometheus-0", "pv-other", "other"),
      claim("other-prometheus-0"),
    ];
    const volumes = others.map(({ spec }) => volume(spec.volumeName, "real"));
    assert.deepEqual(heldData([store], [], others, volumes), []);
  });

  it("is also found behind a claim that a pod names", () => {
    const deployment: Workload = {
      kind: "Deployment",
      metadata: { name: "web", namespace: "monitoring" },
      spec: {
        template: {
          spec: { ...pod(grafana), volumes: [{}, { persistentVolumeClaim: { claimName: "files" } }] },
        },
      },
    };
    const held = heldData([deployment], [], [claim("files")], [volume("pv-files", "real")]);
    assert.deepEqual(
      held.map(({ workload }) => workload),
      ["Deployment monitoring/web"],
    );
  });
});
