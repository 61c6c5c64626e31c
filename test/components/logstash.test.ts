import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Logstash, logstashHosts, type LogstashArgs } from "../../components/logstash";
import { javaOptions } from "../../components/logstash/configuration";
import { runProgram } from "../support/mocks";
import { assertHardened, only, pods } from "../support/workloads";

const args: LogstashArgs = {
  namespace: "monitoring",
  services: [{ name: "bilten-api", namespace: "bilten", maxLinesPerSecond: 500 }],
  otherMaxLinesPerSecond: 500,
  redactions: [],
  queueSize: "4Gi",
  deadLetterQueueSize: "1Gi",
  volumeSize: "8Gi",
  certificate: { certPem: "CERT", keyPem: "KEY", caPem: "CA" },
  elasticsearch: { url: "https://elasticsearch:9200", caPem: "ES-CA", password: "pass-of-logstash" },
  senders: [{ app: "filebeat", namespace: "host" }],
  clients: [{ app: "json-exporter" }],
};
const run = async (given: Partial<LogstashArgs> = {}) => {
  let hosts: string[] = [];
  const { resources } = await runProgram(() => {
    hosts = new Logstash("logstash", { ...args, ...given }).hosts;
  });
  return { resources, hosts };
};

describe("Logstash", () => {
  it("is as restricted as all others, its first container as well", async () => {
    const { resources } = await run();
    assertHardened(pods(resources));
    const { spec } = only(resources, "StatefulSet").inputs.spec.template;
    assert.equal(spec.initContainers[0].securityContext.readOnlyRootFilesystem, true);
    assert.equal(spec.automountServiceAccountToken, false);
  });

  it("keeps its queues on a volume, and writes nowhere else but to memory and /tmp", async () => {
    const { resources } = await run();
    const { spec } = only(resources, "StatefulSet").inputs;
    assert.equal(spec.volumeClaimTemplates[0].spec.resources.requests.storage, "8Gi");
    const writable = spec.template.spec.containers[0].volumeMounts
      .filter((mount: { readOnly?: boolean }) => !mount.readOnly)
      .map((mount: { mountPath: string }) => mount.mountPath)
      .sort();
    assert.deepEqual(writable, ["/tmp", "/usr/share/logstash/data"]);
  });

  it("has time to send what is queued when it stops", async () => {
    const { resources } = await run();
    assert.equal(only(resources, "StatefulSet").inputs.spec.template.spec.terminationGracePeriodSeconds, 120);
    assert.match(only(resources, "ConfigMap").inputs.data["logstash.yml"], /^queue\.drain: true$/m);
  });

  it("has a heap of half the memory limit, whatever that is", async () => {
    assert.match(javaOptions("2Gi"), /^-Xms1024m -Xmx1024m /);
    const { resources } = await run({ resources: { limits: { memory: "3Gi" } } });
    const [container] = pods(resources)[0]?.spec.containers ?? [];
    assert.match(container?.env?.find(({ name }) => name === "LS_JAVA_OPTS")?.value ?? "", /-Xmx1536m/);
  });

  it("has its password in a Secret alone, and mounts it as a file", async () => {
    const { resources } = await run();
    // What a Secret holds is not shown; anywhere else, it would be.
    assert.ok(!JSON.stringify(resources).includes("pass-of-logstash"));
    const holder = resources.find(({ name }) => name === "logstash-elasticsearch");
    assert.equal(holder?.type, "kubernetes:core/v1:Secret");
    const { spec } = only(resources, "StatefulSet").inputs.spec.template;
    assert.ok(!JSON.stringify(spec).includes("secretKeyRef"));
  });

  it("restarts when its configuration or certificate changes, by mounting other objects", async () => {
    const { resources } = await run();
    const mounted = resources.filter(({ type }) => /:(ConfigMap|Secret)$/.test(type));
    assert.equal(mounted.length, 3);
    for (const { name, inputs } of mounted) {
      assert.equal(inputs.immutable, true, name);
      assert.equal(inputs.metadata.name, undefined, name);
    }
  });

  it("is reached by senders and by who asks for its statistics, and reaches Elasticsearch alone", async () => {
    const { spec } = only((await run()).resources, "NetworkPolicy").inputs;
    const rules = spec.ingress.map((rule: { from: unknown[]; ports: { port: number }[] }) => [
      (rule.from[0] as { podSelector: { matchLabels: object } }).podSelector.matchLabels,
      rule.ports[0]?.port,
    ]);
    assert.deepEqual(rules, [
      [{ "app.kubernetes.io/name": "filebeat" }, 5044],
      [{ "app.kubernetes.io/name": "json-exporter" }, 9600],
    ]);
    assert.deepEqual(spec.egress, [
      {
        to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "elasticsearch" } } }],
        ports: [{ protocol: "TCP", port: 9200 }],
      },
    ]);
    const closed = only((await run({ clients: [] })).resources, "NetworkPolicy").inputs.spec;
    assert.equal(closed.ingress.length, 1);
  });

  it("tells the address of each replica, and keeps one of them running in a disruption", async () => {
    const { resources, hosts } = await run({ replicas: 2 });
    assert.deepEqual(hosts, [
      "logstash-0.logstash-headless.monitoring.svc:5044",
      "logstash-1.logstash-headless.monitoring.svc:5044",
    ]);
    assert.deepEqual(
      logstashHosts({ name: "logstash", namespace: "monitoring", replicas: 2 }),
      hosts.map((host) => host.replace(":5044", "")),
    );
    assert.equal(only(resources, "PodDisruptionBudget").inputs.spec.maxUnavailable, 1);
  });
});

describe("the script before Logstash, with a stand-in for logstash-keystore", () => {
  const script = join(__dirname, "../../components/logstash/prepare.sh");
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "prepare-"));
    for (const file of ["logstash.yml", "pipelines.yml", "log4j2.properties"]) {
      writeFileSync(join(folder, file), file);
    }
    writeFileSync(join(folder, "password"), "pa$$ 'word");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  /** Notes its arguments and what it is told, answers to `add` as asked. */
  const prepare = (answer: string) => {
    const command = join(folder, "keystore");
    const settings = mkdtempSync(join(folder, "settings-"));
    writeFileSync(join(settings, "logstash.keystore"), "old");
    writeFileSync(
      command,
      `#!/bin/bash\n[[ $3 == create && -e $2/logstash.keystore ]] && echo leftover >>${folder}/calls\n` +
        `echo "$* < $(cat)" >>${folder}/calls\n[[ $3 == add ]] && echo "${answer}"\nexit 0\n`,
    );
    chmodSync(command, 0o755);
    const result = spawnSync("bash", [script, folder, join(folder, "password"), settings], {
      env: { ...process.env, KEYSTORE_COMMAND: command },
      encoding: "utf8",
      timeout: 10_000,
    });
    const calls = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
    return { ...result, settings, calls };
  };

  it("puts settings and password together, over what a former start left", () => {
    const { status, stdout, stderr, settings, calls } = prepare(
      "Added 'elasticsearch_password' to the keystore.",
    );
    assert.equal(status, 0, stderr);
    for (const file of ["logstash.yml", "pipelines.yml", "log4j2.properties"]) {
      assert.ok(existsSync(join(settings, file)), file);
    }
    assert.deepEqual(calls, [
      `--path.settings ${settings} create < y`,
      `--path.settings ${settings} add ELASTICSEARCH_PASSWORD < pa$$ 'word`,
    ]);
    assert.ok(!`${stdout}${stderr}`.includes("word"), "the password is in the log");
  });

  it("fails with the answer when the password is not taken, which the tool's exit status does not tell", () => {
    const { status, stderr } = prepare("ERROR: Logstash keystore not found.");
    assert.equal(status, 1);
    assert.match(stderr, /did not take the password.*ERROR: Logstash keystore not found/);
  });
});
