import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { ServiceLogging, loggingConfigMapName, loggingEnvironment } from "../../components/serviceLogging";
import { runProgram } from "../support/mocks";
import { only } from "../support/workloads";

const logging = { level: "info", sampling: { error: 1, warn: 0.5, rest: 0.1 } } as const;

describe("level and sampling of a service", () => {
  it("are four variables, ratios as plain numbers", () => {
    assert.deepEqual(loggingEnvironment(logging), {
      LOG_LEVEL: "info",
      LOG_SAMPLING_ERROR: "1",
      LOG_SAMPLING_WARN: "0.5",
      LOG_SAMPLING_REST: "0.1",
    });
  });

  it("can be none of a level, and a ratio without an exponent for all that can be set", () => {
    const { LOG_SAMPLING_REST, LOG_SAMPLING_WARN } = loggingEnvironment({
      level: "error",
      sampling: { error: 1, warn: 0, rest: 0.0001 },
    });
    assert.deepEqual([LOG_SAMPLING_WARN, LOG_SAMPLING_REST], ["0", "0.0001"]);
  });

  it("are in a ConfigMap that the service's deployment finds by its name, in the service's namespace", async () => {
    const { resources } = await runProgram(
      () =>
        void new ServiceLogging("bilten-api-logging", {
          service: "bilten-api",
          namespace: "bilten",
          logging,
        }),
    );
    const { inputs } = only(resources, "ConfigMap");
    assert.equal(inputs.metadata.name, "bilten-api-logging");
    assert.equal(inputs.metadata.name, loggingConfigMapName("bilten-api"));
    assert.equal(inputs.metadata.namespace, "bilten");
    assert.deepEqual(inputs.data, loggingEnvironment(logging));
  });

  it("change in place, since the deployments that name the ConfigMap are not managed here", async () => {
    const { resources } = await runProgram(
      () => void new ServiceLogging("logging", { service: "bilten-api", namespace: "bilten", logging }),
    );
    assert.notEqual(only(resources, "ConfigMap").inputs.immutable, true);
  });

  it("tell the ConfigMap's name to who builds the service", async () => {
    let name: pulumi.Output<string> | undefined;
    await runProgram(() => {
      name = new ServiceLogging("logging", { service: "payments", namespace: "shop", logging }).configMapName;
    });
    assert.equal(await new Promise((resolve) => name!.apply(resolve)), "payments-logging");
  });
});
