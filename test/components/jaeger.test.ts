import assert from "node:assert/strict";
import { Jaeger, jaegerAddresses, type JaegerArgs } from "../../components/jaeger";
import { indexCleanerArguments } from "../../components/jaeger/indexCleaner";
import { runProgram, type RegisteredResource } from "../support/mocks";
import { assertHardened, only, pods } from "../support/workloads";

const badger: JaegerArgs = {
  namespace: "monitoring",
  storage: { kind: "badger", volumeSize: "4Gi" },
  retention: "2d",
  sampling: { default: 0.1, operations: [{ operation: "/api/events", sampling: 0.5 }] },
  services: [{ name: "bilten-api", tracing: { operations: [] } }],
  senderNamespaces: ["bilten"],
  clients: [{ app: "grafana" }],
  probers: [{ app: "blackbox-exporter" }],
};
const elasticsearch: JaegerArgs = {
  ...badger,
  storage: { kind: "elasticsearch", url: "https://elasticsearch.monitoring.svc:9200", nodes: 3 },
  elasticsearch: { password: "pass-of-jaeger", caPem: "ES-CA" },
  retention: "14d",
  collectorReplicas: 2,
  queryReplicas: 2,
};
const run = async (args: JaegerArgs) => (await runProgram(() => void new Jaeger("jaeger", args))).resources;
const named = (resources: RegisteredResource[], kind: string, name: string) =>
  resources.find((one) => one.type.endsWith(`:${kind}`) && one.name === name) ??
  assert.fail(`${kind} ${name}`);

/** Who is let in to which ports by the policy of a workload. */
function letIn(resources: RegisteredResource[], workload: string): string[] {
  interface Rule {
    from: {
      podSelector?: { matchLabels: Record<string, string> };
      namespaceSelector?: { matchLabels: Record<string, string> };
    }[];
    ports: { port: number; protocol: string }[];
  }
  const rules = named(resources, "NetworkPolicy", `${workload}-policy`).inputs.spec.ingress as Rule[];
  return rules.map(({ from, ports }) => {
    const [peer] = from;
    const who = Object.values((peer?.podSelector ?? peer?.namespaceSelector)?.matchLabels ?? {}).join();
    return `${who} ${ports.map(({ port, protocol }) => `${protocol === "UDP" ? "udp " : ""}${port}`).join(" ")}`;
  });
}

describe("Jaeger with Badger", () => {
  it("is one process with its volume, as restricted as all others", async () => {
    const resources = await run(badger);
    assertHardened(pods(resources));
    const { spec } = only(resources, "StatefulSet").inputs;
    assert.equal(spec.replicas, 1);
    assert.equal(spec.volumeClaimTemplates[0].spec.resources.requests.storage, "4Gi");
    assert.equal(spec.template.spec.automountServiceAccountToken, false);
    const writable = spec.template.spec.containers[0].volumeMounts
      .filter((mount: { readOnly?: boolean }) => !mount.readOnly)
      .map((mount: { mountPath: string }) => mount.mountPath);
    assert.deepEqual(writable, ["/var/lib/jaeger"]);
  });

  it("is given one process however many are asked for", async () => {
    const resources = await run({ ...badger, collectorReplicas: 3, queryReplicas: 3 });
    assert.equal(only(resources, "StatefulSet").inputs.spec.replicas, 1);
  });

  it("has no password and no cleaner", async () => {
    const resources = await run(badger);
    assert.deepEqual(
      resources.filter(({ type }) => /:(Secret|CronJob)$/.test(type)),
      [],
    );
  });

  it("is reached by the services' namespaces, Prometheus, Grafana and who asks for the sampling", async () => {
    assert.deepEqual(letIn(await run(badger), "jaeger"), [
      "prometheus 8888 8889",
      "bilten 4317 4318 5778 5779",
      "blackbox-exporter 5778",
      "grafana 16686",
    ]);
  });

  it("opens the port of old clients over UDP in container, Service and policy, when it is wanted", async () => {
    const resources = await run({ ...badger, thriftUdp: true });
    assert.ok(letIn(resources, "jaeger").includes("bilten 4317 4318 5778 5779 udp 6832"));
    const udp = { name: "thrift-udp", port: 6832, targetPort: "thrift-udp", protocol: "UDP" };
    const service = named(resources, "Service", "jaeger-service").inputs.spec.ports as { name: string }[];
    assert.deepEqual(
      service.find(({ name }) => name === "thrift-udp"),
      udp,
    );
    const { ports } = only(resources, "StatefulSet").inputs.spec.template.spec.containers[0];
    assert.deepEqual(
      ports.find(({ name }: { name: string }) => name === "thrift-udp"),
      { name: "thrift-udp", containerPort: 6832, protocol: "UDP" },
    );
    const without = named(await run(badger), "Service", "jaeger-service").inputs.spec.ports as object[];
    assert.ok(!without.some((port) => "protocol" in port));
  });

  it("takes browsers' spans from the ingress controller alone, and only over HTTP", async () => {
    const browsers = { origins: ["https://bilten.com"], ingressNamespace: "ingress-nginx" };
    assert.ok(letIn(await run({ ...badger, browsers }), "jaeger").includes("ingress-nginx 4318"));
  });

  it("keeps mounted what Jaeger reads again, and restarts for what it reads once", async () => {
    const resources = await run(badger);
    const strategies = named(resources, "ConfigMap", "jaeger-sampling").inputs;
    assert.equal(strategies.metadata.name, "jaeger-sampling");
    assert.notEqual(strategies.immutable, true);
    const configuration = named(resources, "ConfigMap", "jaeger-configuration").inputs;
    assert.equal(configuration.metadata.name, undefined);
    assert.equal(configuration.immutable, true);
    const changed = await run({ ...badger, sampling: { default: 0.2, operations: [] } });
    const template = (from: RegisteredResource[]) => only(from, "StatefulSet").inputs.spec.template;
    assert.deepEqual(template(changed), template(resources));
    assert.notDeepEqual(named(changed, "ConfigMap", "jaeger-sampling").inputs.data, strategies.data);
  });

  it("has the limits of its memory follow from the container's", async () => {
    const resources = await run({ ...badger, resources: { limits: { memory: "2Gi" } } });
    const [container] = only(resources, "StatefulSet").inputs.spec.template.spec.containers;
    assert.deepEqual(container.env, [{ name: "GOMEMLIMIT", value: "1740MiB" }]);
    const { data } = named(resources, "ConfigMap", "jaeger-configuration").inputs;
    assert.match(data["jaeger.yaml"], /limit_mib: 1536\n/);
  });

  it("answers below the path of its address", async () => {
    const args = { ...badger, externalUrl: "https://bilten.example.com/jaeger" };
    const { data } = named(await run(args), "ConfigMap", "jaeger-configuration").inputs;
    assert.match(data["jaeger.yaml"], /base_path: \/jaeger\n/);
    let url = "";
    await runProgram(() => void (url = new Jaeger("jaeger", args).url));
    assert.equal(url, "http://jaeger.monitoring.svc:16686/jaeger");
  });
});

describe("Jaeger with Elasticsearch", () => {
  it("has collectors and queries apart, several of each, none of them with a volume", async () => {
    const resources = await run(elasticsearch);
    assertHardened(pods(resources));
    for (const name of ["jaeger-collector", "jaeger-query"]) {
      assert.equal(named(resources, "Deployment", name).inputs.spec.replicas, 2);
      assert.equal(
        named(resources, "PodDisruptionBudget", `${name}-disruption`).inputs.spec.maxUnavailable,
        1,
      );
      assert.ok(named(resources, "Service", `${name}-service`));
    }
    assert.ok(!resources.some(({ type }) => type.endsWith(":StatefulSet")));
  });

  it("lets each be reached only for what it does", async () => {
    const resources = await run(elasticsearch);
    assert.deepEqual(letIn(resources, "jaeger-collector"), [
      "prometheus 8888 8889",
      "bilten 4317 4318 5778 5779",
      "blackbox-exporter 5778",
    ]);
    assert.deepEqual(letIn(resources, "jaeger-query"), ["prometheus 8888", "grafana 16686"]);
    const reaches = (workload: string) =>
      JSON.stringify(named(resources, "NetworkPolicy", `${workload}-policy`).inputs.spec.egress);
    assert.match(reaches("jaeger-collector"), /9200.*elasticsearch/);
    assert.doesNotMatch(reaches("jaeger-collector"), /9090/);
    assert.match(reaches("jaeger-query"), /9200.*elasticsearch.*9090.*prometheus/);
  });

  it("has its password in a Secret alone, and mounts it as a file", async () => {
    const resources = await run(elasticsearch);
    // What a Secret holds is not shown; anywhere else, it would be.
    assert.ok(!JSON.stringify(resources).includes("pass-of-jaeger"));
    for (const { spec } of pods(resources)) {
      assert.ok(spec.volumes?.some(({ name }) => name === "elasticsearch"));
      assert.ok(!JSON.stringify(spec).includes("secretKeyRef"));
    }
  });

  it("mounts the sampling strategies where they are served, and nowhere else", async () => {
    const mounts = (await run(elasticsearch))
      .filter(({ type }) => type.endsWith(":Deployment"))
      .map(({ name, inputs }) => [
        name,
        inputs.spec.template.spec.volumes.some((volume: { name: string }) => volume.name === "sampling"),
      ]);
    assert.deepEqual(Object.fromEntries(mounts), { "jaeger-collector": true, "jaeger-query": false });
  });

  it("has old indices deleted every night by a Job that Elasticsearch takes for Jaeger", async () => {
    const { spec } = only(await run(elasticsearch), "CronJob").inputs;
    assert.equal(spec.concurrencyPolicy, "Forbid");
    const { template } = spec.jobTemplate.spec;
    assert.equal(template.metadata.labels["app.kubernetes.io/name"], "jaeger");
    const [container] = template.spec.containers;
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.equal(container.args[0], "14");
    assert.equal(container.env[0].valueFrom.secretKeyRef.key, "password");
  });

  it("cannot be without a password", async () => {
    await assert.rejects(
      run({ ...elasticsearch, elasticsearch: undefined }),
      /elasticsearch\.password is needed/,
    );
  });
});

describe("the arguments of the index cleaner", () => {
  it("are the days, the server, the prefix and the user, and the authority where there is TLS", () => {
    const storage = { kind: "elasticsearch", url: "https://es:9200", nodes: 1 } as const;
    assert.deepEqual(indexCleanerArguments({ retention: "30d", storage }), [
      "30",
      "https://es:9200",
      "--index-prefix=jaeger",
      "--es.username=bilten_jaeger",
      "--es.tls.enabled=true",
      "--es.tls.ca=/etc/jaeger/elasticsearch/ca.crt",
    ]);
    const plain = indexCleanerArguments({ retention: "30d", storage: { ...storage, url: "http://es:9200" } });
    assert.ok(!plain.join().includes("tls"));
  });
});

describe("Jaeger's addresses", () => {
  it("are of one Service with Badger, of two with Elasticsearch", () => {
    const of = (storage: "badger" | "elasticsearch") =>
      jaegerAddresses({ name: "jaeger", namespace: "monitoring", storage });
    assert.equal(of("badger").otlpGrpc, "http://jaeger.monitoring.svc:4317");
    assert.equal(of("badger").query, "http://jaeger.monitoring.svc:16686");
    assert.equal(of("elasticsearch").sampling, "http://jaeger-collector.monitoring.svc:5778");
    assert.equal(of("elasticsearch").query, "http://jaeger-query.monitoring.svc:16686");
  });
});

describe("Jaeger behind a gateway", () => {
  const browsers = { origins: ["https://bilten.com"], ingressNamespace: "ingress-nginx" };
  const gateway = { app: "opentelemetry-collector" };
  const behind: JaegerArgs = { ...elasticsearch, browsers, thriftUdp: true, gateway };

  it("takes spans from it alone, and still answers the services for their sampling", async () => {
    const resources = await run(behind);
    assert.deepEqual(letIn(resources, "jaeger-collector"), [
      "prometheus 8888 8889",
      "bilten 5778 5779 udp 6832",
      "opentelemetry-collector 4317",
      "blackbox-exporter 5778",
    ]);
    const { data } = named(resources, "ConfigMap", "jaeger-collector-configuration").inputs;
    assert.doesNotMatch(data["jaeger.yaml"], /cors/);
  });

  it("has a name that resolves to each collector that is ready, for the gateway", async () => {
    const resources = await run(behind);
    const { metadata, spec } = named(resources, "Service", "jaeger-collector-headless").inputs;
    const place = { name: "jaeger", namespace: "monitoring", storage: "elasticsearch" } as const;
    assert.equal(
      jaegerAddresses(place).otlpGrpcEach,
      `dns:///${metadata.name}.${metadata.namespace}.svc:4317`,
    );
    assert.equal(spec.clusterIP, "None");
    assert.notEqual(spec.publishNotReadyAddresses, true);
    assert.equal(spec.selector["app.kubernetes.io/instance"], "jaeger-collector");
    const without = await run(elasticsearch);
    assert.ok(!without.some(({ name }) => name.endsWith("-headless")));
  });
});
