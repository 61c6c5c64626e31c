import assert from "node:assert/strict";
import type { StackRunOptions } from "../../rendering/stack";
import { find, objectsOf, workloadsOf, type KubernetesObject, type Workload } from "./cluster";

const service = (name: string, port: number) => ({ name, namespace: "bilten", port });

/** The pod template of each workload, by name. Kubernetes replaces pods exactly when it differs. */
function templates(objects: KubernetesObject[]): Map<string, string> {
  return new Map(
    workloadsOf(objects).map(({ metadata, spec }) => [
      // A Job's name ends in a digest of it.
      metadata.name.replace(/-[0-9a-f]{8}$/, ""),
      JSON.stringify(spec.template),
    ]),
  );
}

describe("a pod restarts exactly when what it mounts or runs has changed", function () {
  this.timeout(60_000);
  let before_: KubernetesObject[];

  before(async () => {
    before_ = await objectsOf("dev");
  });

  /** The workloads whose pods these settings would replace. */
  async function restarted(config: StackRunOptions["config"], options?: StackRunOptions): Promise<string[]> {
    const after = await objectsOf("dev", { ...options, config });
    const [old, now] = [templates(before_), templates(after)];
    assert.notDeepEqual(after, before_, "the setting changes nothing at all");
    return [...now].filter(([name, template]) => template !== old.get(name)).map(([name]) => name);
  }

  it("and nothing restarts when nothing has changed", async () => {
    assert.deepEqual(await objectsOf("dev", {}), before_);
  });

  it("Alertmanager, and nothing else, for its routing and timings", async () => {
    assert.deepEqual(await restarted({ alertGroupWait: "45s" }), ["alertmanager"]);
  });

  it("Alertmanager, and nothing else, for a secret that it uses", async () => {
    const slackWebhookUrl = "https://hooks.slack.com/services/T0/B0/other";
    assert.deepEqual(await restarted({}, { secrets: { slackWebhookUrl } }), ["alertmanager"]);
  });

  it("nothing for a scrape interval, which Prometheus reloads", async () => {
    assert.deepEqual(await restarted({ prometheusScrapeInterval: "20s" }), []);
  });

  it("nothing for Prometheus' retention, which it reloads", async () => {
    assert.deepEqual(await restarted({ prometheusRetention: "1d" }), []);
  });

  it("nothing for rules, which Prometheus reloads", async () => {
    assert.deepEqual(await restarted({ runbookBaseUrl: "https://runbooks.example.com" }), []);
  });

  it("Logstash, which has a pipeline for it, and what counts its lines, for another monitored service", async () => {
    const services = [service("bilten-api", 3000), service("bilten-web", 3000)];
    assert.deepEqual(await restarted({ services }), ["json-exporter", "logstash"]);
  });

  it("nothing for another monitored service on another port, when there are no logs", async () => {
    const services = [service("bilten-api", 3000), service("bilten-web", 8080)];
    const config = { logsEnabled: false };
    const [old, now] = [templates(await objectsOf("dev", { config })), templates(await objectsOf("dev", { config: { ...config, services } }))];
    assert.deepEqual(old, now);
  });

  it("nothing for the level and sampling of a service's log, which are its own business", async () => {
    const services = [{ ...service("bilten-api", 3000), logging: { level: "warn" } }];
    assert.deepEqual(await restarted({ services }), []);
  });

  it("Logstash alone, for the limit of a service's log or of what is of no service", async () => {
    const services = [{ ...service("bilten-api", 3000), logging: { maxLinesPerSecond: 501 } }];
    assert.deepEqual(await restarted({ services }), ["logstash"]);
    assert.deepEqual(await restarted({ logOtherMaxLinesPerSecond: 501 }), ["logstash"]);
  });

  it("Elasticsearch alone for its memory, and Kibana alone for its address", async () => {
    assert.deepEqual(await restarted({ elasticsearchMemory: "3Gi" }), ["elasticsearch"]);
    assert.deepEqual(await restarted({ kibanaUrl: "https://kibana.example.com" }), ["kibana"]);
  });

  it("nothing for the retention of logs, which the set-up of Elasticsearch puts in place when it runs again", async () => {
    assert.deepEqual(await restarted({ logRetention: "2d" }), ["elasticsearch-setup"]);
  });

  it("Grafana, and nothing else, for its address", async () => {
    const changed = await restarted({ grafanaUrl: "https://grafana.example.com" });
    assert.deepEqual(changed, ["grafana"]);
  });

  it("Prometheus, and nothing else, for its resources", async () => {
    const resources = { prometheus: { limits: { memory: "4Gi" } } };
    assert.deepEqual(await restarted({ resources }), ["prometheus"]);
  });

  it("mounts what changes without a restart in whole, so that the change arrives", () => {
    const { containers } = find<Workload>(before_, "StatefulSet", "prometheus").spec.template.spec;
    const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts as { subPath?: string }[]);
    assert.deepEqual(
      mounts.filter(({ subPath }) => subPath !== undefined),
      [],
    );
  });
});
