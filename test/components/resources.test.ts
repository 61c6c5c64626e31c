import assert from "node:assert/strict";
import { resourcesOver } from "../../components/kubernetes/resources";

const defaults = { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "512Mi" } };

describe("requests and limits", () => {
  it("are the defaults when nothing is given", () => {
    assert.deepEqual(resourcesOver(defaults), defaults);
  });

  it("take each given value and leave the others", () => {
    assert.deepEqual(resourcesOver(defaults, { limits: { memory: "1Gi" } }), {
      requests: { cpu: "100m", memory: "256Mi" },
      limits: { cpu: "1", memory: "1Gi" },
    });
  });

  it("lower a default request to a given limit below it", () => {
    assert.equal(resourcesOver(defaults, { limits: { memory: "128Mi" } }).requests.memory, "128Mi");
  });

  it("raise a default limit to a given request above it", () => {
    assert.equal(resourcesOver(defaults, { requests: { cpu: "1500m" } }).limits.cpu, "1500m");
  });

  it("compare across units", () => {
    assert.equal(resourcesOver(defaults, { requests: { memory: "512000000" } }).limits.memory, "512Mi");
    assert.equal(resourcesOver(defaults, { requests: { memory: "0.6Gi" } }).limits.memory, "0.6Gi");
  });

  it("leave a given request above a given limit for Kubernetes to refuse", () => {
    const given = { requests: { cpu: "2" }, limits: { cpu: "1" } };
    assert.deepEqual(
      [resourcesOver(defaults, given).requests.cpu, resourcesOver(defaults, given).limits.cpu],
      ["2", "1"],
    );
  });

  it("refuse what is not a quantity", () => {
    assert.throws(
      () => resourcesOver(defaults, { limits: { memory: "512 MB" } }),
      /"512 MB" is not an amount/,
    );
  });
});
