/** What tail sampling keeps, with nothing kept of the rest, so that chance plays no part. */
import assert from "node:assert/strict";
import { until } from "../live-services/service";
import { JaegerProcess } from "./process";
import { sendSpans, span, type Span } from "./spans";

describe("Jaeger with tail sampling", function () {
  this.timeout(60_000);
  let jaeger: JaegerProcess;

  before(async function () {
    this.timeout(1_200_000);
    jaeger = await new JaegerProcess({
      configuration: {
        role: "all",
        storage: { kind: "badger", volumeSize: "4Gi" },
        retention: "2d",
        memory: "1Gi",
        tailSampling: { decisionWait: "2s", maxTraces: 1000, slowerThan: 0.5, keep: 0 },
      },
    }).start();
  });

  after(async () => jaeger?.stop());

  const isThere = async (one: Span) => (await fetch(jaeger.url("query", `/api/traces/${one.traceId}`))).ok;

  it("keeps whole traces with an error and slow ones, and counts all in the span metrics", async () => {
    const failedRoot = span({ name: "failed" });
    const failedChild = span({ name: "failed child", parent: failedRoot, failed: true });
    const slow = span({ name: "slow", duration: 800 });
    const usual = Array.from({ length: 20 }, () => span({ name: "usual" }));
    const sent = await sendSpans(jaeger.url("otlpHttp"), "bilten-api", [
      failedRoot,
      failedChild,
      slow,
      ...usual,
    ]);
    assert.equal(sent.status, 200);
    for (const one of [failedRoot, slow])
      await until(
        () => isThere(one),
        () => jaeger.output,
      );
    const { data } = await jaeger.json<{ data: { spans: object[] }[] }>(
      "query",
      `/api/traces/${failedRoot.traceId}`,
    );
    assert.equal(data[0]?.spans.length, 2, "the trace is kept as a whole");
    for (const one of usual) assert.equal(await isThere(one), false);
    await until(
      async () =>
        /traces_span_metrics_calls_total\{[^}]*span_name="usual"[^}]*\} 20\n/.test(
          await jaeger.text("spanMetrics", "/metrics"),
        ),
      () => jaeger.text("spanMetrics", "/metrics"),
      30,
    );
  });

  it("lets a span that comes late follow the decision about its trace", async () => {
    const root = span({ name: "late root", failed: true });
    await sendSpans(jaeger.url("otlpHttp"), "bilten-api", [root]);
    await until(
      () => isThere(root),
      () => jaeger.output,
    );
    const late = span({ name: "late", parent: root });
    await sendSpans(jaeger.url("otlpHttp"), "bilten-api", [late]);
    await until(
      async () => {
        const { data } = await jaeger.json<{ data: { spans: object[] }[] }>(
          "query",
          `/api/traces/${root.traceId}`,
        );
        return data[0]?.spans.length === 2;
      },
      () => jaeger.output,
    );
  });
});
