import assert from "node:assert/strict";
import { jaegerContribution, jaegerJobs, type JaegerContributionArgs } from "../../components/jaeger";
import { dataSourceProvisioning } from "../../components/grafana";
import { analyse } from "../../metrics/check";
import { CATALOGUE } from "../../metrics/exporters";
import { LINKS } from "../rules/groups";

const args: JaegerContributionArgs = {
  name: "jaeger",
  namespace: "monitoring",
  storage: { kind: "badger", volumeSize: "1Gi" },
  blackboxAddress: "blackbox-exporter.monitoring.svc:9115",
  services: [
    { name: "bilten-api", sampling: 0.1 },
    { name: "quiet", sampling: 0 },
  ],
  logDataSource: "logs",
  links: LINKS,
};
const elasticsearch: JaegerContributionArgs = {
  ...args,
  storage: { kind: "elasticsearch", url: "https://elasticsearch:9200", nodes: 3 },
};
const jobsOf = (given: JaegerContributionArgs) =>
  (jaegerContribution(given).scrapeJobs ?? []).map(({ job_name }) => job_name);

describe("what Jaeger contributes", () => {
  it("is itself, its span metrics and its sampling endpoint as targets", () => {
    assert.deepEqual(jobsOf(args), ["jaeger", "jaeger-spans", "jaeger-sampling"]);
    assert.deepEqual(jobsOf(elasticsearch), [
      "jaeger-collector",
      "jaeger-query",
      "jaeger-spans",
      "jaeger-sampling",
    ]);
    assert.deepEqual(jaegerJobs(elasticsearch), ["jaeger-collector", "jaeger-query", "jaeger-spans"]);
  });

  it("has the sampling endpoint asked where services ask it", () => {
    const probe = jaegerContribution(elasticsearch).scrapeJobs?.at(-1);
    assert.deepEqual(probe?.static_configs?.[0]?.targets, [
      "http://jaeger-collector.monitoring.svc:5778/sampling?service=jaeger",
    ]);
  });

  it("expects spans of the services that record any", () => {
    const groups = (jaegerContribution(args).ruleGroups ?? []).map(({ name }) => name);
    assert.ok(groups.includes("bilten-api.traces"));
    assert.ok(!groups.includes("quiet.traces"));
  });

  it("watches the storage that there is", () => {
    const groups = (given: JaegerContributionArgs) =>
      (jaegerContribution(given).ruleGroups ?? []).map(({ name }) => name);
    assert.ok(groups(args).includes("jaeger-badger") && !groups(args).includes("jaeger-elasticsearch"));
    assert.ok(groups(elasticsearch).includes("jaeger-elasticsearch"));
    assert.ok(groups({ ...args, tailSampling: true }).includes("jaeger-tail-sampling"));
  });

  it("leads in Grafana from a trace to its log lines and its service's metrics, and shows its graph", () => {
    const [dataSource] = jaegerContribution(args).dataSources ?? [];
    const json = dataSource?.jsonData as {
      nodeGraph: object;
      tracesToLogsV2: { datasourceUid: string };
      tracesToMetrics: { queries: { query: string }[] };
    };
    assert.deepEqual(json.nodeGraph, { enabled: true });
    assert.equal(json.tracesToLogsV2.datasourceUid, "logs");
    for (const { query } of json.tracesToMetrics.queries) {
      const filled = query.replace("$__tags", 'service="bilten-api"').replace("$__rate_interval", "5m");
      assert.deepEqual(analyse(filled, CATALOGUE).problems, []);
    }
    const without = jaegerContribution({ ...args, logDataSource: undefined }).dataSources?.[0]?.jsonData;
    assert.ok(!("tracesToLogsV2" in (without ?? {})));
  });

  it("has Grafana's own variables reach Grafana: provisioning would fill them in", () => {
    const text = dataSourceProvisioning(jaegerContribution(args).dataSources ?? []);
    assert.match(text, /trace_id:"\$\$\{__trace\.traceId\}"/);
    assert.match(text, /http_requests_total\{\$\$__tags\}\[\$\$__rate_interval\]/);
  });

  it("asks Jaeger below its base path", () => {
    const url = (basePath?: string) => jaegerContribution({ ...args, basePath }).dataSources?.[0]?.url;
    assert.equal(url(), "http://jaeger.monitoring.svc:16686");
    assert.equal(url("/jaeger"), "http://jaeger.monitoring.svc:16686/jaeger");
  });
});
