/** One Jaeger with Badger, as dev has it, asked as services, people and Grafana ask it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import type { JaegerConfigurationArgs } from "../../components/jaeger/configuration";
import { JAEGER_COLLECTOR, JAEGER_QUERY, SPAN_METRICS } from "../../metrics/jaeger";
import { assertAsDeclared, samples } from "../exporters/program";
import { until } from "../live-services/service";
import { dataFolder } from "./collector";
import { asStored } from "./metrics";
import { documentSampling, JaegerProcess } from "./process";
import { sendOverGrpc } from "./sdk";
import { emitBatch, sendPacket } from "./thrift";
import { sendSpans, span, tagOf, type FoundTrace, type Span } from "./spans";

const configuration: JaegerConfigurationArgs = {
  role: "all",
  storage: { kind: "badger", volumeSize: "4Gi" },
  retention: "2d",
  memory: "1Gi",
  corsOrigins: ["https://bilten.com", "https://*.bilten.com"],
  thriftUdp: true,
};

interface Strategy {
  strategyType: string | number;
  probabilisticSampling: { samplingRate: number };
  operationSampling?: {
    defaultSamplingProbability: number;
    perOperationStrategies: { operation: string; probabilisticSampling: { samplingRate: number } }[];
  };
}

describe("Jaeger with Badger", function () {
  this.timeout(120_000);
  const data = dataFolder();
  let jaeger: JaegerProcess;

  before(async function () {
    this.timeout(1_200_000);
    jaeger = await new JaegerProcess({ configuration, data }).start();
  });

  after(async () => {
    await jaeger?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const traces = async (query: string): Promise<FoundTrace[]> =>
    (await jaeger.json<{ data: FoundTrace[] }>("query", `/api/traces?${query}`)).data;
  const traceOf = async (one: Pick<Span, "traceId">): Promise<FoundTrace | undefined> => {
    const answer = await fetch(jaeger.url("query", `/api/traces/${one.traceId}`));
    return answer.ok ? ((await answer.json()) as { data: FoundTrace[] }).data[0] : undefined;
  };
  const found = async (one: Pick<Span, "traceId">, spans = 1): Promise<FoundTrace> => {
    await until(
      async () => (await traceOf(one))?.spans.length === spans,
      () => jaeger.output,
    );
    return (await traceOf(one)) ?? assert.fail();
  };
  const strategy = (service: string) => jaeger.json<Strategy>("sampling", `/sampling?service=${service}`);
  const rate = (answer: Strategy, operation: string) =>
    answer.operationSampling?.perOperationStrategies.find((one) => one.operation === operation)
      ?.probabilisticSampling.samplingRate;

  it("finds spans that came over HTTP, with their tags, parent links and baggage", async () => {
    const root = span({
      name: "GET /api/events",
      attributes: {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "baggage.requestId": "r-1",
      },
    });
    const child = span({
      name: "select events",
      parent: root,
      kind: 3,
      attributes: { "db.operation": "select" },
    });
    assert.equal((await sendSpans(jaeger.url("otlpHttp"), "bilten-api", [root, child])).status, 200);
    const trace = await found(root, 2);
    assert.equal(tagOf(trace, "GET /api/events", "http.response.status_code"), 200);
    assert.equal(tagOf(trace, "GET /api/events", "baggage.requestId"), "r-1");
    assert.equal(tagOf(trace, "select events", "db.operation"), "select");
    const [link] = trace.spans.find(({ spanID }) => spanID === child.spanId)?.references ?? [];
    assert.deepEqual([link?.refType, link?.traceID, link?.spanID], ["CHILD_OF", root.traceId, root.spanId]);
    assert.deepEqual(
      Object.values(trace.processes).map(({ serviceName }) => serviceName),
      ["bilten-api"],
    );
  });

  it("finds spans that OpenTelemetry's SDK sent over gRPC, with their tags and parent links", async () => {
    const traceId = await sendOverGrpc(jaeger.url("otlpGrpc"), {
      service: "bilten-grpc",
      name: "POST /api/orders",
      attributes: { "http.response.status_code": 201, "baggage.requestId": "r-3" },
      child: "insert orders",
    });
    const trace = await found({ traceId }, 2);
    assert.equal(tagOf(trace, "POST /api/orders", "http.response.status_code"), 201);
    assert.equal(tagOf(trace, "POST /api/orders", "baggage.requestId"), "r-3");
    const parent = trace.spans.find(({ operationName }) => operationName === "POST /api/orders");
    const child = trace.spans.find(({ operationName }) => operationName === "insert orders");
    assert.equal(child?.references[0]?.spanID, parent?.spanID);
    assert.deepEqual(
      Object.values(trace.processes).map(({ serviceName }) => serviceName),
      ["bilten-grpc"],
    );
  });

  it("finds them by service, operation and tag, as Grafana's data source asks", async () => {
    const one = span({ name: "POST /api/orders", attributes: { "baggage.requestId": "r-2" } });
    await sendSpans(jaeger.url("otlpHttp"), "bilten-api", [one]);
    await found(one);
    const tags = encodeURIComponent(JSON.stringify({ "baggage.requestId": "r-2" }));
    const ids = async (query: string) => (await traces(query)).map(({ traceID }) => traceID);
    assert.deepEqual(await ids(`service=bilten-api&tags=${tags}`), [one.traceId]);
    assert.deepEqual(await ids("service=bilten-api&operation=POST%20%2Fapi%2Forders"), [one.traceId]);
    assert.deepEqual(await ids("service=bilten-api&operation=none"), []);
    const { data } = await jaeger.json<{ data: string[] }>("query", "/api/services");
    assert.ok(data.includes("bilten-api"));
  });

  it("finds what an old client sent in Thrift over UDP", async () => {
    const [traceId, spanId] = [randomBytes(8).toString("hex"), randomBytes(8).toString("hex")];
    const old = emitBatch({ service: "old-client", operation: "old operation", traceId, spanId });
    await sendPacket(old, jaeger.ports.thriftBinary);
    await until(
      async () => (await traces("service=old-client"))[0]?.spans[0]?.operationName === "old operation",
      () => jaeger.output,
    );
  });

  it("answers the services which traces to record: half of /api/events, a tenth of anything else", async () => {
    for (const service of ["bilten-api", "never-heard-of"]) {
      const answer = await strategy(service);
      // 2.13 answers with the number of the kind, 2.20 with its name.
      assert.ok([0, "PROBABILISTIC"].includes(answer.strategyType));
      assert.equal(answer.probabilisticSampling.samplingRate, 0.1);
      assert.equal(answer.operationSampling?.defaultSamplingProbability, 0.1);
      assert.equal(rate(answer, "/api/events"), 0.5);
      assert.equal(rate(answer, "GET /api/events"), 0.5);
      assert.equal(rate(answer, "/api/orders"), undefined);
    }
  });

  it("answers a changed rate without a restart, of one service and operation and of all others", async () => {
    jaeger.changeSampling({
      sampling: { default: 0.2, operations: documentSampling.sampling.operations },
      services: [
        { name: "shop", tracing: { sampling: 0.4, operations: [{ operation: "/pay", sampling: 1 }] } },
      ],
    });
    await until(
      async () => (await strategy("bilten-api")).probabilisticSampling.samplingRate === 0.2,
      () => jaeger.output,
      20,
    );
    const shop = await strategy("shop");
    assert.equal(shop.probabilisticSampling.samplingRate, 0.4);
    assert.equal(rate(shop, "/pay"), 1);
    assert.equal(rate(shop, "/api/events"), 0.5, "what holds for all operations holds for the service's");
  });

  it("keeps its strategies when the file cannot be read any more", async () => {
    jaeger.changeSampling(documentSampling);
    await until(
      async () => (await strategy("bilten-api")).probabilisticSampling.samplingRate === 0.1,
      () => jaeger.output,
      20,
    );
    jaeger.changeSampling('{ "default_strategy": ');
    await until(
      () => jaeger.output.includes("failed to update sampling strategies"),
      () => jaeger.output,
      20,
    );
    assert.equal(rate(await strategy("bilten-api"), "/api/events"), 0.5);
    jaeger.changeSampling(documentSampling);
  });

  it("lets pages of the given origins send spans, and no others", async () => {
    const allowed = async (origin: string) => {
      const answer = await fetch(jaeger.url("otlpHttp", "/v1/traces"), {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type",
        },
      });
      return answer.headers.get("access-control-allow-origin");
    };
    assert.equal(await allowed("https://bilten.com"), "https://bilten.com");
    assert.equal(await allowed("https://shop.bilten.com"), "https://shop.bilten.com");
    assert.equal(await allowed("https://elsewhere.example.com"), null);
  });

  it("shows people its interface, with the links of the configuration", async () => {
    const page = await jaeger.text("query", "/search");
    assert.match(page, /kibana\.example\.com\/app\/discover/);
    jaeger.changeUi({ retention: "2d", kibanaUrl: "http://logs.example.com", monitor: true });
    await until(
      async () => (await jaeger.text("query", "/search")).includes("logs.example.com/app/discover"),
      () => jaeger.output,
    );
  });

  it("answers with the metrics that rules and dashboards read, by name, type and labels", async () => {
    // What is only there once something was refused is looked for in the test of a burst.
    const refusals = /refused_spans_total$|enqueue_failed|sampling_http_server_errors/;
    const own = asStored(await jaeger.text("metrics", "/metrics"));
    assertAsDeclared(own, [...JAEGER_COLLECTOR, ...JAEGER_QUERY], refusals);
    await until(
      async () => (await jaeger.text("spanMetrics", "/metrics")).includes("traces_span_metrics_calls_total{"),
      () => jaeger.text("spanMetrics", "/metrics"),
      40,
    );
    const spans = samples(asStored(await jaeger.text("spanMetrics", "/metrics")));
    for (const { name, labels } of SPAN_METRICS) {
      const found = spans.filter((sample) => sample.name.replace(/_count$/, "") === name);
      assert.ok(found.length > 0, name);
      const known = [...Object.keys(labels), "le"];
      for (const sample of found)
        assert.deepEqual(
          Object.keys(sample.labels).filter((label) => !known.includes(label)),
          [],
        );
    }
  });

  it("finds after a restart what it took in before", async () => {
    const one = span({ name: "before the restart" });
    await sendSpans(jaeger.url("otlpHttp"), "bilten-api", [one]);
    await found(one);
    assert.equal(await jaeger.terminate(), 0, jaeger.output);
    await jaeger.stop();
    jaeger = await new JaegerProcess({ configuration, data }).start();
    assert.equal((await traceOf(one))?.spans[0]?.operationName, "before the restart");
  });

  it("writes what is queued when it is told to end", async () => {
    const last = Array.from({ length: 50 }, (_, index) => span({ name: `last ${index}` }));
    await sendSpans(jaeger.url("otlpHttp"), "bilten-api", last);
    assert.equal(await jaeger.terminate(), 0, jaeger.output);
    await jaeger.stop();
    jaeger = await new JaegerProcess({ configuration, data }).start();
    for (const one of last) assert.ok(await traceOf(one), one.name);
  });
});
