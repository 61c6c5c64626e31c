import assert from "node:assert/strict";
import type { Relabeling, ScrapeJob } from "../../components/contribution";
import { endpointsScrapeJob } from "../../components/scrapeJobs";
import { relabel } from "../support/relabel";

const base = { job: "api", namespace: "bilten", service: "bilten-api", port: 3000 };

/** Meta labels as Prometheus' endpointslice discovery gives them for a pod's port. */
const discovered = {
  __address__: "10.0.0.7:3000",
  __meta_kubernetes_namespace: "bilten",
  __meta_kubernetes_service_name: "bilten-api",
  __meta_kubernetes_endpointslice_port: "3000",
  __meta_kubernetes_endpointslice_port_name: "http",
  __meta_kubernetes_pod_name: "bilten-api-0",
  __meta_kubernetes_pod_node_name: "node-1",
};

function target(job: ScrapeJob, meta: Record<string, string> = discovered) {
  return relabel(job.relabel_configs as Relabeling[], meta);
}

describe("a scrape job of a Service's endpoints", () => {
  it("keeps the Service's own port and labels it with namespace and pod", () => {
    assert.deepEqual(target(endpointsScrapeJob(base)), {
      __address__: "10.0.0.7:3000",
      namespace: "bilten",
      pod: "bilten-api-0",
    });
  });

  it("drops other Services, among them the headless one of the same pods", () => {
    const headless = { ...discovered, __meta_kubernetes_service_name: "bilten-api-headless" };
    assert.equal(target(endpointsScrapeJob(base), headless), undefined);
  });

  it("drops other ports of the same pods", () => {
    const other = { ...discovered, __meta_kubernetes_endpointslice_port: "30001" };
    assert.equal(target(endpointsScrapeJob(base), other), undefined);
  });

  it("drops ports of the pods that are not in the Service", () => {
    const unlisted: Record<string, string> = { ...discovered };
    delete unlisted.__meta_kubernetes_endpointslice_port;
    assert.equal(target(endpointsScrapeJob(base), unlisted), undefined);
  });

  it("finds the port by name", () => {
    assert.ok(target(endpointsScrapeJob({ ...base, port: "http" })));
    assert.equal(target(endpointsScrapeJob({ ...base, port: "metrics" })), undefined);
  });

  it("takes a dot in a name as a dot", () => {
    const dotted = endpointsScrapeJob({ ...base, service: "a.b" });
    assert.equal(target(dotted, { ...discovered, __meta_kubernetes_service_name: "axb" }), undefined);
    assert.ok(target(dotted, { ...discovered, __meta_kubernetes_service_name: "a.b" }));
  });

  it("names the instance after the node where there is one per node", () => {
    const labels = target(endpointsScrapeJob({ ...base, instance: "node" }));
    assert.equal(labels?.instance, "node-1");
    assert.equal(labels?.node, "node-1");
  });

  it("leaves the labels of samples about other objects alone", () => {
    const job = endpointsScrapeJob({ ...base, aboutOthers: true });
    assert.equal(job.honor_labels, true);
    assert.deepEqual(target(job), { __address__: "10.0.0.7:3000" });
  });

  it("adds fixed labels, even with a dollar in them", () => {
    assert.equal(target(endpointsScrapeJob({ ...base, labels: { service: "a$1" } }))?.service, "a$1");
  });

  it("leaves interval and path to Prometheus unless they are given", () => {
    const plain = endpointsScrapeJob(base);
    assert.equal("scrape_interval" in plain || "metrics_path" in plain || "honor_labels" in plain, false);
    const given = endpointsScrapeJob({ ...base, interval: "10s", path: "/m" });
    assert.deepEqual([given.scrape_interval, given.metrics_path], ["10s", "/m"]);
  });

  it("shares its discovery with all jobs of the namespace", () => {
    const other = endpointsScrapeJob({ ...base, job: "other", service: "other", port: "http" });
    assert.deepEqual(other.kubernetes_sd_configs, endpointsScrapeJob(base).kubernetes_sd_configs);
  });
});
