/**
 * A burst far above what Jaeger can write, with the least memory that Badger is given: what it cannot take it refuses, so that senders send it
 * again, and it stays within its memory.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { parseQuantity } from "../../config/units";
import { JAEGER_COLLECTOR } from "../../metrics/jaeger";
import { assertAsDeclared } from "../exporters/program";
import { until } from "../live-services/service";
import { asStored, valueOf } from "./metrics";
import { JaegerProcess } from "./process";
import { sendSpans, span } from "./spans";

const memory = "512Mi";

describe("Jaeger in a burst", function () {
  this.timeout(180_000);
  let jaeger: JaegerProcess;

  before(async function () {
    this.timeout(1_200_000);
    jaeger = await new JaegerProcess({
      configuration: { role: "all", storage: { kind: "badger", volumeSize: "4Gi" }, retention: "2d", memory },
    }).start();
  });

  after(async () => jaeger?.stop());

  it("refuses with an error that asks to try again, stays within its memory, and takes spans in afterwards", async () => {
    const filler = "x".repeat(1000);
    const batch = Array.from({ length: 300 }, (_, index) =>
      span({ name: `burst ${index % 10}`, attributes: { filler, index } }),
    );
    const statuses = new Map<number, number>();
    let most = 0;
    let over = false;
    const watch = (async () => {
      for (; !over; await sleep(20)) most = Math.max(most, jaeger.memoryInUse());
    })();
    const end = Date.now() + 20_000;
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        while (Date.now() < end) {
          const { status } = await sendSpans(jaeger.url("otlpHttp"), "bilten-api", batch);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      }),
    );
    over = true;
    await watch;
    console.log(
      `      ${[...statuses].map(([status, count]) => `${count} x ${status}`).join(", ")}; at most ${Math.round(most / 2 ** 20)} MiB of ${memory}`,
    );
    assert.ok((statuses.get(503) ?? 0) > 0, "nothing was refused: the burst was too small");
    assert.deepEqual(
      [...statuses.keys()].sort(),
      [200, 503],
      "503 is what OpenTelemetry's clients try again",
    );
    assert.ok(most < parseQuantity(memory), `${most} bytes`);

    const metrics = asStored(await jaeger.text("metrics", "/metrics"));
    const refused = JAEGER_COLLECTOR.filter(({ name }) => /refused_spans_total$|enqueue_failed/.test(name));
    assertAsDeclared(metrics, refused);
    for (const { name } of refused) console.log(`      ${name} ${valueOf(metrics, name)}`);
    assert.ok(valueOf(metrics, "otelcol_receiver_refused_spans_total") > 0);
    const after = span({ name: "after the burst" });
    await until(
      async () => (await sendSpans(jaeger.url("otlpHttp"), "bilten-api", [after])).status === 200,
      () => jaeger.output,
      30,
    );
    await until(
      async () => (await fetch(jaeger.url("query", `/api/traces/${after.traceId}`))).ok,
      () => jaeger.output,
      60,
    );
  });
});
