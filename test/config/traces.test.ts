import assert from "node:assert/strict";
import { parseSettings } from "../../config/load";
import type { TraceSettings } from "../../config/traceSettings";
import { bytesOfTrace, tracesThatFit } from "../../config/traceMemory";
import { api } from "./problemCases";
import { traceRelationCases } from "./traceCases";

const parse = (raw: Record<string, unknown>, encrypted: string[] = []) =>
  parseSettings({ mailCatcher: true, ...raw }, new Set(["slackWebhookUrl", ...encrypted]));
const tracesOf = (raw: Record<string, unknown>): TraceSettings => parse(raw).settings.traces;
const notes = (raw: Record<string, unknown>, encrypted?: string[]): string =>
  parse(raw, encrypted).notes.join("\n");

describe("the settings about traces", () => {
  it("are complete without any configuration, as the document has the sampling", () => {
    assert.deepEqual(tracesOf({}), {
      enabled: true,
      storage: "badger",
      retention: "7d",
      volumeSize: "20Gi",
      collectorReplicas: 1,
      queryReplicas: 1,
      gateway: { replicas: 1, volumeSize: "4Gi" },
      externalUrl: "http://localhost:16686",
      thriftUdp: false,
      sampling: { default: 0.1, operations: [{ operation: "/api/events", sampling: 0.5 }] },
      tailSampling: undefined,
      baggage: [
        { name: "requestId", hashed: false },
        { name: "userId", hashed: true },
      ],
      browsers: undefined,
    } satisfies TraceSettings);
  });

  it("are without problems and notes when Jaeger is turned on", () => {
    assert.equal(notes({}), "");
  });

  it("leave the sampling of a service to that of all, and take what it says", () => {
    assert.deepEqual(parse({}).settings.services[0]?.tracing, {
      operations: [],
      spansPerSecond: 50,
      jaegerHeader: false,
    });
    const tracing = { sampling: "20%", operations: [{ operation: "checkout", sampling: "100%" }] };
    assert.deepEqual(parse({ services: [{ ...api, tracing }] }).settings.services[0]?.tracing, {
      sampling: 0.2,
      operations: [{ operation: "checkout", sampling: 1 }],
      spansPerSecond: 50,
      jaegerHeader: false,
    });
  });

  it("keep the document's operation when only the share of all is changed", () => {
    assert.deepEqual(tracesOf({ traceSampling: { default: "1%" } }).sampling, {
      default: 0.01,
      operations: [{ operation: "/api/events", sampling: 0.5 }],
    });
    assert.deepEqual(tracesOf({ traceSampling: { operations: [] } }).sampling, {
      default: 0.1,
      operations: [],
    });
  });

  it("fill in what tail sampling keeps: errors and what takes half a second, and a tenth of the rest", () => {
    assert.deepEqual(tracesOf({ traceTailSampling: {} }).tailSampling, {
      decisionWait: "10s",
      maxTraces: 5000,
      slowerThan: 0.5,
      keep: 0.1,
    });
  });

  it("leave the path of Jaeger's address to its base path, without a slash at the end", () => {
    assert.equal(
      tracesOf({ jaegerUrl: "https://bilten.example.com/jaeger/" }).externalUrl,
      "https://bilten.example.com/jaeger",
    );
  });

  it("take origins of pages with a port and a wildcard, not those of other protocols", () => {
    const browsers = (origin: string) => ({
      traceBrowsers: { origins: [origin], ingressNamespace: "ingress-nginx" },
    });
    for (const origin of ["https://bilten.com", "https://*.bilten.com", "http://localhost:5173"])
      assert.doesNotThrow(() => parse(browsers(origin)), origin);
    for (const origin of ["bilten.com", "ftp://bilten.com", "https://", "https://a b.com"])
      assert.throws(() => parse(browsers(origin)), origin);
  });

  it("stand for themselves as long as there is no Jaeger: how they fit together is no problem", () => {
    for (const { what, raw, encrypted } of traceRelationCases) {
      assert.doesNotThrow(() => parseSettings({ ...raw, tracesEnabled: false }, new Set(encrypted)), what);
    }
  });
});

describe("notes on traces", () => {
  const production = {
    environment: "prod",
    mailCatcher: false,
    prometheusReplicas: 2,
    alertmanagerReplicas: 3,
    elasticsearchReplicas: 3,
    logstashReplicas: 2,
    logsEnabled: true,
    traceStorage: "elasticsearch",
    jaegerCollectorReplicas: 2,
    jaegerQueryReplicas: 2,
    traceGatewayReplicas: 2,
  };

  it("say that tail sampling cannot keep what was not recorded", () => {
    assert.match(notes({ traceTailSampling: {} }), /^\S+traceTailSampling keeps the errors .* below 100%\.$/);
    assert.equal(notes({ traceTailSampling: {}, traceSampling: { default: "100%" } }), "");
  });

  it("say in prod that links are local, and that tail sampling runs once", () => {
    assert.match(notes(production, ["smtpPassword"]), /jaegerUrl is .*: links to traces work only behind/);
    const tail = { ...production, jaegerCollectorReplicas: 1, traceTailSampling: {} };
    assert.match(notes(tail, ["smtpPassword"]), /traceTailSampling runs in one collector/);
    assert.doesNotMatch(
      notes({ ...production, jaegerUrl: "https://jaeger.example.com" }, ["smtpPassword"]),
      /jaegerUrl/,
    );
  });
});

describe("the traces that fit into a collector's memory", () => {
  it("take a third of it", () => {
    assert.equal(tracesThatFit("1Gi"), Math.floor(2 ** 30 / 3 / bytesOfTrace));
    assert.equal(tracesThatFit("96Mi"), 1024);
  });
});
