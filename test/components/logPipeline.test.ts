import assert from "node:assert/strict";
import { LogPipeline, type LogPipelineArgs } from "../../components/logPipeline";
import { programUsers } from "../../components/elasticsearchSetup";
import { parseSettings } from "../../config/load";
import { runProgram, secretMarker, type RegisteredResource } from "../support/mocks";
import { parse } from "yaml";

const { logs } = parseSettings({ mailCatcher: true }, new Set(["slackWebhookUrl"])).settings;
const args: LogPipelineArgs = {
  namespace: "monitoring",
  hostNamespace: "monitoring-host",
  logs,
  services: [{ name: "bilten-api", namespace: "bilten", maxLinesPerSecond: 500 }],
};
const run = async (given: Partial<LogPipelineArgs> = {}) => {
  const { resources, outputs } = await runProgram(() => {
    const { urls, elasticPassword, caPem, passwords } = new LogPipeline("logs", { ...args, ...given });
    return { urls, elasticPassword, caPem, passwords };
  });
  return { resources, outputs };
};
const named = (resources: RegisteredResource[], kind: string, name: string): RegisteredResource => {
  const found = resources.find((each) => each.type.endsWith(`:${kind}`) && each.name === name);
  return found ?? assert.fail(`no ${kind} ${name}`);
};
const certificate = (resources: RegisteredResource[], part: string) => ({
  names: named(resources, "CertRequest", `logs-${part}-request`).inputs.dnsNames,
  uses: named(resources, "LocallySignedCert", `logs-${part}-certificate`).inputs.allowedUses,
});

describe("the log pipeline", () => {
  it("has certificates for the names under which its servers are reached, and lets only clients be clients", async () => {
    const { resources } = await run({ logs: { ...logs, logstash: { ...logs.logstash, replicas: 2 } } });
    const { names, uses } = certificate(resources, "logstash");
    assert.deepEqual(names, [
      "logstash-0.logstash-headless.monitoring.svc",
      "logstash-1.logstash-headless.monitoring.svc",
    ]);
    assert.deepEqual(uses, ["digital_signature", "server_auth"]);
    const { data } = named(resources, "ConfigMap", "filebeat-configuration").inputs;
    const { "output.logstash": output } = parse(data["filebeat.yml"]);
    assert.deepEqual(
      output.hosts,
      names.map((name: string) => `${name}:5044`),
    );
    assert.ok(certificate(resources, "elasticsearch").names.includes("elasticsearch.monitoring.svc"));
    assert.deepEqual(certificate(resources, "filebeat"), {
      names: [],
      uses: ["digital_signature", "client_auth"],
    });
  });

  it("has a password for every program, which only Secrets hold", async () => {
    const { resources, outputs } = await run();
    for (const user of programUsers) {
      const password = `logs-${user.replaceAll("_", "-")}-password`;
      assert.equal(named(resources, "RandomPassword", password).inputs.length, 32);
      assert.equal(outputs.passwords[user], secretMarker);
    }
    assert.equal(outputs.elasticPassword, secretMarker);
    const { stringData } = named(resources, "Secret", "elasticsearch-setup-passwords").inputs;
    assert.deepEqual(Object.keys(stringData).sort(), [...programUsers, "elastic"].sort());
    const text = JSON.stringify(resources.filter(({ type }) => /:(ConfigMap|Deployment|Job)$/.test(type)));
    assert.ok(!text.includes(secretMarker));
  });

  it("gives every user of Elasticsearch the way to it, and nobody else", async () => {
    const { resources } = await run();
    const { spec } = named(resources, "NetworkPolicy", "elasticsearch-policy").inputs;
    const apps = spec.ingress[0].from.map(
      ({ podSelector }: { podSelector: { matchLabels: Record<string, string> } }) =>
        podSelector.matchLabels["app.kubernetes.io/name"],
    );
    assert.deepEqual(apps.sort(), [
      "blackbox-exporter",
      "elasticsearch-exporter",
      "elasticsearch-setup",
      "grafana",
      "json-exporter",
      "kibana",
      "logstash",
    ]);
  });

  it("gives Logstash the memory that is set for it, and the processors that its resources say", async () => {
    const { resources } = await run({ resources: { logstash: { limits: { cpu: "3" } } } });
    const { spec } = named(resources, "StatefulSet", "logstash").inputs.spec.template;
    assert.deepEqual(spec.containers[0].resources, {
      requests: { cpu: "500m", memory: "2Gi" },
      limits: { cpu: "3", memory: "2Gi" },
    });
  });

  it("asks Logstash about the pipelines that it has", async () => {
    const { resources } = await run();
    const configured: { "pipeline.id": string }[] = parse(
      named(resources, "ConfigMap", "logstash-configuration").inputs.data["pipelines.yml"],
    );
    const modules = named(resources, "ConfigMap", "json-exporter-configuration").inputs.data["config.yaml"];
    assert.equal(configured.length, 3);
    for (const { "pipeline.id": id } of configured) assert.ok(modules.includes(`pipeline: ${id}\n`), id);
    const paths = (parse(modules).modules.logstash.metrics as { path: string }[]).map(({ path }) => path);
    for (const id of ["service-bilten-bilten-api", "other"]) {
      assert.ok(paths.includes(`{.pipelines['intake'].plugins.filters[?(@.id=='shed-${id}')]}`), id);
    }
  });

  it("backs up where it is told, with keys in the nodes' keystore and the way to the store open", async () => {
    const snapshots = {
      bucket: "b",
      endpoint: "http://minio.example.com:9000",
      pathStyleAccess: true,
      schedule: "0 45 2 * * ?",
      retention: "30d",
      maxAge: "26h",
      hasCredentials: true,
    };
    const given = { snapshotAccessKey: "AKIA", snapshotSecretKey: "key" };
    const { resources } = await run({ logs: { ...logs, snapshots }, ...given });
    const { stringData } = named(resources, "Secret", "elasticsearch-secure-settings").inputs;
    assert.ok("s3.client.default.secret_key" in stringData);
    const { egress } = named(resources, "NetworkPolicy", "elasticsearch-policy").inputs.spec;
    const anywhere = egress.filter(({ to }: { to?: object }) => to === undefined);
    assert.deepEqual(anywhere, [{ ports: [{ port: 9000, protocol: "TCP" }] }]);
    const steps = named(resources, "ConfigMap", "elasticsearch-setup-steps").inputs.data["steps.tsv"];
    assert.match(steps, /^snapshot repository bilten\tPUT/m);
    const { args: flags } = named(resources, "Deployment", "elasticsearch-exporter").inputs.spec.template.spec
      .containers[0];
    assert.ok(flags.includes("--collector.snapshots"));
  });
});
