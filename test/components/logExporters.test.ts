import assert from "node:assert/strict";
import { parse } from "yaml";
import {
  blackboxConfiguration,
  certificatesScrapeJob,
  ElasticsearchExporter,
  elasticsearchContribution,
  filebeatContribution,
  JsonExporter,
  jsonExporterAddress,
  jsonExporterConfiguration,
  logIndexScrapeJob,
  logsContribution,
  logstashContribution,
} from "../../components/exporters";
import { alertsOf, BILTEN_API, LINKS } from "../rules/groups";
import { runProgram, secretMarker } from "../support/mocks";
import { relabel } from "../support/relabel";
import { assertHardened, only, pods } from "../support/workloads";

const password = "not-a-real-one";
const elasticsearch = {
  url: "https://elasticsearch.monitoring.svc:9200",
  username: "bilten_exporter",
  password,
  caPem: "-----BEGIN CERTIFICATE-----",
};
const exporter = jsonExporterAddress({ name: "json-exporter", namespace: "monitoring" });

describe("the elasticsearch-exporter", () => {
  const make = (more: object = {}) =>
    runProgram(
      () =>
        void new ElasticsearchExporter("elasticsearch-exporter", {
          namespace: "monitoring",
          elasticsearch,
          ...more,
        }),
    );

  it("gets the password from a Secret, and has it nowhere else", async () => {
    const { resources } = await make();
    for (const { type, inputs } of resources) assert.ok(!JSON.stringify(inputs).includes(password), type);
    assert.equal(only(resources, "Secret").inputs.stringData.password, secretMarker);
    const secret = only(resources, "Secret").inputs;
    assert.equal(secret.immutable, true, "a new password must be a new Secret, and so a new pod");
    assert.equal(secret.metadata.name, undefined);
    const [container] = pods(resources)[0]?.spec.containers ?? [];
    assert.deepEqual(container?.env?.map(({ name }) => name).sort(), ["ES_PASSWORD", "ES_USERNAME"]);
    assertHardened(pods(resources));
  });

  it("checks the server's certificate by the authority's", async () => {
    const { resources } = await make();
    const args = pods(resources)[0]?.spec.containers[0]?.args ?? [];
    assert.ok(args.includes("--es.ca=/etc/elasticsearch-exporter/ca.pem"));
    assert.ok(args.includes(`--es.uri=${elasticsearch.url}`));
    assert.ok(!args.some((flag) => flag.includes("skip-verify")));
  });

  it("asks for snapshots only where there are some", async () => {
    for (const snapshots of [true, false]) {
      const { resources } = await make({ snapshots });
      const args = pods(resources)[0]?.spec.containers[0]?.args ?? [];
      assert.equal(args.includes("--collector.snapshots"), snapshots);
    }
  });

  it("gives the cluster up before Prometheus gives it up, however often that asks", async () => {
    for (const [scrapeInterval, timeout] of [
      ["15s", "8000ms"],
      ["1m", "8000ms"],
      ["3s", "1800ms"],
    ] as const) {
      const { resources } = await make({ scrapeInterval });
      const args = pods(resources)[0]?.spec.containers[0]?.args ?? [];
      assert.ok(args.includes(`--es.timeout=${timeout}`), args.join(" "));
    }
  });

  it("reaches Elasticsearch alone, and only Prometheus reaches it", async () => {
    const { spec } = only((await make()).resources, "NetworkPolicy").inputs;
    const label = (app: string) => [{ podSelector: { matchLabels: { "app.kubernetes.io/name": app } } }];
    assert.deepEqual(spec.egress, [{ to: label("elasticsearch"), ports: [{ protocol: "TCP", port: 9200 }] }]);
    assert.deepEqual(spec.ingress[0].from, label("prometheus"));
  });

  it("contributes alerts on snapshots only where there are some", () => {
    const args = { name: "elasticsearch-exporter", namespace: "monitoring", nodes: 1, links: LINKS };
    const names = (more: object) =>
      alertsOf(elasticsearchContribution({ ...args, ...more }).ruleGroups ?? []).map(({ alert }) => alert);
    assert.ok(!names({}).some((name) => /Snapshot/.test(name)));
    assert.equal(names({ snapshotMaxAgeHours: 26 }).length, names({}).length + 2);
  });
});

describe("the json-exporter", () => {
  const make = () =>
    runProgram(
      () =>
        void new JsonExporter("json-exporter", {
          namespace: "monitoring",
          logstashPipelines: [{ id: "bilten-api", deadLetterQueue: true }],
          filebeat: true,
          logIndex: { username: "reader", password, caPem: elasticsearch.caPem },
          targets: [
            { peer: { app: "logstash" }, port: 9600 },
            { peer: { app: "filebeat", namespace: "host" }, port: 5066 },
          ],
        }),
    );

  it("gets the password as a file from a Secret, and has it nowhere else", async () => {
    const { resources } = await make();
    for (const { type, inputs } of resources) assert.ok(!JSON.stringify(inputs).includes(password), type);
    assert.equal(only(resources, "Secret").inputs.stringData.password, secretMarker);
    const { modules } = parse(only(resources, "ConfigMap").inputs.data["config.yaml"]);
    assert.deepEqual(modules["log-index"].http_client_config, {
      basic_auth: { username: "reader", password_file: "/etc/json-exporter-access/password" },
      tls_config: { ca_file: "/etc/json-exporter-access/ca.pem" },
    });
    assertHardened(pods(resources));
  });

  it("restarts when its configuration or password changes, by mounting other objects", async () => {
    const { resources } = await make();
    for (const kind of ["ConfigMap", "Secret"]) {
      const { inputs } = only(resources, kind);
      assert.deepEqual([inputs.immutable, inputs.metadata.name], [true, undefined], kind);
    }
  });

  it("reaches just the pods and ports that it was given", async () => {
    const { spec } = only((await make()).resources, "NetworkPolicy").inputs;
    assert.deepEqual(
      spec.egress.map(({ ports }: { ports: { port: number }[] }) => ports.map(({ port }) => port)),
      [[9600], [5066]],
    );
    assert.deepEqual(spec.egress[1].to[0].namespaceSelector.matchLabels, {
      "kubernetes.io/metadata.name": "host",
    });
  });

  it("knows only the modules that it is given, and pipelines in whatever order the same", () => {
    assert.deepEqual(Object.keys(parse(jsonExporterConfiguration({ filebeat: true })).modules), ["filebeat"]);
    const [one, other] = [
      ["a", "b", "b"],
      ["b", "a"],
    ].map((pipelines) =>
      jsonExporterConfiguration({
        logstash: { pipelines: pipelines.map((id) => ({ id, deadLetterQueue: true })) },
      }),
    );
    assert.equal(one, other);
  });
});

describe("the scrape jobs of the log pipeline", () => {
  const found = (service: string, port: number) => ({
    __address__: `10.0.0.7:${port}`,
    __meta_kubernetes_namespace: "monitoring",
    __meta_kubernetes_service_name: service,
    __meta_kubernetes_endpointslice_port: String(port),
    __meta_kubernetes_pod_name: `${service}-0`,
    __meta_kubernetes_pod_node_name: "node-2",
  });
  const args = { namespace: "monitoring", exporter, links: LINKS };

  it("ask each Logstash through the json-exporter, and no other port or Service", () => {
    const [job] = logstashContribution({ ...args, name: "logstash" }).scrapeJobs ?? [];
    assert.ok(job);
    const target = relabel(job.relabel_configs ?? [], found("logstash", 9600));
    assert.equal(target?.__address__, exporter);
    assert.equal(target?.__param_target, "http://10.0.0.7:9600/_node/stats");
    assert.equal(target?.instance, "10.0.0.7:9600");
    assert.equal(target?.pod, "logstash-0");
    assert.deepEqual([job.metrics_path, job.params], ["/probe", { module: ["logstash"] }]);
    assert.equal(relabel(job.relabel_configs ?? [], found("logstash", 5044)), undefined);
    assert.equal(relabel(job.relabel_configs ?? [], found("other", 9600)), undefined);
  });

  it("ask Filebeat on each node, and name it by the node", () => {
    const [job] = filebeatContribution({ ...args, name: "filebeat" }).scrapeJobs ?? [];
    const target = relabel(job?.relabel_configs ?? [], found("filebeat", 5066));
    assert.equal(target?.__param_target, "http://10.0.0.7:5066/stats");
    assert.deepEqual([target?.instance, target?.node], ["node-2", "node-2"]);
  });

  it("search the log index once a minute, or as seldom as Prometheus still remembers", () => {
    const job = logIndexScrapeJob({ url: elasticsearch.url, exporter, scrapeInterval: "15s" });
    const seldom = logIndexScrapeJob({ url: elasticsearch.url, exporter, scrapeInterval: "2m" });
    assert.equal(seldom.scrape_interval, "4m");
    assert.deepEqual(job.params?.target, [`${elasticsearch.url}/bilten-logs-*/_search`]);
    assert.equal(job.scrape_interval, "1m");
    assert.deepEqual(job.static_configs, [{ targets: [exporter] }]);
  });

  it("read certificates through a module that the blackbox-exporter has only when asked", () => {
    const job = certificatesScrapeJob({
      servers: ["logstash:5044"],
      blackboxAddress: "blackbox:9115",
      scrapeInterval: "15s",
    });
    assert.equal(job.scrape_interval, "2m");
    const [module = ""] = job.params?.module ?? [];
    const modules = (tlsServers?: boolean) =>
      parse(blackboxConfiguration({ timeout: "5s", tlsServers })).modules;
    assert.equal(modules(true)[module].tcp.tls, true);
    assert.equal(modules()[module], undefined);
    const target = relabel(job.relabel_configs ?? [], { __address__: "logstash:5044" });
    assert.deepEqual([target?.__param_target, target?.__address__], ["logstash:5044", "blackbox:9115"]);
  });

  it("come with the alert on missing logs for each service, and the dashboard", () => {
    const contribution = logsContribution({
      elasticsearchUrl: elasticsearch.url,
      tlsServers: [],
      exporter,
      blackboxAddress: "blackbox:9115",
      scrapeInterval: "15s",
      services: [BILTEN_API, { ...BILTEN_API, name: "bilten-web" }],
      links: LINKS,
    });
    const missing = alertsOf(contribution.ruleGroups ?? []).filter(({ alert }) => alert === "LogsMissing");
    assert.deepEqual(
      missing.map(({ labels }) => labels.service),
      ["bilten-api", "bilten-web"],
    );
    assert.deepEqual(
      contribution.dashboards?.map(({ uid }) => uid),
      ["bilten-log-pipeline"],
    );
  });
});
