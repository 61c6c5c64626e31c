import assert from "node:assert/strict";
import type { Relabeling } from "../../components/contribution";
import { monitoredServiceContribution } from "../../components/monitoredService";
import type { MonitoredServiceSettings } from "../../config/settings";
import { relabel } from "../support/relabel";

const service: MonitoredServiceSettings = {
  name: "bilten-api",
  namespace: "bilten",
  port: 3000,
  metricsPath: "/metrics",
  scrapeInterval: "10s",
  probes: { health: "/health", interval: "30s" },
  objectives: { availability: 0.999, errorRate: 0.001, meanResponseTime: 0.2, p95ResponseTime: 0.5 },
};
const context = {
  blackboxAddress: "blackbox-exporter.monitoring.svc:9115",
  links: { runbookBaseUrl: "https://runbooks.example", grafanaUrl: "https://grafana.example" },
};

describe("a monitored service", () => {
  const { scrapeJobs = [], ruleGroups = [] } = monitoredServiceContribution(service, context);
  const [scrape, probe] = scrapeJobs;

  it("is scraped under its own name, at its path and interval", () => {
    assert.equal(scrape?.job_name, "bilten-api");
    assert.equal(scrape?.metrics_path, "/metrics");
    assert.equal(scrape?.scrape_interval, "10s");
    assert.deepEqual(scrape?.kubernetes_sd_configs, [
      { role: "endpointslice", namespaces: { names: ["bilten"] } },
    ]);
  });

  it("has its name as the label service on both jobs", () => {
    const scraped = relabel(scrape?.relabel_configs as Relabeling[], {
      __address__: "10.0.0.7:3000",
      __meta_kubernetes_service_name: "bilten-api",
      __meta_kubernetes_endpointslice_port: "3000",
    });
    assert.equal(scraped?.service, "bilten-api");
    assert.equal(probe?.static_configs?.[0]?.labels?.service, "bilten-api");
  });

  it("is probed by the blackbox-exporter at its health path", () => {
    assert.equal(probe?.job_name, "probe-bilten-api");
    assert.equal(probe?.metrics_path, "/probe");
    assert.equal(probe?.scrape_interval, "30s");
    assert.deepEqual(probe?.params, { module: ["http_2xx"] });
    const [target] = probe?.static_configs?.[0]?.targets ?? [];
    assert.deepEqual(relabel(probe?.relabel_configs as Relabeling[], { __address__: String(target) }), {
      __address__: "blackbox-exporter.monitoring.svc:9115",
      __param_target: "http://bilten-api.bilten.svc:3000/health",
      instance: "http://bilten-api.bilten.svc:3000/health",
    });
  });

  it("brings its rules along, with links to the runbooks", () => {
    const alerts = ruleGroups.flatMap((group) => group.rules).filter((rule) => "alert" in rule);
    assert.ok(alerts.length > 0);
    for (const alert of alerts) assert.match(alert.annotations.runbook_url, /^https:\/\/runbooks\.example\//);
  });

  it("does not share rule groups or jobs with another service", () => {
    const other = monitoredServiceContribution({ ...service, name: "bilten-web" }, context);
    const names = [...ruleGroups, ...(other.ruleGroups ?? [])].map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    const jobs = [...scrapeJobs, ...(other.scrapeJobs ?? [])].map((job) => job.job_name);
    assert.equal(new Set(jobs).size, jobs.length);
  });
});
