/**
 * The exporters of the log pipeline, as real pods of stack dev, in front of a real OpenSearch: it stands in for
 * Elasticsearch, behind its Service, with its certificate and its users. Without Logstash, whose image cannot be had,
 * lines get into the index by hand.
 */
import assert from "node:assert/strict";
import { deployDev, namespace } from "./deploy";
import { eventually, measured } from "./eventually";
import { describeOnLab, lab } from "./lab";
import { takeElasticsearchsPlace, type ElasticsearchsPlace } from "./openSearch";
import { alertsNamed, query, targets, value } from "./prometheus";
import { discovery, intervals, seldom, slack, untilFiring } from "./settings";

const url = `https://elasticsearch.${namespace}.svc:9200`;

describeOnLab("the exporters of stack dev, with OpenSearch in the place of Elasticsearch", function () {
  this.timeout(120_000);
  let place: ElasticsearchsPlace;
  let arrived: number;

  const kubectl = (...args: string[]) => lab().kubectl(["-n", namespace, ...args]);
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(lab().url("opensearch") + path, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const index = `/bilten-logs-${new Date().toISOString().slice(0, 10).replaceAll("-", ".")}`;
  const states = async (name: string) => (await alertsNamed(name)).map(({ state }) => state);
  const fires = async (name: string) => assert.deepEqual(await states(name), ["firing"]);
  const ended = async (name: string) => assert.deepEqual(await states(name), []);

  before(async function () {
    this.timeout(600_000);
    await deployDev();
    await eventually("ElasticsearchDown fires as long as it is simulated", untilFiring(), () =>
      fires("ElasticsearchDown"),
    );
    place = await takeElasticsearchsPlace();
    arrived = performance.now();
    await lab().open();
    await ask("PUT", index, {
      settings: { number_of_replicas: 0 },
      mappings: { properties: { "@timestamp": { type: "date" }, service: { type: "keyword" } } },
    });
  });

  after(async () => place?.leave());

  it("reach it with the certificate's authority, their own users and passwords", async () => {
    const users = (await ask("GET", "/users")) as Record<string, number>;
    await eventually("both have logged in", discovery + seldom(4) + slack, async () => {
      const { bilten_exporter: statistics = 0, bilten_json_exporter: lines = 0 } = (await ask(
        "GET",
        "/users",
      )) as Record<string, number>;
      assert.ok(statistics > 0 && lines > 0, JSON.stringify(users));
    });
  });

  it("end ElasticsearchDown", async () => {
    const limit = discovery + intervals.scrape + 2 * intervals.evaluation + slack;
    await measured("Elasticsearch is back until ElasticsearchDown ends", { since: arrived, limit }, () =>
      ended("ElasticsearchDown"),
    );
    assert.equal(await value("elasticsearch_cluster_health_number_of_nodes"), 1);
  });

  it("tell of a service that answers requests and writes no lines, until it does", async () => {
    const limit = untilFiring() + seldom(4);
    await eventually("LogsMissing fires", limit, () => fires("LogsMissing"));
    const [alert] = await alertsNamed("LogsMissing");
    assert.equal(alert?.labels.service, "bilten-api");
    const since = performance.now();
    const line = { "@timestamp": new Date().toISOString(), service: "bilten-api", message: "GET /events" };
    await ask("POST", `${index}/_doc?refresh=true`, line);
    await measured(
      "a line is in the index until LogsMissing ends",
      { since, limit: seldom(4) + 2 * intervals.evaluation + slack },
      () => ended("LogsMissing"),
    );
    assert.equal(await value('log_index_events{service="bilten-api"}'), 1);
  });

  it("tell of an index without its copy, until it needs none", async () => {
    const since = performance.now();
    const copies = (count: number) =>
      ask("PUT", `${index}/_settings`, { index: { number_of_replicas: count } });
    await copies(1);
    await measured(
      "a copy is missing until ElasticsearchClusterYellow fires",
      { since, limit: untilFiring() },
      () => fires("ElasticsearchClusterYellow"),
    );
    await copies(0);
    await eventually("it ends", intervals.scrape + 2 * intervals.evaluation + slack, () =>
      ended("ElasticsearchClusterYellow"),
    );
  });

  it("read when the certificate of the stack ends, which is in three months", async () => {
    const expiry = `(probe_ssl_earliest_cert_expiry{instance="${new URL(url).host}"} - time()) / 86400`;
    await eventually("its end is known", seldom(8) + slack, async () => {
      const days = await value(expiry);
      assert.ok(days > 89 && days <= 90, `${days} days`);
    });
  });

  it("are themselves up, and so is the log index", async () => {
    for (const job of ["elasticsearch-exporter", "json-exporter", "log-index"]) {
      const found = (await targets()).filter(({ scrapePool }) => scrapePool === job);
      assert.deepEqual(
        found.map(({ health }) => health),
        ["up"],
        job,
      );
    }
    const failing = await query('elasticsearch_scrape_success{collector!="ilm"} == 0');
    assert.deepEqual(failing.series, []);
  });

  it("fire ElasticsearchDown when it does not answer any more", async () => {
    const since = performance.now();
    await kubectl("scale", "deployment/opensearch", "--replicas=0");
    await measured(
      "Elasticsearch is gone until ElasticsearchDown fires",
      { since, limit: untilFiring() + slack },
      () => fires("ElasticsearchDown"),
    );
  });
});
