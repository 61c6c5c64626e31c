import assert from "node:assert/strict";
import fc from "fast-check";
import { logCapacity, neededVolumeBytes } from "../../config/logCapacity";
import {
  badgerShare,
  badgerVolumeBytes,
  expectedSpansPerSecond,
  gatewaySeconds,
  indexedBytesPerSpan,
  indexedTraceBytes,
  keptSpansPerSecond,
  queuedBytesPerSpan,
  traceBytesBesideLogs,
  volumeFor,
} from "../../config/traceCapacity";
import { queueLimits } from "../../config/traceQueue";
import { formatQuantity } from "../../config/units";

describe("the spans that services are expected to record", () => {
  it("are their share of all, that of all services unless they have one", () => {
    const services = [
      { tracing: { spansPerSecond: 100 } },
      { tracing: { spansPerSecond: 50, sampling: 1 } },
      { tracing: { spansPerSecond: 1000, sampling: 0 } },
    ];
    assert.equal(expectedSpansPerSecond(services, { default: 0.1 }), 60);
  });

  it("are kept but for what tail sampling drops, which keeps the failed and slow ones", () => {
    assert.equal(keptSpansPerSecond(100, undefined), 100);
    assert.equal(keptSpansPerSecond(100, { keep: 1 }), 100);
    assert.ok(Math.abs(keptSpansPerSecond(100, { keep: 0 }) - 5) < 1e-9);
  });
});

describe("what traces take", () => {
  it("is an index for each day of the retention and one more, with its copy, in Elasticsearch", () => {
    assert.equal(indexedTraceBytes(1, "14d", 3), 86_400 * indexedBytesPerSpan * 2 * 15);
    assert.equal(indexedTraceBytes(1, "14d", 1), 86_400 * indexedBytesPerSpan * 15);
  });

  it("is nothing of Elasticsearch where traces are elsewhere, or there are none", () => {
    const traces = { enabled: true, storage: "elasticsearch", retention: "1d" } as const;
    assert.ok(traceBytesBesideLogs(traces, 1, 1) > 0);
    assert.equal(traceBytesBesideLogs({ ...traces, storage: "badger" }, 1, 1), 0);
    assert.equal(traceBytesBesideLogs({ ...traces, enabled: false }, 1, 1), 0);
  });

  it("leaves room on Badger's volume, where JaegerVolumeFilling would fire", () => {
    assert.equal(badgerVolumeBytes(1, "1d"), (86_400 * 1000) / badgerShare);
    assert.deepEqual([volumeFor(1), volumeFor(2 ** 30), volumeFor(2 ** 30 + 1)], ["1Gi", "1Gi", "2Gi"]);
  });

  it("is taken from the room of logs, and the volume that both need holds both", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 10_000, noNaN: true }),
        fc.integer({ min: 0, max: 10 ** 13 }),
        fc.constantFrom(1, 3, 5),
        (lines, traceBytes, replicas) => {
          const volume = Math.ceil(neededVolumeBytes(lines, replicas, "30d", traceBytes));
          const holds = (bytes: number) =>
            logCapacity({ replicas, retention: "30d", volumeSize: formatQuantity(bytes), traceBytes })
              .linesPerSecond;
          assert.ok(holds(volume + 1) >= lines * (1 - 1e-9));
          assert.ok(holds(Math.floor(volume * 0.999)) < lines);
        },
      ),
    );
  });
});

describe("the time that gateways take in spans while Jaeger is away", () => {
  it("is that in which the queues of all of them fill", () => {
    const { queueBytes } = queueLimits("10Gi");
    assert.equal(
      gatewaySeconds({ replicas: 2, volumeSize: "10Gi" }, 100),
      (2 * queueBytes) / (100 * queuedBytesPerSpan),
    );
  });
});
