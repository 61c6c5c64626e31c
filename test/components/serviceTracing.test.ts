import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import {
  ServiceTracing,
  tracingConfigMapName,
  tracingEnvironment,
  type TracingEnvironmentArgs,
} from "../../components/serviceTracing";
import { runProgram } from "../support/mocks";
import { only } from "../support/workloads";

const args: TracingEnvironmentArgs = {
  service: "bilten-api",
  addresses: { otlpGrpc: "http://jaeger.monitoring.svc:4317", sampling: "http://jaeger.monitoring.svc:5778" },
  initialSampling: 0.1,
  tracing: { jaegerHeader: false },
  baggage: [
    { name: "requestId", hashed: false },
    { name: "userId", hashed: true },
  ],
};

describe("the tracing of a service", () => {
  it("is told in OpenTelemetry's variables, with the sampling asked of Jaeger", () => {
    assert.deepEqual(tracingEnvironment(args), {
      OTEL_SERVICE_NAME: "bilten-api",
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://jaeger.monitoring.svc:4317",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_TRACES_SAMPLER: "parentbased_jaeger_remote",
      OTEL_TRACES_SAMPLER_ARG:
        "endpoint=http://jaeger.monitoring.svc:5778,pollingIntervalMs=30000,initialSamplingRate=0.1",
      OTEL_PROPAGATORS: "tracecontext,baggage",
      TRACE_BAGGAGE_KEYS: "requestId,userId",
      TRACE_BAGGAGE_HASHED_KEYS: "userId",
    });
  });

  it("has the header of old clients behind W3C's, where it is wanted", () => {
    const { OTEL_PROPAGATORS } = tracingEnvironment({ ...args, tracing: { jaegerHeader: true } });
    assert.equal(OTEL_PROPAGATORS, "tracecontext,baggage,jaeger");
  });

  it("can pass no baggage on at all", () => {
    const { TRACE_BAGGAGE_KEYS, TRACE_BAGGAGE_HASHED_KEYS } = tracingEnvironment({ ...args, baggage: [] });
    assert.deepEqual([TRACE_BAGGAGE_KEYS, TRACE_BAGGAGE_HASHED_KEYS], ["", ""]);
  });

  it("is in a ConfigMap that the service's deployment finds by its name, and that changes in place", async () => {
    let name: pulumi.Output<string> | undefined;
    const { resources } = await runProgram(() => {
      name = new ServiceTracing("bilten-api-tracing", { ...args, namespace: "bilten" }).configMapName;
    });
    const { inputs } = only(resources, "ConfigMap");
    assert.equal(inputs.metadata.name, tracingConfigMapName("bilten-api"));
    assert.equal(inputs.metadata.namespace, "bilten");
    assert.notEqual(inputs.immutable, true);
    assert.deepEqual(inputs.data, tracingEnvironment(args));
    assert.equal(await new Promise((resolve) => name!.apply(resolve)), "bilten-api-tracing");
  });
});
