import assert from "node:assert/strict";
import { KubernetesStandIn } from "../../lab/providers/kubernetes/provider";
import {
  containsUnknown,
  isSecret,
  plain,
  secret,
  unknown,
  type Json,
  type Properties,
} from "../../lab/providers/values";
import { FakeApi } from "./fakeApi";
import { Engine } from "./support";

const configMap = "kubernetes:core/v1:ConfigMap";
const deployment = "kubernetes:apps/v1:Deployment";
const object = (apiVersion: string, kind: string, more: Properties = {}): Properties => ({
  apiVersion,
  kind,
  metadata: { name: "thing", namespace: "default" },
  ...more,
});

describe("The stand-in for the kubernetes plugin", () => {
  let engine: Engine;
  let api: FakeApi;
  beforeEach(async () => {
    api = new FakeApi();
    engine = await Engine.start(new KubernetesStandIn("4.0.0", () => Promise.resolve(api as never)));
    await engine.configure();
  });
  afterEach(() => engine.close());

  describe("names", () => {
    it("gives an object without a name one of 8 random characters, the same in preview and update", async () => {
      const first = await engine.check(configMap, { data: {} });
      const second = await engine.check(configMap, { data: {} });
      assert.match(String((first.inputs["metadata"] as Properties)["name"]), /^thing-[a-z0-9]{8}$/);
      assert.deepEqual(first, second);
    });

    it("keeps a name that it made before", async () => {
      const { inputs } = await engine.check(configMap, { data: {} });
      const again = await engine.check(configMap, { data: {} }, { olds: inputs, seed: "another" });
      assert.deepEqual(again.inputs, inputs);
    });

    it("makes a new name for a replacement", async () => {
      const first = await engine.check(configMap, {});
      const second = await engine.check(configMap, {}, { seed: "another" });
      assert.notDeepEqual(first, second);
    });

    it("leaves a given name and adds the namespace of the context", async () => {
      const { inputs } = await engine.check(configMap, { metadata: { name: "given" } });
      assert.deepEqual(inputs["metadata"], { name: "given", namespace: "default" });
    });

    it("gives an object of the cluster no namespace", async () => {
      const { inputs } = await engine.check("kubernetes:core/v1:Namespace", { metadata: { name: "given" } });
      assert.deepEqual(inputs["metadata"], { name: "given" });
    });
  });

  describe("differences", () => {
    it("finds none between equal inputs, secret or not", async () => {
      const inputs = object("v1", "Secret", { stringData: { key: "value" } });
      const marked = { ...inputs, stringData: secret({ key: "value" }) };
      assert.equal((await engine.diff("kubernetes:core/v1:Secret", inputs, marked)).changes, false);
    });

    it("names each property that differs with its path", async () => {
      await engine.configure({ enableConfigMapMutable: "true" });
      const before = object("v1", "ConfigMap", { data: { "a.yml": "1", b: "2" } });
      const after = object("v1", "ConfigMap", { data: { "a.yml": "changed", c: "3" } });
      const { detailed } = await engine.diff(configMap, before, after);
      assert.deepEqual(detailed, { 'data["a.yml"]': 4, "data.b": 2, "data.c": 0 });
    });

    const replaced: [string, string, Properties, Properties][] = [
      [deployment, "selector", { spec: { selector: { a: "1" } } }, { spec: { selector: { a: "2" } } }],
      [
        "kubernetes:apps/v1:StatefulSet",
        "volume claim templates",
        { spec: { volumeClaimTemplates: [{ spec: { size: 1 } }] } },
        { spec: { volumeClaimTemplates: [{ spec: { size: 2 } }] } },
      ],
      [
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
        "role",
        { roleRef: { name: "a" } },
        { roleRef: { name: "b" } },
      ],
      [
        "kubernetes:batch/v1:Job",
        "template",
        { spec: { template: { a: 1 } } },
        { spec: { template: { a: 2 } } },
      ],
      [
        configMap,
        "content when immutable",
        { immutable: true, data: { a: "1" } },
        { immutable: true, data: { a: "2" } },
      ],
      [
        "kubernetes:storage.k8s.io/v1:StorageClass",
        "parameters",
        { parameters: { a: "1" } },
        { parameters: { a: "2" } },
      ],
      [
        "kubernetes:core/v1:PersistentVolumeClaim",
        "storage class",
        { spec: { storageClassName: "a" } },
        { spec: { storageClassName: "b" } },
      ],
    ];
    for (const [type, what, before, after] of replaced) {
      it(`replaces a ${type.split(":")[2]} whose ${what} changes, the old one first when the name is fixed`, async () => {
        const diff = await engine.diff(type, object("v", "k", before), object("v", "k", after));
        assert.equal(diff.replaces.length, 1);
        assert.equal(diff.deleteBeforeReplace, true);
      });
    }

    const updated: [string, string, Properties, Properties][] = [
      [deployment, "template", { spec: { template: { a: 1 } } }, { spec: { template: { a: 2 } } }],
      ["kubernetes:apps/v1:StatefulSet", "replicas", { spec: { replicas: 1 } }, { spec: { replicas: 2 } }],
      [
        "kubernetes:apps/v1:StatefulSet",
        "template",
        { spec: { template: { a: 1 } } },
        { spec: { template: { a: 2 } } },
      ],
      [
        "kubernetes:core/v1:PersistentVolumeClaim",
        "size",
        { spec: { resources: { requests: { storage: "1Gi" } } } },
        { spec: { resources: { requests: { storage: "2Gi" } } } },
      ],
    ];
    for (const [type, what, before, after] of updated) {
      it(`updates a ${type.split(":")[2]} whose ${what} changes`, async () => {
        const diff = await engine.diff(type, object("v", "k", before), object("v", "k", after));
        assert.equal(diff.changes, true);
        assert.deepEqual(diff.replaces, []);
      });
    }

    for (const kind of ["ConfigMap", "Secret"]) {
      const type = `kubernetes:core/v1:${kind}`;
      const before = object("v1", kind, { data: { a: "1" } });
      const after = object("v1", kind, { data: { a: "2" } });

      it(`replaces a ${kind} whose content changes, unless a setting makes them mutable`, async () => {
        assert.deepEqual((await engine.diff(type, before, after)).replaces, ["data.a"]);
        await engine.configure({ [`enable${kind}Mutable`]: "true" });
        const { changes, replaces } = await engine.diff(type, before, after);
        assert.deepEqual([changes, replaces], [true, []]);
      });

      it(`replaces a ${kind} marked as immutable in any case`, async () => {
        await engine.configure({ [`enable${kind}Mutable`]: "true" });
        const diff = await engine.diff(type, { ...before, immutable: true }, { ...after, immutable: true });
        assert.deepEqual(diff.replaces, ["data.a"]);
      });
    }

    it("leaves to the API server what it refuses and the official plugin tries", async () => {
      const type = "kubernetes:batch/v1:Job";
      const job = (spec: Properties) => object("batch/v1", "Job", { spec });
      const diff = await engine.diff(type, job({ completionMode: "Indexed" }), job({}));
      assert.deepEqual([diff.changes, diff.replaces], [true, []]);
    });

    it("puts an object with a made name beside the one it replaces", async () => {
      const { inputs } = await engine.check(configMap, { data: { a: "1" } });
      const diff = await engine.diff(configMap, inputs, { ...inputs, data: { a: "2" } });
      assert.deepEqual(diff.replaces, ["data.a"]);
      assert.equal(diff.deleteBeforeReplace, false);
    });

    it("puts an object in another namespace beside the one it replaces", async () => {
      const moved = { ...object("v1", "ConfigMap"), metadata: { name: "thing", namespace: "other" } };
      const diff = await engine.diff(configMap, object("v1", "ConfigMap"), moved);
      assert.deepEqual(diff.replaces, ["metadata.namespace"]);
      assert.equal(diff.deleteBeforeReplace, false);
    });

    it("takes a value that is not known yet for a change", async () => {
      await engine.configure({ enableConfigMapMutable: true });
      const before = object("v1", "ConfigMap", { data: { a: "1" } });
      const diff = await engine.diff(configMap, before, { ...before, data: { a: unknown } });
      assert.deepEqual(diff.detailed, { "data.a": 4 });
    });
  });

  describe("previews", () => {
    it("keep what is not known, at any depth, and ask the API server nothing about it", async () => {
      const inputs = object("v1", "ConfigMap", { data: { a: unknown, b: "1" } });
      const { outputs } = await engine.create(configMap, inputs, true);
      assert.deepEqual(outputs, inputs);
      assert.deepEqual(api.applied, []);
      const partly: Json[] = [unknown, { name: unknown }, { namespace: unknown }];
      for (const metadata of partly) {
        const checked = await engine.check(configMap, { metadata, data: unknown });
        assert.equal(containsUnknown(checked.inputs), true);
      }
    });

    it("only try on the API server what is known", async () => {
      await engine.create(configMap, object("v1", "ConfigMap"), true);
      assert.deepEqual(
        api.applied.map(({ dryRun }) => dryRun),
        [true],
      );
    });

    it("of objects in a namespace that is yet to be made succeed", async () => {
      api.fail = { status: 404, message: 'namespaces "default" not found' };
      await engine.create(configMap, object("v1", "ConfigMap"), true);
    });

    it("work while the cluster itself is not known", async () => {
      await engine.configure({ kubeconfig: unknown });
      const { inputs } = await engine.check(configMap, { metadata: { name: "a" } });
      await engine.create(configMap, inputs, true);
      assert.deepEqual(api.applied, []);
    });
  });

  describe("secrets", () => {
    const type = "kubernetes:core/v1:Secret";
    const content = { password: "hunter2-hunter2" };

    it("in a Secret are secret in inputs and outputs, even when the program does not say so", async () => {
      const { inputs } = await engine.check(type, { metadata: { name: "a" }, stringData: content });
      assert.ok(isSecret(inputs["stringData"]));
      const { outputs } = await engine.create(type, inputs);
      assert.ok(isSecret(outputs["data"]), "data");
      assert.ok(isSecret(outputs["stringData"] ?? secret("")), "stringData");
    });

    it("reach the API server as they are", async () => {
      await engine.create(type, object("v1", "Secret", { stringData: secret(content) }));
      assert.deepEqual((api.applied[0]!.object as Properties)["stringData"], content);
    });

    it("in other objects stay secret in the outputs", async () => {
      const { outputs } = await engine.create(
        configMap,
        object("v1", "ConfigMap", { data: { a: secret("s"), b: "1" } }),
      );
      const data = outputs["data"] as Properties;
      assert.ok(isSecret(data["a"]));
      assert.equal(data["b"], "1");
    });

    it("do not appear in the messages of the API server", async () => {
      api.fail = { status: 422, message: "Invalid value: hunter2-hunter2" };
      await assert.rejects(
        engine.create(type, object("v1", "Secret", { stringData: secret(content) })),
        (error: Error) => error.message.includes("[secret]") && !error.message.includes("hunter2"),
      );
    });
  });

  describe("refreshing", () => {
    const inputs = object("apps/v1", "Deployment", {
      metadata: { name: "thing", namespace: "default", annotations: { "pulumi.com/skipAwait": "true" } },
      spec: {
        replicas: 1,
        template: { spec: { containers: [{ name: "a", resources: { limits: { cpu: "1000m" } } }] } },
      },
    });
    const live = (replicas: number, cpu = "1"): Properties => ({
      ...inputs,
      spec: {
        replicas,
        revisionHistoryLimit: 10,
        template: { spec: { containers: [{ name: "a", image: "x", resources: { limits: { cpu } } }] } },
      },
      status: { observedGeneration: replicas },
    });

    it("finds nothing in what the API server added or wrote in another way", async () => {
      api.objects.set("/apis/apps/v1/namespaces/default/deployments/thing", { ...live(1), status: {} });
      const read = await engine.read(deployment, "default/thing", inputs, live(1));
      assert.deepEqual(read.inputs, inputs);
    });

    it("finds what somebody changed, and only that", async () => {
      api.objects.set("/apis/apps/v1/namespaces/default/deployments/thing", live(3));
      const read = await engine.read(deployment, "default/thing", inputs, live(1));
      const diff = await engine.diff(deployment, read.inputs, inputs);
      assert.deepEqual(Object.keys(diff.detailed), ["spec.replicas"]);
    });

    it("finds what somebody removed", async () => {
      const gone = live(1);
      delete (gone["spec"] as Properties)["replicas"];
      api.objects.set("/apis/apps/v1/namespaces/default/deployments/thing", gone);
      const read = await engine.read(deployment, "default/thing", inputs, live(1));
      assert.deepEqual((await engine.diff(deployment, read.inputs, inputs)).detailed, { "spec.replicas": 0 });
    });

    it("finds a change of a Secret given as text, and keeps it secret", async () => {
      const type = "kubernetes:core/v1:Secret";
      const given = object("v1", "Secret", { stringData: secret({ key: "old" }) });
      const before = object("v1", "Secret", { data: secret({ key: "b2xk" }) });
      api.objects.set(
        "/api/v1/namespaces/default/secrets/thing",
        object("v1", "Secret", { data: { key: "bmV3" } }),
      );
      const read = await engine.read(type, "default/thing", given, before);
      assert.ok(isSecret(read.inputs["stringData"]));
      assert.deepEqual(plain(read.inputs["stringData"]), { key: "new" });
    });

    it("takes an object that is gone for deleted", async () => {
      assert.equal((await engine.read(deployment, "default/thing", inputs, live(1))).id, "");
    });

    it("repairs by force only when a setting asks for it, and never creates so", async () => {
      const repair = () => engine.update(deployment, "default/thing", inputs, live(1), inputs);
      await repair();
      await engine.configure({ enablePatchForce: "true" });
      await repair();
      api.objects.clear();
      await engine.create(deployment, inputs);
      assert.deepEqual(
        api.applied.map(({ force }) => force),
        [false, true, false],
      );
    });
  });

  it("makes no object that exists, unless a setting lets it take over", async () => {
    const inputs = object("v1", "ConfigMap", { data: { a: "1" } });
    await engine.create(configMap, inputs);
    await assert.rejects(engine.create(configMap, inputs), /ConfigMap default\/thing exists already.*import/);
    assert.equal(api.applied.length, 1);
    await engine.configure({ upsertExistingObjects: "true" });
    await engine.create(configMap, inputs);
    assert.equal(api.applied.length, 2);
  });

  it("says who manages an object that is already there, and what to do", async () => {
    api.fail = { status: 409, message: "conflict", causes: ['conflict with "kubectl": .data.a'] };
    await assert.rejects(
      engine.create(configMap, object("v1", "ConfigMap")),
      /kubectl.*pulumi import.*patchForce/,
    );
  });

  it("keeps an object that does not become ready, with the reason", async () => {
    const pod = object("v1", "Pod", {
      metadata: { name: "thing", namespace: "default", annotations: { "pulumi.com/timeoutSeconds": "0.2" } },
    });
    await assert.rejects(
      engine.create("kubernetes:core/v1:Pod", pod),
      (error: { metadata?: unknown; message: string }) => {
        assert.match(error.message, /default\/thing was applied, but is not ready: after 0.2 s/);
        return JSON.stringify(error.metadata).includes("grpc-status-details-bin");
      },
    );
  });

  it("deletes an object, and one that is gone", async () => {
    api.objects.set("/api/v1/namespaces/default/configmaps/thing", object("v1", "ConfigMap"));
    await engine.delete(configMap, "default/thing");
    await engine.delete(configMap, "default/thing");
    assert.equal(api.objects.size, 0);
  });

  for (const type of [
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:kustomize:Directory",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:yaml/v2:ConfigGroup",
    "kubernetes:core/v1:ConfigMapPatch",
    "kubernetes:core/v1:ConfigMapList",
  ]) {
    it(`refuses ${type} by name`, async () => {
      await assert.rejects(engine.check(type, {}), (error: Error) => error.message.includes(type));
    });
  }

  it("refuses functions by name", async () => {
    await assert.rejects(engine.invoke("kubernetes:yaml:decode"), /kubernetes:yaml:decode/);
  });

  it("refuses settings it does not implement by name", async () => {
    const failures = await engine.checkConfig({ renderYamlToDirectory: "out", namespace: "a" });
    assert.equal(failures.length, 1);
    assert.match(failures[0]!, /kubernetes:renderYamlToDirectory/);
  });
});
