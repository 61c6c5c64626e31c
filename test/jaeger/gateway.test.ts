/** The trace gateway before a Jaeger, as prod has it, with Jaeger's traces in Badger: what it has taken in is not lost. */
import assert from "node:assert/strict";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { queueLimits } from "../../config/traceQueue";
import { MEMORY_LIMITER, TRACE_GATEWAY, TRACE_GATEWAY_REFUSALS } from "../../metrics/openTelemetryCollector";
import { assertAsDeclared } from "../exporters/program";
import { until } from "../live-services/service";
import { dataFolder } from "./collector";
import { GatewayProcess } from "./gatewayProcess";
import { asStored, valueOf } from "./metrics";
import { JaegerProcess, type JaegerRun } from "./process";
import { sendOverGrpc } from "./sdk";
import { sendSpans, span, type Span } from "./spans";

const configuration: JaegerRun["configuration"] = {
  role: "all",
  storage: { kind: "badger", volumeSize: "4Gi" },
  retention: "2d",
  memory: "1Gi",
};

describe("the trace gateway", function () {
  this.timeout(240_000);
  const data = { gateway: dataFolder(), jaeger: dataFolder() };
  let jaeger: JaegerProcess;
  let gateway: GatewayProcess;

  const startGateway = async (given: { volumeSize?: string; data?: string; memory?: string } = {}) =>
    new GatewayProcess({
      configuration: {
        endpoint: `dns:///localhost:${jaeger.ports.otlpGrpc}`,
        volumeSize: given.volumeSize ?? "1Gi",
        memory: given.memory ?? "512Mi",
        corsOrigins: ["https://bilten.com"],
      },
      data: given.data,
    }).start();
  const startJaeger = async (ports?: JaegerRun["ports"]) =>
    new JaegerProcess({ configuration, data: data.jaeger, ports }).start();

  before(async function () {
    this.timeout(1_200_000);
    jaeger = await startJaeger();
    gateway = await startGateway({ data: data.gateway });
  });

  after(async () => {
    await gateway?.stop();
    await jaeger?.stop();
    for (const folder of Object.values(data)) rmSync(folder, { recursive: true, force: true });
  });

  const isThere = async ({ traceId }: Pick<Span, "traceId">) =>
    (await fetch(jaeger.url("query", `/api/traces/${traceId}`))).ok;
  const arrives = async (one: Pick<Span, "traceId">) =>
    until(
      () => isThere(one),
      () => gateway.output,
      60,
    );
  const waiting = async () =>
    valueOf(asStored(await gateway.text("metrics", "/metrics")), "otelcol_exporter_queue_size");

  it("hands on what comes over HTTP and over gRPC", async () => {
    const one = span({ name: "over HTTP" });
    assert.equal((await sendSpans(gateway.url("otlpHttp"), "bilten-api", [one])).status, 200);
    const traceId = await sendOverGrpc(gateway.url("otlpGrpc"), {
      service: "bilten-api",
      name: "over gRPC",
      attributes: {},
      child: "below",
    });
    await arrives(one);
    await arrives({ traceId });
  });

  it("lets pages of the given origins send spans, and no others", async () => {
    const allowed = async (origin: string) => {
      const headers = { origin, "access-control-request-method": "POST" };
      const answer = await fetch(gateway.url("otlpHttp", "/v1/traces"), { method: "OPTIONS", headers });
      return answer.headers.get("access-control-allow-origin");
    };
    assert.equal(await allowed("https://bilten.com"), "https://bilten.com");
    assert.equal(await allowed("https://elsewhere.example.com"), null);
  });

  it("answers with the metrics that rules and dashboards read, by name, type and labels", async () => {
    const own = asStored(await gateway.text("metrics", "/metrics"));
    assertAsDeclared(own, TRACE_GATEWAY, TRACE_GATEWAY_REFUSALS);
    assert.equal(valueOf(own, "otelcol_exporter_queue_capacity"), queueLimits("1Gi").queueBytes);
  });

  it("loses nothing that it has taken in while Jaeger is away, though it is killed meanwhile", async () => {
    await jaeger.terminate();
    const sent: Span[] = [];
    const send = async (name: string) => {
      const batch = Array.from({ length: 20 }, (_, index) => span({ name: `${name} ${index}` }));
      assert.equal((await sendSpans(gateway.url("otlpHttp"), "bilten-api", batch)).status, 200);
      sent.push(...batch);
    };
    for (let index = 0; index < 20; index++) await send(`before the kill ${index}`);
    assert.ok((await waiting()) > 0);
    assert.equal(await gateway.terminate("SIGKILL"), "SIGKILL");
    await gateway.stop();
    gateway = await startGateway({ data: data.gateway });
    assert.ok((await waiting()) > 0, "nothing waits after the restart");
    for (let index = 0; index < 20; index++) await send(`after the kill ${index}`);
    // In the order of a rollout, too: told to end, it keeps what it could not hand on.
    assert.equal(await gateway.terminate(), 0, gateway.output);
    await gateway.stop();
    gateway = await startGateway({ data: data.gateway });
    await jaeger.stop();
    jaeger = await startJaeger(jaeger.ports);
    for (const one of sent) await arrives(one);
    assert.equal(sent.length, 800);
    await until(
      async () => (await waiting()) === 0,
      () => gateway.output,
    );
  });

  it("hands on what would be more than Jaeger takes in at once if it were put together", async () => {
    const filler = "x".repeat(30_000);
    await jaeger.terminate();
    const sent: Span[] = [];
    // Less than a batch that is sent at once, and then nearly as much as a request may be.
    for (const spans of [8, 136, 8, 136, 8, 136]) {
      const batch = Array.from({ length: spans }, () => span({ name: "large", attributes: { filler } }));
      assert.equal((await sendSpans(gateway.url("otlpHttp"), "bilten-api", batch)).status, 200);
      sent.push(...batch);
    }
    await jaeger.stop();
    jaeger = await startJaeger(jaeger.ports);
    for (const one of sent) await arrives(one);
    const own = asStored(await gateway.text("metrics", "/metrics"));
    assert.equal(valueOf(own, "otelcol_exporter_send_failed_spans_total"), 0);
  });

  it("refuses what its memory cannot hold with the same error, and counts it by the name that rules read", async () => {
    const short = await startGateway({ memory: "32Mi" });
    try {
      const filler = "x".repeat(30_000);
      const batch = Array.from({ length: 130 }, () => span({ name: "large", attributes: { filler } }));
      const statuses = new Set<number>();
      for (let round = 0; round < 40 && !statuses.has(503); round++) {
        const send = () => sendSpans(short.url("otlpHttp"), "bilten-api", batch);
        for (const { status } of await Promise.all([send(), send(), send(), send()])) statuses.add(status);
      }
      assert.ok(statuses.has(503), [...statuses].join());
      assertAsDeclared(asStored(await short.text("metrics", "/metrics")), [MEMORY_LIMITER]);
    } finally {
      await short.stop();
    }
  });

  it("refuses what its queue cannot hold with an error that asks to try again, and stays within its volume", async function () {
    this.timeout(600_000);
    await gateway.stop();
    await jaeger.terminate();
    const volume = dataFolder();
    const volumeSize = "96Mi";
    gateway = await startGateway({ data: volume, volumeSize });
    const { fileBytes, queueBytes } = queueLimits(volumeSize);
    const statuses = new Map<number, number>();
    const filler = "x".repeat(1900);
    // A page for each request: smaller ones take little more of the file for their bytes, larger ones much less.
    for (let index = 0; index < 200_000 && (statuses.get(503) ?? 0) < 20; index += 16) {
      const answers = await Promise.all(
        Array.from({ length: 16 }, () =>
          sendSpans(gateway.url("otlpHttp"), "bilten-api", [span({ name: "one", attributes: { filler } })]),
        ),
      );
      for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    const file = statSync(join(volume, "queue", "exporter_otlp_grpc_traces_traces")).size;
    console.log(
      `      ${JSON.stringify([...statuses])}; ${file} of ${fileBytes} bytes, queue ${await waiting()} of ${queueBytes}`,
    );
    assert.deepEqual([...statuses.keys()].sort(), [200, 503]);
    assert.ok((await waiting()) <= queueBytes);
    assert.ok((await waiting()) > 0.95 * queueBytes, "the file was full before the queue");
    assert.ok(file <= fileBytes);
    const own = asStored(await gateway.text("metrics", "/metrics"));
    // Nothing was handed on yet, nor given up.
    assertAsDeclared(own, TRACE_GATEWAY, /sent_spans|send_failed|memory_limiter/);
    assert.ok(valueOf(own, "otelcol_exporter_enqueue_failed_spans_total") > 0);
    assert.ok(valueOf(own, "otelcol_receiver_refused_spans_total") > 0);
    await jaeger.stop();
    jaeger = await startJaeger(jaeger.ports);
    const after = span({ name: "after it was full" });
    await until(
      async () => (await sendSpans(gateway.url("otlpHttp"), "bilten-api", [after])).status === 200,
      () => gateway.output,
      60,
    );
    rmSync(volume, { recursive: true, force: true });
  });
});
