/** Tracing of stack dev with a real pod: Jaeger with Badger, scraped by the stack's Prometheus. */
import assert from "node:assert/strict";
import { deployDev, devConfig, namespace, onePod } from "./deploy";
import { eventually } from "./eventually";
import { exportRequest, span, tagOf, type FoundTrace } from "../jaeger/spans";
import { describeOnLab, lab } from "./lab";
import { grpcFromNode, inNodeNetwork } from "./nodeNetwork";
import { query, value } from "./prometheus";
import { discovery, intervals, receiverSecrets, slack } from "./settings";

interface Strategy {
  probabilisticSampling: { samplingRate: number };
  operationSampling: {
    perOperationStrategies: { operation: string; probabilisticSampling: { samplingRate: number } }[];
  };
}

/** Path of a port of Jaeger's Service, through the API server. */
const at = (port: string, path: string) =>
  `/api/v1/namespaces/${namespace}/services/jaeger:${port}/proxy${path}`;
const get = async <T>(port: string, path: string): Promise<T> =>
  JSON.parse(await lab().kubectl(["get", "--raw", at(port, path)])) as T;
const strategy = (service: string) => get<Strategy>("sampling", `/sampling?service=${service}`);
const rateOf = ({ operationSampling }: Strategy, operation: string) =>
  operationSampling.perOperationStrategies.find((one) => one.operation === operation)?.probabilisticSampling
    .samplingRate;
const jaegerPod = () => onePod("app.kubernetes.io/name=jaeger");

/** Sends a request again and again, by so many senders at once, and answers how often which status came. */
async function send(request: object, senders = 1, seconds = 0): Promise<Record<string, number>> {
  const url = `http://${(await jaegerPod()).status.podIP}:4318/v1/traces`;
  const script = `
    const body = ${JSON.stringify(JSON.stringify(request))};
    const headers = { "content-type": "application/json" };
    const counts = {};
    const end = Date.now() + ${seconds * 1000};
    await Promise.all(Array.from({ length: ${senders} }, async () => {
      do {
        const { status } = await fetch(${JSON.stringify(url)}, { method: "POST", headers, body });
        counts[status] = (counts[status] ?? 0) + 1;
      } while (Date.now() < end);
    }));
    console.log(JSON.stringify(counts));`;
  return inNodeNetwork(script, seconds + 60);
}

describeOnLab("the traces of stack dev, in a real Jaeger", function () {
  this.timeout(300_000);
  const root = span({
    name: "GET /api/events",
    attributes: {
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "baggage.requestId": "live-1",
    },
  });
  const child = span({ name: "select events", parent: root, kind: 3 });

  before(deployDev);

  it("finds spans that were sent to its Service, with tags, parent links and baggage", async () => {
    assert.deepEqual(await send(exportRequest("bilten-api", [root, child])), { 200: 1 });
    await eventually("the trace is found", slack, async () => {
      const { data } = await get<{ data: FoundTrace[] }>("http", `/api/traces/${root.traceId}`);
      const trace = data[0] ?? assert.fail("no trace");
      assert.equal(trace.spans.length, 2);
      assert.equal(tagOf(trace, "GET /api/events", "http.response.status_code"), 200);
      assert.equal(tagOf(trace, "GET /api/events", "baggage.requestId"), "live-1");
      const link = trace.spans.find(({ spanID }) => spanID === child.spanId)?.references[0];
      assert.deepEqual([link?.refType, link?.spanID], ["CHILD_OF", root.spanId]);
    });
  });

  it("finds spans that OpenTelemetry's SDK sent over gRPC", async () => {
    const name = "POST /api/orders";
    const given = {
      service: "bilten-api",
      name,
      attributes: { "baggage.requestId": "live-2" },
      child: "insert",
    };
    const traceId = await grpcFromNode(`http://${(await jaegerPod()).status.podIP}:4317`, given);
    await eventually("the trace is found", slack, async () => {
      const { data } = await get<{ data: FoundTrace[] }>("http", `/api/traces/${traceId}`);
      const trace = data[0] ?? assert.fail("no trace");
      assert.equal(trace.spans.length, 2);
      assert.equal(tagOf(trace, name, "baggage.requestId"), "live-2");
    });
  });

  it("tells services which traces to record: half of /api/events, a tenth of anything else", async () => {
    for (const service of ["bilten-api", "another"]) {
      const answer = await strategy(service);
      assert.equal(answer.probabilisticSampling.samplingRate, 0.1);
      assert.equal(rateOf(answer, "/api/events"), 0.5);
      assert.equal(rateOf(answer, "/api/orders"), undefined);
    }
  });

  it("is scraped by Prometheus, and its span metrics with the label of the service", async () => {
    // The connector hands its metrics on every 15 s, the first time with zeros.
    const limit = 2 * 15 + discovery + 3 * intervals.scrape + slack;
    await eventually("Jaeger's targets are up and have the spans", limit, async () => {
      assert.equal(await value('up{job="jaeger"}'), 1);
      assert.equal(await value('up{job="jaeger-spans"}'), 1);
      assert.equal(await value('probe_success{job="jaeger-sampling"}'), 1);
      assert.ok((await value('sum(otelcol_receiver_accepted_spans_total{job="jaeger"})')) >= 2);
      const calls = 'traces_span_metrics_calls_total{service="bilten-api",span_name="GET /api/events"}';
      assert.equal(await value(calls), 1);
      const [series] = (await query(calls)).series;
      assert.ok(!Object.keys(series?.metric ?? {}).some((label) => label.startsWith("otel_scope")));
    });
  });

  it("tells a changed rate without a restart", async () => {
    const before = await jaegerPod();
    const config = { ...devConfig, traceSampling: JSON.stringify({ default: "30%" }) };
    await lab().pulumi.up("dev", { config, secrets: receiverSecrets });
    // The kubelet looks at a mounted ConfigMap about once a minute, Jaeger at its file every 10 s.
    await eventually("the new rate is told", 150, async () => {
      const answer = await strategy("bilten-api");
      assert.equal(answer.probabilisticSampling.samplingRate, 0.3);
      assert.equal(rateOf(answer, "/api/events"), 0.5);
    });
    const after = await jaegerPod();
    assert.equal(after.metadata.uid, before.metadata.uid);
    assert.equal(after.status.containerStatuses[0]?.restartCount, 0);
    await lab().pulumi.up("dev", { config: devConfig, secrets: receiverSecrets });
  });

  it("refuses what is too much with an error that asks to try again, and is not ended for lack of memory", async () => {
    const filler = "x".repeat(1000);
    const spans = Array.from({ length: 300 }, (_, index) =>
      span({ name: "burst", attributes: { filler, index } }),
    );
    const counts = await send(exportRequest("burst", spans), 24, 20);
    console.log(`      ${JSON.stringify(counts)}`);
    assert.deepEqual(Object.keys(counts).sort(), ["200", "503"]);
    const { status } = await jaegerPod();
    assert.equal(status.containerStatuses[0]?.restartCount, 0);
    const { data } = await get<{ data: FoundTrace[] }>("http", `/api/traces/${root.traceId}`);
    assert.equal(data[0]?.spans.length, 2);
  });
});
