import assert from "node:assert/strict";
import { Elasticsearch, type ElasticsearchArgs } from "../../components/elasticsearch";
import { runProgram, secretMarker } from "../support/mocks";
import { assertHardened, only, pods } from "../support/workloads";

const args: ElasticsearchArgs = {
  namespace: "monitoring",
  certificate: { certPem: "certificate", keyPem: "key", caPem: "authority" },
};

async function deploy(given: Partial<ElasticsearchArgs> = {}) {
  return (await runProgram(() => void new Elasticsearch("elasticsearch", { ...args, ...given }))).resources;
}

type Resources = Awaited<ReturnType<typeof deploy>>;

function named(resources: Resources, name: string) {
  const found = resources.find((resource) => resource.name === name);
  assert.ok(found, name);
  return found.inputs;
}

const statefulSet = (resources: Resources) => only(resources, "StatefulSet").inputs.spec;

// No image of Elasticsearch runs here: these look at what Kubernetes is given.
describe("Elasticsearch, not run", () => {
  it("is one node that any number can join", async () => {
    const resources = await deploy();
    assert.equal(statefulSet(resources).replicas, 1);
    assert.equal(named(resources, "elasticsearch-bootstrap").data["initial-master-nodes"], "elasticsearch-0");
    assert.ok(!resources.some(({ type }) => type.endsWith(":PodDisruptionBudget")));
  });

  it("keeps its quorum: one node of a machine, one down at a time", async () => {
    const resources = await deploy({ replicas: 3 });
    const { affinity, topologySpreadConstraints } = statefulSet(resources).template.spec;
    const [rule] = affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    assert.equal(rule.topologyKey, "kubernetes.io/hostname");
    assert.deepEqual(rule.labelSelector, statefulSet(resources).selector);
    assert.equal(topologySpreadConstraints[0].topologyKey, "topology.kubernetes.io/zone");
    assert.equal(only(resources, "PodDisruptionBudget").inputs.spec.maxUnavailable, 1);
  });

  it("starts all nodes at once, so that they find a quorum before one is ready", async () => {
    const resources = await deploy({ replicas: 3 });
    assert.equal(statefulSet(resources).podManagementPolicy, "Parallel");
    const headless = named(resources, "elasticsearch-headless").spec;
    assert.equal(headless.publishNotReadyAddresses, true);
    assert.ok(headless.ports.some(({ port }: { port: number }) => port === 9300));
  });

  it("does not restart when its certificates are renewed", async () => {
    const before = await deploy();
    const after = await deploy({ certificate: { certPem: "new", keyPem: "new", caPem: "new" } });
    assert.deepEqual(pods(after), pods(before));
    const secret = named(after, "elasticsearch-http-certificate");
    assert.equal(secret.metadata.name, "elasticsearch-http-certificate");
    assert.equal(secret.immutable, undefined);
    // Kubernetes does not keep single files current.
    const [pod] = pods(after);
    for (const mount of pod?.spec.containers[0]?.volumeMounts ?? []) {
      assert.equal("subPath" in mount, false, mount.name);
    }
  });

  it("does not restart when a fourth and fifth node join three", async () => {
    const [three, five] = [await deploy({ replicas: 3 }), await deploy({ replicas: 5 })];
    assert.deepEqual(pods(five), pods(three));
  });

  it("restarts when its settings or memory change, by mounting another object", async () => {
    const resources = await deploy();
    for (const part of ["configuration", "probe", "secure-settings"]) {
      const found = named(resources, `elasticsearch-${part}`);
      assert.equal(found.immutable, true, part);
      assert.equal(found.metadata.name, undefined, part);
    }
    const { data } = named(await deploy({ memory: "4Gi" }), "elasticsearch-configuration");
    assert.match(data["bilten.options"], /^-Xmx2048m$/m);
    const [container] = pods(await deploy({ memory: "4Gi" }))[0]!.spec.containers;
    assert.equal(container?.resources?.limits?.["memory"], "4Gi");
    assert.equal(container?.resources?.requests?.["memory"], "4Gi");
  });

  it("keeps its memory whatever the overrides say, because the heap is made for it", async () => {
    const resources = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "3", memory: "1Gi" } };
    const [container] = pods(await deploy({ resources }))[0]!.spec.containers;
    assert.deepEqual(container?.resources, {
      requests: { cpu: "1", memory: "2Gi" },
      limits: { cpu: "3", memory: "2Gi" },
    });
  });

  it("leaves its volumes unless told otherwise, and always those of nodes that went", async () => {
    const policy = (resources: Resources) => statefulSet(resources).persistentVolumeClaimRetentionPolicy;
    assert.deepEqual(policy(await deploy()), { whenDeleted: "Retain", whenScaled: "Retain" });
    assert.deepEqual(policy(await deploy({ keepVolumes: false })), {
      whenDeleted: "Delete",
      whenScaled: "Retain",
    });
  });

  it("has room to write wherever it writes", async () => {
    const resources = await deploy({ volumeSize: "50Gi", storageClass: "fast" });
    const { template, volumeClaimTemplates } = statefulSet(resources);
    const [claim] = volumeClaimTemplates;
    assert.equal(claim.spec.resources.requests.storage, "50Gi");
    assert.equal(claim.spec.storageClassName, "fast");
    const writable = template.spec.containers[0].volumeMounts
      .filter(({ readOnly }: { readOnly?: boolean }) => !readOnly)
      .map(({ mountPath }: { mountPath: string }) => mountPath);
    assert.deepEqual(writable.sort(), [
      "/tmp",
      "/usr/share/elasticsearch/config",
      "/usr/share/elasticsearch/data",
      "/usr/share/elasticsearch/logs",
    ]);
  });

  it("mounts everything that it names, in both containers", async () => {
    const { template, volumeClaimTemplates } = statefulSet(await deploy());
    const volumes = [
      ...template.spec.volumes,
      ...volumeClaimTemplates.map((c: { metadata: object }) => c.metadata),
    ];
    const names = new Set(volumes.map(({ name }: { name: string }) => name));
    const mounted = [...template.spec.containers, ...template.spec.initContainers].flatMap(
      (container: { volumeMounts: { name: string }[] }) => container.volumeMounts.map(({ name }) => name),
    );
    assert.deepEqual([...new Set(mounted)].sort(), [...names].sort());
  });

  it("keeps passwords and keys in Secrets alone", async () => {
    const snapshotStore = { accessKey: "the-access-key", secretKey: "the-secret-key" };
    const { resources } = await runProgram(
      () =>
        void new Elasticsearch("elasticsearch", {
          ...args,
          certificate: { ...args.certificate, keyPem: "the-private-key" },
          snapshotStore,
        }),
      { revealSecrets: true },
    );
    const elsewhere = JSON.stringify(
      resources.filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith(":Secret")),
    );
    for (const secret of [secretMarker, "the-access-key", "the-secret-key", "the-private-key"]) {
      assert.equal(elsewhere.includes(secret), false, secret);
    }
    assert.deepEqual(Object.keys(named(resources, "elasticsearch-secure-settings").stringData).sort(), [
      "bootstrap.password",
      "s3.client.default.access_key",
      "s3.client.default.secret_key",
    ]);
  });

  it("shows the password of the probe to nothing but the probe", async () => {
    const { template } = statefulSet(await deploy());
    const volume = template.spec.volumes.find(({ name }: { name: string }) => name === "probe");
    assert.deepEqual(volume.secret.items, [{ key: "curlrc", path: "curlrc" }]);
    const users = template.spec.volumes.find(({ name }: { name: string }) => name === "users");
    assert.deepEqual(
      users.secret.items.map(({ key }: { key: string }) => key),
      ["users", "users_roles"],
    );
  });

  it("has an authority for its nodes that signs nothing else", async () => {
    const resources = await deploy();
    const signed = resources.filter(({ type }) => type.endsWith(":LocallySignedCert"));
    assert.deepEqual(
      signed.map(({ inputs }) => [inputs.caCertPem, inputs.allowedUses]),
      [
        [
          "<certificate elasticsearch-transport-authority-certificate>",
          ["digital_signature", "server_auth", "client_auth"],
        ],
      ],
    );
  });

  it("lets in the programs of the stack, and nodes among themselves", async () => {
    const { ingress, egress } = only(await deploy(), "NetworkPolicy").inputs.spec;
    const [http, transport] = ingress.map(
      (rule: { from: { podSelector: { matchLabels: Record<string, string> } }[]; ports: object[] }) => ({
        from: rule.from.map(({ podSelector }) => podSelector.matchLabels["app.kubernetes.io/name"]),
        ports: rule.ports,
      }),
    );
    assert.deepEqual(http.from, [
      "elasticsearch-setup",
      "logstash",
      "kibana",
      "grafana",
      "elasticsearch-exporter",
      "jaeger",
    ]);
    assert.deepEqual(http.ports, [{ protocol: "TCP", port: 9200 }]);
    assert.deepEqual(transport, { from: ["elasticsearch"], ports: [{ protocol: "TCP", port: 9300 }] });
    assert.equal(egress.length, 1);
  });

  it("reaches the store of its snapshots, when it has one", async () => {
    const { egress } = only(await deploy({ snapshotStore: { port: 9000 } }), "NetworkPolicy").inputs.spec;
    assert.deepEqual(egress[1], { ports: [{ protocol: "TCP", port: 9000 }] });
  });

  it("is refused with one of the store's two keys", async () => {
    await assert.rejects(deploy({ snapshotStore: { accessKey: "a" } }), /one of accessKey and secretKey/);
  });

  it("has time to stop, and clients time to notice", async () => {
    const { spec } = statefulSet(await deploy()).template;
    assert.equal(spec.terminationGracePeriodSeconds, 120);
    const [, seconds] = spec.containers[0].lifecycle.preStop.exec.command;
    assert.ok(Number(seconds) < 60);
  });

  it("is hardened like every workload, and so is what prepares it", async () => {
    const resources = await deploy();
    assertHardened(pods(resources));
    const [container] = statefulSet(resources).template.spec.initContainers;
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.ok(container.resources.limits.memory);
  });

  it("hands out its address and its superuser's password, a secret", async () => {
    const { outputs } = await runProgram(() => ({ ...new Elasticsearch("elasticsearch", args) }));
    assert.equal(outputs.url, "https://elasticsearch.monitoring.svc:9200");
    assert.equal(outputs.elasticPassword, secretMarker);
  });
});
