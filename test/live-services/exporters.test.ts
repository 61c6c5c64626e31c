import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { SERVICE_METRICS } from "../../metrics/catalogue";
import { EXPORTER_METRICS } from "../../metrics/exporters";
import type { MetricDefinition } from "../../metrics/types";
import { lint, samplesOf, Service, until, valueOf } from "./service";

/** Fails unless every sample is one of a declared metric, with exactly its labels and none but its values. */
function assertDeclared(exposition: string, definitions: readonly MetricDefinition[]): string[] {
  const seen = new Set<string>();
  for (const { name, labels } of samplesOf(exposition)) {
    const base = name.replace(/_(bucket|sum|count)$/, "");
    const definition =
      definitions.find((one) => one.name === (one.type === "histogram" ? base : name)) ?? assert.fail(name);
    seen.add(definition.name);
    const { le, ...rest } = labels;
    assert.equal(le !== undefined, name.endsWith("_bucket"), `le of ${name}`);
    assert.deepEqual(Object.keys(rest).sort(), Object.keys(definition.labels).sort(), `labels of ${name}`);
    for (const [label, value] of Object.entries(rest)) {
      const { values } = definition.labels[label]!;
      assert.ok(!values || values.includes(value), `${name}: ${label}="${value}"`);
    }
    const type = new RegExp(`^# TYPE ${definition.name} ${definition.type}$`, "m");
    assert.match(exposition, type);
  }
  return [...seen].sort();
}

async function refuses(service: Service, bodies: unknown[]): Promise<void> {
  const before = (await service.call("GET", "/control")).body;
  for (const body of bodies) {
    const { status, body: answer, type } = await service.call<{ error: string }>("POST", "/control", body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(type, /json/);
    assert.ok(answer.error.length > 3);
  }
  assert.deepEqual((await service.call("GET", "/control")).body, before, "nothing has changed");
}

async function endsAtOnce(service: Service): Promise<void> {
  const since = Date.now();
  service.kill("SIGTERM");
  assert.equal(await service.ended, 0);
  assert.ok(Date.now() - since < 1000);
}

describe("services of the live tests", function () {
  this.timeout(30_000);
  let service: Service;

  afterEach(() => service.stop());

  const exposition = async () => {
    const { status, type, body } = await service.call<string>("GET", "/metrics");
    assert.equal(status, 200);
    assert.equal(type, "text/plain; version=0.0.4; charset=utf-8");
    return body;
  };

  describe("the monitored service", () => {
    const good = { status_code: "200" };
    const bad = { status_code: "500" };

    beforeEach(async () => {
      service = await new Service("biltenApi.mjs").start();
    });

    it("exposes metrics as the catalogue declares them, with the same buckets", async () => {
      const text = await exposition();
      assert.deepEqual(assertDeclared(text, SERVICE_METRICS), [
        "active_users",
        "http_request_duration_seconds",
        "http_requests_total",
      ]);
      assert.deepEqual(await lint(text), []);
      const declared = SERVICE_METRICS.find(({ name }) => name === "http_request_duration_seconds");
      for (const code of ["200", "500"]) {
        const bounds = samplesOf(text)
          .filter(({ name, labels }) => name.endsWith("_bucket") && labels.status_code === code)
          .map(({ labels }) => labels.le);
        assert.deepEqual(bounds, [...(declared?.buckets ?? []).map(String), "+Inf"]);
      }
      assert.equal(valueOf(text, "http_requests_total", bad), 0, "there before the first error");
    });

    it("has the traffic that it was told to have, in time with the clock", async () => {
      await service.call("POST", "/control", { requestsPerSecond: 1000, errorRatio: 0.2, seconds: 0.25 });
      const [since, before] = [performance.now(), await exposition()];
      await sleep(1000);
      const after = await exposition();
      const passed = (performance.now() - since) / 1000;
      const grown = (name: string, labels: Record<string, string>) =>
        valueOf(after, name, labels) - valueOf(before, name, labels);
      const [goods, bads] = [good, bad].map((labels) => grown("http_requests_total", labels));
      assert.ok(Math.abs(goods! / passed / 800 - 1) < 0.05, `${goods} in ${passed} s`);
      assert.ok(Math.abs(bads! / passed / 200 - 1) < 0.05, `${bads} in ${passed} s`);
      const name = "http_request_duration_seconds";
      assert.equal(grown(`${name}_count`, bad), bads);
      assert.ok(Math.abs(grown(`${name}_sum`, bad) - bads! * 0.25) < 1e-6);
      assert.equal(grown(`${name}_bucket`, { ...bad, le: "0.2" }), 0);
      assert.equal(grown(`${name}_bucket`, { ...bad, le: "0.3" }), bads);
      assert.equal(grown(`${name}_bucket`, { ...bad, le: "+Inf" }), bads);
    });

    it("makes no errors until it is told to, and stops again", async () => {
      await service.call("POST", "/control", { requestsPerSecond: 1000 });
      await sleep(100);
      const none = await exposition();
      assert.ok(valueOf(none, "http_requests_total", good) > 20);
      assert.equal(valueOf(none, "http_requests_total", bad), 0);
      await service.call("POST", "/control", { errorRatio: 1 });
      await until(
        async () => valueOf(await exposition(), "http_requests_total", bad) > 20,
        () => exposition(),
      );
      await service.call("POST", "/control", { errorRatio: 0 });
      const stopped = valueOf(await exposition(), "http_requests_total", bad);
      await sleep(100);
      assert.equal(valueOf(await exposition(), "http_requests_total", bad), stopped);
    });

    it("says on its health paths what it was told to say", async () => {
      const statuses = () =>
        Promise.all(
          ["/healthz", "/health/live", "/health", "/ready"].map(
            async (path) => (await service.call("GET", path)).status,
          ),
        );
      assert.deepEqual(await statuses(), [200, 200, 200, 200]);
      await service.call("POST", "/control", { healthy: false, activeUsers: 7 });
      assert.deepEqual(await statuses(), [200, 200, 503, 503]);
      assert.equal(valueOf(await exposition(), "active_users"), 7);
    });

    it("refuses settings that make no sense, whole", async () => {
      await refuses(service, [
        { errorRatio: 1.1 },
        { seconds: -1 },
        { errorRatio: 0.5, typo: 1 },
        { requestsPerSecond: "20" },
        { healthy: 1 },
        [],
        null,
        "{",
      ]);
      assert.equal((await service.call("GET", "/none")).status, 404);
    });

    it("ends at once", () => endsAtOnce(service));
  });

  describe("the node under pressure", () => {
    beforeEach(async () => {
      service = await new Service("nodePressure.mjs").start();
    });

    const idle = (text: string) => valueOf(text, "node_cpu_seconds_total", { cpu: "0", mode: "idle" });

    it("exposes metrics as the node-exporter does", async () => {
      const text = await exposition();
      assert.deepEqual(assertDeclared(text, EXPORTER_METRICS), [
        "node_cpu_seconds_total",
        "node_memory_MemAvailable_bytes",
        "node_memory_MemTotal_bytes",
      ]);
      // These names are the node-exporter's own.
      const complaints = (await lint(text)).filter((line) => !/^node_memory_Mem\w+ .*camelCase/.test(line));
      assert.deepEqual(complaints, []);
    });

    it("is as busy and as full as it was told to be", async () => {
      await service.call("POST", "/control", { cpu: 0.75, memory: 0.9 });
      const [since, before] = [performance.now(), await exposition()];
      await sleep(1000);
      const after = await exposition();
      const passed = (performance.now() - since) / 1000;
      const rate = (idle(after) - idle(before)) / passed;
      assert.ok(Math.abs(rate - 0.25) < 0.02, `idle for ${rate} of the time`);
      const all = samplesOf(after).filter(
        ({ name, labels }) => name === "node_cpu_seconds_total" && labels.cpu === "0",
      );
      assert.ok(all.length >= 3);
      const available = valueOf(after, "node_memory_MemAvailable_bytes");
      assert.ok(Math.abs(1 - available / valueOf(after, "node_memory_MemTotal_bytes") - 0.9) < 1e-6);
      await service.call("POST", "/control", { cpu: 1 });
      const stopped = idle(await exposition());
      await sleep(50);
      assert.equal(idle(await exposition()), stopped);
    });

    it("refuses settings that make no sense, whole", () =>
      refuses(service, [{ cpu: 1.5 }, { memory: "0.5" }, { cpu: 0.5, disk: 1 }, [], null, ""]));

    it("ends at once", () => endsAtOnce(service));
  });

  it("play as many processors as CPUS says, and name it when it is wrong", async () => {
    service = await new Service("nodePressure.mjs", { CPUS: "3" }).start();
    const text = await exposition();
    assert.deepEqual(
      [...new Set(samplesOf(text).flatMap(({ labels }) => labels.cpu ?? []))],
      ["0", "1", "2"],
    );
    const wrong = new Service("nodePressure.mjs", { CPUS: "none" });
    assert.equal(await wrong.ended, 1);
    assert.match(wrong.output, /^CPUS: "none"/);
    await wrong.stop();
  });

  for (const file of ["biltenApi.mjs", "nodePressure.mjs", "webhookReceiver.mjs"]) {
    it(`say it when the port is taken: ${file}`, async () => {
      service = await new Service(file).start();
      const second = new Service(file, { PORT: new URL(service.url("/")).port });
      assert.equal(await second.ended, 1);
      assert.match(second.output, /^PORT: .*EADDRINUSE/);
      await second.stop();
    });
  }
});
