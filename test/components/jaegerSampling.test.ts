import assert from "node:assert/strict";
import { samplingFile, samplingStrategies, type SampledService } from "../../components/jaeger/sampling";

const sampling = { default: 0.1, operations: [{ operation: "/api/events", sampling: 0.5 }] };
const plain: SampledService = { name: "bilten-api", tracing: { operations: [] } };

describe("the sampling strategies", () => {
  it("are what the document asks for: a tenth, and half of /api/events", () => {
    const { default_strategy } = samplingStrategies({ sampling, services: [plain] });
    assert.equal(default_strategy.type, "probabilistic");
    assert.equal(default_strategy.param, 0.1);
    assert.deepEqual(default_strategy.operation_strategies[0], {
      operation: "/api/events",
      type: "probabilistic",
      param: 0.5,
    });
  });

  it("take a path for the spans of a request by any method as well, and any other name to the letter", () => {
    const operations = [
      { operation: "/api/events", sampling: 0.5 },
      { operation: "send ticket", sampling: 1 },
    ];
    const names = samplingStrategies({
      sampling: { default: 0.1, operations },
      services: [],
    }).default_strategy.operation_strategies.map(({ operation }) => operation);
    assert.ok(names.includes("GET /api/events") && names.includes("POST /api/events"));
    assert.deepEqual(
      names.filter((name) => name.includes("ticket")),
      ["send ticket"],
    );
    assert.ok(!names.some((name) => name.startsWith("OTHER")), "no span is named so");
  });

  it("name a service only for what it has of its own", () => {
    const own = { name: "shop", tracing: { sampling: 0.2, operations: [{ operation: "pay", sampling: 1 }] } };
    const part = { name: "mail", tracing: { operations: [{ operation: "send", sampling: 0 }] } };
    const { service_strategies } = samplingStrategies({ sampling, services: [plain, own, part] });
    assert.deepEqual(service_strategies, [
      {
        service: "shop",
        type: "probabilistic",
        param: 0.2,
        operation_strategies: [{ operation: "pay", type: "probabilistic", param: 1 }],
      },
      {
        service: "mail",
        type: "probabilistic",
        param: 0.1,
        operation_strategies: [{ operation: "send", type: "probabilistic", param: 0 }],
      },
    ]);
  });

  it("are a file of JSON", () => {
    const args = { sampling, services: [plain] };
    assert.deepEqual(JSON.parse(samplingFile(args)), samplingStrategies(args));
  });
});
