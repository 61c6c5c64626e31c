import assert from "node:assert/strict";
import { parse } from "yaml";
import { Filebeat, filebeatConfiguration, type FilebeatArgs } from "../../components/filebeat";
import { continuationPattern } from "../../components/filebeat/configuration";
import { runProgram } from "../support/mocks";
import { only } from "../support/workloads";

const args: FilebeatArgs = {
  namespace: "host",
  namespaces: ["bilten", "shop"],
  logstashHosts: ["logstash-0.logstash-headless.monitoring.svc:5044"],
  certificate: { certPem: "CERT", keyPem: "KEY-OF-FILEBEAT", caPem: "CA" },
  logstash: { app: "logstash", namespace: "monitoring" },
  clients: [{ app: "json-exporter", namespace: "monitoring" }],
};
const run = async (given: Partial<FilebeatArgs> = {}) =>
  (await runProgram(() => void new Filebeat("filebeat", { ...args, ...given }))).resources;
const configuration = (given: Partial<FilebeatArgs> = {}) =>
  parse(filebeatConfiguration({ ...args, ...given }));

describe("Filebeat", () => {
  it("runs on every node as root without any of root's rights, and not in the host's network", async () => {
    const { spec } = only(await run(), "DaemonSet").inputs.spec.template;
    assert.deepEqual(spec.tolerations, [{ operator: "Exists" }]);
    assert.deepEqual([spec.hostNetwork, spec.hostPID], [undefined, undefined]);
    assert.deepEqual(spec.securityContext, {
      runAsUser: 0,
      runAsGroup: 0,
      seccompProfile: { type: "RuntimeDefault" },
    });
    assert.deepEqual(spec.containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: false,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("reads the node's logs, and writes nothing on the node but what it remembers, by namespace", async () => {
    const { spec } = only(await run(), "DaemonSet").inputs.spec.template;
    const onNode = spec.volumes.filter((volume: { hostPath?: object }) => volume.hostPath);
    assert.deepEqual(
      onNode.map((volume: { hostPath: { path: string } }) => volume.hostPath.path),
      ["/var/log/pods", "/var/lib/host/filebeat"],
    );
    const mounts = spec.containers[0].volumeMounts as {
      name: string;
      mountPath: string;
      readOnly?: boolean;
    }[];
    assert.equal(mounts.find(({ name }) => name === "logs")?.readOnly, true);
    assert.equal(mounts.find(({ name }) => name === "data")?.mountPath, configuration()["path.data"]);
  });

  it("may read pods of its namespaces, and nodes and namespaces, and nothing else", async () => {
    const resources = await run();
    const roles = resources.filter(({ type }) => type.endsWith(":Role"));
    assert.deepEqual(
      roles.map(({ inputs }) => [inputs.metadata.namespace, inputs.rules]),
      ["bilten", "shop"].map((namespace) => [
        namespace,
        [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
      ]),
    );
    assert.deepEqual(only(resources, "ClusterRole").inputs.rules, [
      { apiGroups: [""], resources: ["namespaces", "nodes"], verbs: ["get", "list", "watch"] },
    ]);
  });

  it("restarts when its configuration or certificate changes, and has its key in a Secret alone", async () => {
    const resources = await run();
    for (const kind of ["ConfigMap", "Secret"]) {
      const { inputs } = only(resources, kind);
      assert.equal(inputs.immutable, true, kind);
      assert.equal(inputs.metadata.name, undefined, kind);
    }
    // What a Secret holds is not shown; anywhere else, it would be.
    assert.ok(!JSON.stringify(resources).includes("KEY-OF-FILEBEAT"));
  });

  it("reaches Logstash and the API server, and is reached for its statistics", async () => {
    const { spec } = only(await run(), "NetworkPolicy").inputs;
    assert.deepEqual(
      spec.egress.map((rule: { ports: { port: number }[] }) => rule.ports.map(({ port }) => port)),
      [[5044], [443, 6443]],
    );
    assert.equal(
      spec.egress[0].to[0].namespaceSelector.matchLabels["kubernetes.io/metadata.name"],
      "monitoring",
    );
    assert.equal(spec.ingress[0].ports[0].port, 5066);
    assert.deepEqual(only(await run({ clients: [] }), "NetworkPolicy").inputs.spec.ingress, []);
  });

  it("has probes, and does not restart because Logstash is away", async () => {
    const [container] = only(await run(), "DaemonSet").inputs.spec.template.spec.containers;
    for (const probe of [container.readinessProbe, container.livenessProbe]) {
      assert.deepEqual(probe.httpGet, { path: "/", port: "http" });
    }
  });
});

describe("filebeat.yml", () => {
  it("discovers the pods of the configured namespaces, each once, and follows their hints", () => {
    const { providers } = configuration({ namespaces: ["shop", "bilten", "shop"] })["filebeat.autodiscover"];
    assert.deepEqual(
      providers.map((each: { namespace: string }) => each.namespace),
      ["bilten", "shop"],
    );
    for (const each of providers) {
      assert.deepEqual([each.scope, each.node, each.hints.enabled], ["node", "${NODE_NAME}", true]);
    }
  });

  it("follows a container's files through rotation and restart", () => {
    const [{ hints }] = configuration()["filebeat.autodiscover"].providers;
    const input = hints.default_config;
    assert.equal(input.type, "filestream");
    // Neither the container's id nor its number of restarts: with them, all would be read again.
    assert.equal(input.id, "${data.kubernetes.pod.uid}-${data.kubernetes.container.name}");
    assert.match(input.paths[0], /\/\$\{data\.kubernetes\.container\.name\}\/\*\.log\*$/);
    assert.ok("file_identity.fingerprint" in input);
    assert.deepEqual(input["prospector.scanner"].fingerprint, { enabled: true, offset: 0, length: 64 });
    assert.deepEqual(input.parsers[0], { container: { stream: "all", format: "auto" } });
    const excluded = input["prospector.scanner"].exclude_files.map((pattern: string) => new RegExp(pattern));
    const read = (file: string) => !excluded.some((pattern: RegExp) => pattern.test(file));
    assert.deepEqual(
      ["0.log", "0.log.20261123-100000", "0.log.20261123-100000.gz", "0.log.1.tmp"].map(read),
      [true, true, false, false],
    );
  });

  it("joins a stack trace to the line above, and no line of its own", () => {
    const joined = new RegExp(continuationPattern);
    const trace = [
      "    at pay (pay.js:3:1)",
      "\tat com.example.Pay.pay(Pay.java:3)",
      "Caused by: java.io.IOException: refused",
      "Traceback (most recent call last):",
      "ValueError: no number",
      "requests.exceptions.ConnectionError: refused",
    ];
    const lines = [
      '{"level":"info"}',
      "2026-11-23T10:00:00.000Z ERROR x",
      "Server listening",
      "Error rates are low",
      "",
    ];
    for (const line of trace) assert.match(line, joined);
    for (const line of lines) assert.doesNotMatch(line, joined);
  });

  it("bounds its memory: so many lines of at most so many bytes are half the limit", async () => {
    const config = configuration();
    const [{ hints }] = config["filebeat.autodiscover"].providers;
    const longest = config["queue.mem"].events * hints.default_config.message_max_bytes;
    assert.equal(longest, 256 * 2 ** 20);
    const [container] = only(await run(), "DaemonSet").inputs.spec.template.spec.containers;
    assert.equal(container.resources.limits.memory, "512Mi");
  });

  it("sends to every Logstash, and shows its certificate there", () => {
    const logstashHosts = ["logstash-0:5044", "logstash-1:5044"];
    const output = configuration({ logstashHosts })["output.logstash"];
    assert.deepEqual([output.hosts, output.loadbalance], [logstashHosts, true]);
    assert.equal(output.ssl.verification_mode, "full");
    assert.ok(output.ssl.certificate && output.ssl.key && output.ssl.certificate_authorities.length === 1);
  });

  it("names a line by where it stands, so that the second sending is the same line", () => {
    const { fingerprint } = configuration().processors.at(-1);
    assert.equal(fingerprint.target_field, "@metadata._id");
    // Not its path, which rotation changes.
    assert.ok(!fingerprint.fields.includes("log.file.path"));
    assert.ok(
      fingerprint.fields.includes("log.file.fingerprint") && fingerprint.fields.includes("log.offset"),
    );
  });

  it("leaves out the lines of Logstash and of itself, even when their namespace is collected", () => {
    const [{ drop_event }] = configuration().processors;
    assert.deepEqual(drop_event.when.and[1].or, [
      { equals: { "kubernetes.labels.app_kubernetes_io/name": "logstash" } },
      { equals: { "kubernetes.labels.app_kubernetes_io/name": "filebeat" } },
    ]);
  });

  it("refuses to collect from nowhere, or to send to nobody", () => {
    assert.throws(() => configuration({ namespaces: [] }), /namespaces is empty/);
    assert.throws(() => configuration({ logstashHosts: [] }), /logstashHosts is empty/);
  });
});
