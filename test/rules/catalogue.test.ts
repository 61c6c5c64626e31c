import assert from "node:assert/strict";
import { SERVICE_METRICS } from "../../metrics/catalogue";
import { analyse, recordedSeries, unknownSelectors } from "../../metrics/check";
import { CATALOGUE } from "../../metrics/exporters";
import { ALL_GROUPS } from "./groups";

const recorded = recordedSeries(ALL_GROUPS, CATALOGUE);
const problems = (expr: string): string[] => unknownSelectors(expr, CATALOGUE, recorded);

describe("the metric catalogue", () => {
  for (const rule of ALL_GROUPS.flatMap((group) => group.rules)) {
    const name = "record" in rule ? rule.record : rule.alert;
    it(`knows all that ${name} selects: ${rule.expr}`, () => assert.deepEqual(problems(rule.expr), []));
  }

  it("declares each metric once", () => {
    const names = CATALOGUE.metrics.map((metric) => metric.name);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  for (const metric of SERVICE_METRICS) {
    it(`declares ${metric.name} by the conventions of Prometheus`, () => {
      assert.match(metric.name, /^[a-z][a-z0-9_]*$/);
      assert.equal(metric.name.endsWith("_total"), metric.type === "counter");
      assert.match(metric.help, /\.$/);
      assert.notEqual(metric.unit, "");
      if (metric.unit === "seconds") assert.match(metric.name, /_seconds(_total)?$/);
      assert.equal(metric.buckets !== undefined, metric.type === "histogram");
      const buckets = [...(metric.buckets ?? [])];
      assert.deepEqual(
        buckets,
        buckets.toSorted((a, b) => a - b),
      );
      for (const label of Object.keys(metric.labels)) {
        assert.ok(!(label in CATALOGUE.targetLabels), `${label} would collide with the target's label`);
        assert.ok(!["le", "quantile"].includes(label));
      }
    });
  }

  it("has a bucket bound at each limit of the response time", () => {
    const buckets =
      SERVICE_METRICS.find(({ name }) => name === "http_request_duration_seconds")?.buckets ?? [];
    assert.ok(buckets.includes(0.2) && buckets.includes(0.5));
  });
});

describe("the check of an expression against the catalogue", () => {
  it("finds a misspelt metric", () => {
    assert.deepEqual(problems("rate(http_request_total[5m])"), ['unknown metric "http_request_total"']);
  });

  it("finds a misspelt recorded series", () => {
    assert.deepEqual(problems("service:http_request:rate5m > 0"), [
      'unknown metric "service:http_request:rate5m"',
    ]);
  });

  it("finds the architecture document's own mistake, a label of another metric", () => {
    assert.deepEqual(problems('rate(http_requests_total{status=~"5.."}[5m])'), [
      'unknown label "status" of "http_requests_total"',
    ]);
  });

  it("finds a label that is not among those of a recorded series", () => {
    assert.deepEqual(problems('service:http_requests:rate5m{route="/"}'), [
      'unknown label "route" of "service:http_requests:rate5m"',
    ]);
  });

  it("finds a misspelt label in by, without, on, ignoring and group clauses", () => {
    for (const expr of [
      "sum by (servce) (up)",
      "sum(up) without (servce)",
      "up / on (servce) scrape_duration_seconds",
      "up / ignoring (servce) scrape_duration_seconds",
      "up / on (instance) group_left (servce) scrape_duration_seconds",
      "up and on (servce) scrape_duration_seconds",
    ]) {
      assert.ok(
        problems(expr).some((problem) => problem.startsWith('unknown label "servce"')),
        expr,
      );
    }
  });

  it("finds a label that an inner aggregation has already removed", () => {
    assert.deepEqual(problems("sum by (route) (sum by (service) (http_requests_total))").length, 1);
  });

  it("finds a quantile over buckets whose bounds are gone", () => {
    assert.match(
      problems(
        "histogram_quantile(0.9, sum by (service) (rate(http_request_duration_seconds_bucket[5m])))",
      )[0] ?? "",
      /unknown label "le"/,
    );
  });

  it("finds a value that a bounded label never has", () => {
    assert.deepEqual(problems('http_requests_total{method="FETCH"}'), [
      '"method" of "http_requests_total" is never "FETCH"',
    ]);
    assert.deepEqual(problems('http_requests_total{status_code=~"6.."}'), [
      '"status_code" of "http_requests_total" is never "6.."',
    ]);
    assert.deepEqual(problems('http_requests_total{method=~"GET|HEAD",status_code!~"5.."}'), []);
  });

  it("finds a histogram selected by its bare name", () => {
    assert.deepEqual(problems("http_request_duration_seconds"), [
      'unknown metric "http_request_duration_seconds"',
    ]);
  });

  it("finds every problem, not only the first", () => {
    assert.equal(problems('sum by (a) (one{b="1"}) / two').length, 3);
  });

  it("finds a metric given by name in braces, and a selector without a name", () => {
    assert.deepEqual(problems('{__name__="upp"}'), ['unknown metric "upp"']);
    assert.match(problems('{job="prometheus"}')[0] ?? "", /names no metric/);
  });

  it("finds what is not PromQL", () => {
    assert.match(problems("sum by (job (up)")[0] ?? "", /not PromQL/);
    assert.match(problems('up{job="a"')[0] ?? "", /not PromQL/);
    assert.notDeepEqual(problems("rate(up[5m]"), []);
    assert.notDeepEqual(problems(""), []);
  });

  it("knows the labels of the result", () => {
    const labels = (expr: string): string[] => [...analyse(expr, CATALOGUE, recorded).labels.keys()].sort();
    assert.deepEqual(labels("sum by (service) (http_requests_total) / on (service) sum by (service) (up)"), [
      "service",
    ]);
    assert.deepEqual(labels('absent(up{job="a",pod=~"b.*"})'), ["job"]);
    assert.deepEqual(labels('absent(up{job="a"} == 1)'), []);
    assert.deepEqual(labels('count_values("hash", alertmanager_config_hash)'), ["hash"]);
    assert.deepEqual(labels("sum(up) or vector(0)"), []);
    assert.deepEqual(labels("topk(3, sum by (job) (up))"), ["job"]);
    assert.deepEqual(labels('label_replace(sum by (job) (up), "x", "$1", "job", "(.*)")'), ["job", "x"]);
    assert.deepEqual(labels("sum by (job) (up) * on () group_left () vector(2)"), ["job"]);
  });
});
