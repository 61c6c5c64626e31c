import assert from "node:assert/strict";
import fc from "fast-check";
import {
  expectedLinesPerSecond,
  heapBytes,
  indexReplicas,
  indexedBytesPerLine,
  leastQueueBytes,
  limitOf,
  logCapacity,
  lowWatermark,
  neededVolumeBytes,
  otherLinesPerNamespace,
  queuedBytesPerLine,
  queueSeconds,
  retentionDays,
  shedPeriod,
  systemBytes,
  writtenLinesPerSecond,
} from "../../config/logCapacity";
import { logstashFiles } from "../../components/logstash/configuration";
import { logLevels, type ServiceLoggingSettings } from "../../config/logSettings";
import { formatQuantity } from "../../config/units";

const gibibyte = 2 ** 30;
const asked: ServiceLoggingSettings = {
  level: "info",
  sampling: { error: 1, warn: 0.5, rest: 0.1 },
  linesPerSecond: 1000,
  maxLinesPerSecond: 10_000,
};
const all = { error: 1, warn: 1, rest: 1 };

describe("the lines that a service is expected to write", () => {
  it("are an eighth of all with the sampling that the platform asks for", () => {
    // 1 % errors, half of 4 % warnings, a tenth of the rest.
    assert.equal(Math.round(writtenLinesPerSecond(asked)), 125);
  });

  it("are all of them without sampling", () => {
    assert.equal(writtenLinesPerSecond({ ...asked, sampling: all }), 1000);
  });

  it("grow with every level that is let through, and are errors alone in the end", () => {
    const lines = logLevels.map((level) => writtenLinesPerSecond({ ...asked, level, sampling: all }));
    assert.deepEqual(
      lines,
      [...lines].sort((a, b) => b - a),
    );
    assert.ok(
      lines[0]! > lines[1]! && lines[1]! > lines[2]! && lines[2]! > lines[3]! && lines[3]! > lines[4]!,
    );
    assert.equal(lines.at(-1), 10);
  });

  it("count where they are collected, with what else runs in a namespace", () => {
    const service = (namespace: string) => ({ namespace, logging: { ...asked, sampling: all } });
    const services = [service("a"), service("b"), service("b")];
    assert.equal(expectedLinesPerSecond(services, ["b"]), 2000 + otherLinesPerNamespace);
    assert.equal(expectedLinesPerSecond(services, ["a", "b"]), 3000 + 2 * otherLinesPerNamespace);
    assert.equal(expectedLinesPerSecond(services, []), 0);
  });
});

describe("the logs that a shape of Elasticsearch holds", () => {
  const shape = { replicas: 1, volumeSize: "100Gi", retention: "30d" };

  it("fill a single node's volume to the low watermark, with one copy of 31 days", () => {
    const { copies, daysHeld, usableBytes, bytesPerDay, linesPerSecond } = logCapacity(shape);
    assert.deepEqual([copies, daysHeld], [1, 31]);
    assert.equal(usableBytes, 85 * gibibyte - systemBytes);
    assert.equal(bytesPerDay, usableBytes / 31);
    assert.equal(linesPerSecond, bytesPerDay / 86_400 / indexedBytesPerLine);
  });

  it("fit twice into all of three nodes but one", () => {
    const one = logCapacity(shape);
    const three = logCapacity({ ...shape, replicas: 3 });
    assert.equal(three.copies, 2);
    assert.equal(three.usableBytes, 2 * one.usableBytes);
    assert.equal(three.bytesPerDay, one.bytesPerDay);
    assert.equal(logCapacity({ ...shape, replicas: 5 }).bytesPerDay, 2 * one.bytesPerDay);
  });

  it("are nothing where the volume is too small for anything but the system's indices", () => {
    assert.equal(logCapacity({ ...shape, volumeSize: "512Mi" }).linesPerSecond, 0);
  });

  it("need the volume that holds them, and not a byte less", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 10_000, noNaN: true }),
        fc.constantFrom(1, 3, 5, 7),
        fc.integer({ min: 1, max: 400 }),
        (lines, replicas, days) => {
          const retention = `${days}d`;
          const bytes = Math.ceil(neededVolumeBytes(lines, replicas, retention));
          const holds = (volume: number): number =>
            logCapacity({ replicas, retention, volumeSize: formatQuantity(volume) }).linesPerSecond;
          assert.ok(holds(bytes) >= lines * (1 - 1e-9), `${holds(bytes)} < ${lines}`);
          assert.ok(holds(Math.floor(bytes * 0.999)) < lines);
        },
      ),
    );
  });

  it("are less the longer they are kept", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (days) => {
        const per = (retention: number) => logCapacity({ ...shape, retention: `${retention}d` }).bytesPerDay;
        assert.ok(per(days + 1) < per(days));
      }),
    );
  });
});

describe("figures of Elasticsearch and Logstash", () => {
  it("give a replica only to who has a second node", () => {
    assert.deepEqual([1, 3, 5].map(indexReplicas), [0, 1, 1]);
  });

  it("make half of the memory the heap", () => {
    assert.equal(heapBytes("2Gi"), gibibyte);
    assert.equal(heapBytes("1G"), 5e8);
  });

  it("count whole days of a retention", () => {
    assert.deepEqual(["30d", "36h", "23h", "4w"].map(retentionDays), [30, 1, 0, 28]);
  });

  it("tell how long queues take in lines that Elasticsearch does not, by what one of the services can fill", () => {
    const seconds = (queueSize: string, replicas: number, services: number) =>
      queueSeconds({ queueSize, replicas }, services, 1000);
    // Of three pipelines, that of the service and the one that takes lines in.
    assert.equal(seconds("3G", 1, 1), 2e9 / (1000 * queuedBytesPerLine));
    assert.equal(seconds("3G", 2, 1), 2 * seconds("3G", 1, 1));
    assert.ok(seconds("3G", 1, 5) < seconds("3G", 1, 1));
  });

  it("want as much for Logstash's queues as Logstash's own configuration does", () => {
    for (const count of [1, 2, 9]) {
      const services = Array.from({ length: count }, (_, index) => ({
        name: `s${index}`,
        namespace: "bilten",
        maxLinesPerSecond: 1,
      }));
      const least = leastQueueBytes(count, 1);
      const files = (queue: number, deadLetters: number) =>
        logstashFiles({
          services,
          otherMaxLinesPerSecond: 1,
          redactions: [],
          queueSize: String(queue),
          deadLetterQueueSize: String(deadLetters),
        });
      files(least.queue, least.deadLetters);
      assert.throws(() => files(least.queue - 1, least.deadLetters), /queueSize/);
      assert.throws(() => files(least.queue, least.deadLetters - 1), /deadLetterQueueSize/);
    }
  });

  it("want room in each queue for what the highest limit lets through at once, beside a file that is being read", () => {
    const each = (limit: number) => leastQueueBytes(3, limit).queue / 5;
    const file = 32 * 2 ** 20;
    assert.equal(each(10_000), file + 10_000 * shedPeriod * queuedBytesPerLine);
    // As long as that is less than a file, a second file is the least; so it is at the default limit.
    assert.equal(each(limitOf({ ...asked, linesPerSecond: 50, maxLinesPerSecond: undefined })), 2 * file);
  });

  it("leave the watermark where Elasticsearch has it", () => {
    assert.equal(lowWatermark, 0.85);
  });
});
