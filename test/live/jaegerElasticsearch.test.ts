/**
 * Traces as prod has them, as real pods of stack dev: the gateway, collectors and queries apart, and the index cleaner,
 * before an OpenSearch that stands in for Elasticsearch, with its TLS and its users. Behind the tests of Jaeger with Badger,
 * because Prometheus shows what a scrape job had last for five minutes after the job is gone.
 */
import assert from "node:assert/strict";
import { exportRequest, span, type FoundTrace, type Span } from "../jaeger/spans";
import { deployDev, devConfig, namespace, onePod } from "./deploy";
import { eventually } from "./eventually";
import { describeOnLab, lab } from "./lab";
import { grpcFromNode, inNodeNetwork } from "./nodeNetwork";
import { takeElasticsearchsPlace, type ElasticsearchsPlace } from "./openSearch";
import { value } from "./prometheus";
import { discovery, intervals, receiverSecrets, slack } from "./settings";

describeOnLab("the traces of stack dev in Elasticsearch, with OpenSearch in its place", function () {
  this.timeout(300_000);
  let place: ElasticsearchsPlace;
  const config = { ...devConfig, traceStorage: "elasticsearch" };

  const kubectl = (...args: string[]) => lab().kubectl(["-n", namespace, ...args]);
  const gateway = () => onePod("app.kubernetes.io/instance=trace-gateway");
  const ask = async <T>(path: string) =>
    (await (
      await fetch(lab().url("opensearch") + path, { signal: AbortSignal.timeout(10_000) })
    ).json()) as T;
  const isFound = async ({ traceId }: Pick<Span, "traceId">) => {
    const path = `/api/v1/namespaces/${namespace}/services/jaeger-query:http/proxy/api/traces/${traceId}`;
    const { data } = JSON.parse(await lab().kubectl(["get", "--raw", path])) as { data: FoundTrace[] };
    assert.ok((data[0]?.spans.length ?? 0) > 0, "no trace");
  };
  const send = async (spans: Span[]): Promise<number> => {
    const url = `http://${(await gateway()).status.podIP}:4318/v1/traces`;
    const body = JSON.stringify(JSON.stringify(exportRequest("bilten-api", spans)));
    return inNodeNetwork(
      `
      const headers = { "content-type": "application/json" };
      const { status } = await fetch(${JSON.stringify(url)}, { method: "POST", headers, body: ${body} });
      console.log(status);`,
      60,
    );
  };

  before(async function () {
    this.timeout(900_000);
    await deployDev();
    place = await takeElasticsearchsPlace();
    await lab().pulumi.up("dev", { config, secrets: receiverSecrets });
    await lab().open();
  });

  after(async function () {
    this.timeout(600_000);
    await lab().pulumi.up("dev", { config: devConfig, secrets: receiverSecrets });
    await place?.leave();
  });

  it("go to the gateway, as services are told", async () => {
    const endpoint = await lab().kubectl([
      ...["-n", "bilten", "get", "configmap/bilten-api-tracing"],
      ...["-o", "jsonpath={.data.OTEL_EXPORTER_OTLP_ENDPOINT}"],
    ]);
    assert.equal(endpoint, `http://trace-gateway.${namespace}.svc:4317`);
  });

  it("are found when they came over HTTP and over gRPC, by Jaeger's own user", async () => {
    const one = span({ name: "GET /api/events" });
    assert.equal(await send([one]), 200);
    const given = { service: "bilten-api", name: "POST /api/orders", attributes: {}, child: "insert" };
    const traceId = await grpcFromNode(`http://${(await gateway()).status.podIP}:4317`, given);
    await eventually("both are found", 3 * slack, async () => {
      await isFound(one);
      await isFound({ traceId });
    });
    const { bilten_jaeger: logins = 0 } = await ask<Record<string, number>>("/users");
    assert.ok(logins > 0);
    const indices = await ask<{ index: string }[]>("/_cat/indices/jaeger-*?format=json");
    const day = new Date().toISOString().slice(0, 10);
    assert.ok(indices.some(({ index }) => index === `jaeger-jaeger-span-${day}`));
  });

  it("wait in the gateway while there is no collector, also when it is killed, and are found afterwards", async () => {
    await kubectl("scale", "deployment/jaeger-collector", "--replicas=0");
    await eventually("there is no collector", 90, async () =>
      assert.deepEqual(await lab().pods(namespace, "app.kubernetes.io/instance=jaeger-collector"), []),
    );
    const sent = Array.from({ length: 100 }, (_, index) => span({ name: `waits ${index}` }));
    assert.equal(await send(sent), 200);
    const [pid = assert.fail("no process")] = lab().processesOf(await gateway());
    for (const each of lab().processesOf(await gateway())) process.kill(each, "SIGKILL");
    await eventually(`it runs again, not as ${pid}`, 60, async () => {
      const { status } = await gateway();
      assert.ok((status.containerStatuses[0]?.restartCount ?? 0) > 0);
      assert.equal(status.conditions.find(({ type }) => type === "Ready")?.status, "True");
    });
    await kubectl("scale", "deployment/jaeger-collector", "--replicas=1");
    await kubectl("rollout", "status", "deployment/jaeger-collector", "--timeout=120s");
    await eventually("all are found", 120, async () => {
      for (const one of sent) await isFound(one);
    });
  });

  it("are watched on their way: Prometheus scrapes the gateway, collectors and queries", async () => {
    await eventually("all targets are up", discovery + 3 * intervals.scrape + slack, async () => {
      for (const job of ["trace-gateway", "jaeger-collector", "jaeger-query", "jaeger-spans"])
        assert.equal(await value(`up{job="${job}"}`), 1, job);
    });
    assert.ok((await value('otelcol_exporter_queue_capacity{job="trace-gateway"}')) > 2 ** 30);
  });

  it("are looked through by the cleaner, which leaves what is not too old", async () => {
    await kubectl("create", "job", "clean-now", "--from=cronjob/jaeger-index-cleaner");
    await kubectl("wait", "--for=condition=complete", "job/clean-now", "--timeout=120s");
    const indices = await ask<{ index: string }[]>("/_cat/indices/jaeger-*?format=json");
    assert.ok(indices.length > 0);
    await kubectl("delete", "job/clean-now");
  });
});
