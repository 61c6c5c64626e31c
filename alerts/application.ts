/** What every monitored service is measured by: rates, ratios, quantiles, and the alerts on them. */
import type { RecordingRule, RuleGroup } from "../components/contribution";
import type { MonitoredServiceSettings } from "../config/settings";
import { probeRules } from "./probes";
import { alert, DASHBOARD_UIDS, type Links, matcher, record } from "./rule";
import { httpSeries, OBJECTIVE_SERIES, QUANTILES, rateWindow } from "./series";
import { sloRuleGroups } from "./slo";

/**
 * Share of requests that may fail before HighErrorRate pages, as a ratio. The source document's 0.1 was read off a
 * per-second rate; as a ratio it says that one request in ten fails, which is an acute fault whatever the service's
 * objective. Slow use of the 0.1 % error budget is the business of the burn-rate alerts in slo.ts.
 */
export const HIGH_ERROR_RATIO = 0.1;

/** Recording rules of one service. */
export function serviceRecordingRules(service: MonitoredServiceSettings): RecordingRule[] {
  const window = rateWindow(service);
  const names = httpSeries(window);
  const job = matcher("job", service.name);
  const own = matcher("service", service.name);
  const buckets = `rate(http_request_duration_seconds_bucket{${job}}[${window}])`;
  return [
    record(names.requestRate, `sum by (service) (rate(http_requests_total{${job}}[${window}]))`),
    // A counter of failures does not exist before the first failure: without the second half a service that never
    // failed would have no ratio at all, and its panels would read "no data" where they should read zero.
    record(
      names.errorRate,
      `sum by (service) (rate(http_requests_total{${job},status_code=~"5.."}[${window}])) or ${names.requestRate}{${own}} * 0`,
    ),
    record(names.errorRatio, `${names.errorRate}{${own}} / (${names.requestRate}{${own}} > 0)`),
    record(
      names.requestRateByRoute,
      `sum by (service, method, route) (rate(http_requests_total{${job}}[${window}]))`,
    ),
    record(
      names.requestRateByStatus,
      `sum by (service, status_code) (rate(http_requests_total{${job}}[${window}]))`,
    ),
    ...QUANTILES.map((quantile) =>
      record(names.durationQuantile, `histogram_quantile(${quantile}, sum by (service, le) (${buckets}))`, {
        quantile,
      }),
    ),
    record(
      names.durationQuantileByRoute,
      `histogram_quantile(0.95, sum by (service, method, route, le) (${buckets}))`,
      { quantile: "0.95" },
    ),
    record(
      names.durationMean,
      `sum by (service) (rate(http_request_duration_seconds_sum{${job}}[${window}])) / ` +
        `(sum by (service) (rate(http_request_duration_seconds_count{${job}}[${window}])) > 0)`,
    ),
    ...objectiveRules(service),
  ];
}

function objectiveRules(service: MonitoredServiceSettings): RecordingRule[] {
  const { availability, errorRate, meanResponseTime } = service.objectives;
  const labels = { service: service.name };
  return [
    record(OBJECTIVE_SERIES.availability, `vector(${availability})`, labels),
    record(OBJECTIVE_SERIES.errorRatio, `vector(${errorRate})`, labels),
    record(OBJECTIVE_SERIES.durationMean, `vector(${meanResponseTime})`, labels),
  ];
}

/**
 * Every rule of one monitored service: recording rules, alerts on acute faults, its probe and its error budgets.
 * Prometheus evaluates the rules of a group in order, so the alerts see what the same pass recorded.
 */
export function serviceRuleGroups(service: MonitoredServiceSettings, links: Links): RuleGroup[] {
  const names = httpSeries(rateWindow(service));
  const own = matcher("service", service.name);
  const common = {
    labels: { service: service.name },
    dashboard: { uid: DASHBOARD_UIDS.platformOverview, service: service.name },
  };
  const { p95ResponseTime, meanResponseTime } = service.objectives;
  return [
    {
      name: `${service.name}.application`,
      rules: [
        ...serviceRecordingRules(service),
        alert(links, {
          ...common,
          alert: "HighErrorRate",
          expr: `${names.errorRatio}{${own}} > ${HIGH_ERROR_RATIO}`,
          for: "2m",
          severity: "critical",
          summary: `High error rate on ${service.name}`,
          description: `{{ $value | humanizePercentage }} of the requests to ${service.name} are answered with a 5xx status; more than ${HIGH_ERROR_RATIO * 100} % is an acute fault.`,
        }),
        alert(links, {
          ...common,
          alert: "HighResponseTime",
          expr: `${names.durationQuantile}{${own},quantile="0.95"} > ${p95ResponseTime}`,
          for: "5m",
          severity: "warning",
          summary: `High response time on ${service.name}`,
          description: `The 95th percentile of the response time of ${service.name} is {{ $value | humanizeDuration }}; the limit is ${p95ResponseTime} s.`,
        }),
        alert(links, {
          ...common,
          alert: "HighMeanResponseTime",
          expr: `${names.durationMean}{${own}} > ${meanResponseTime}`,
          for: "30m",
          severity: "info",
          summary: `${service.name} misses its response time objective`,
          description: `The mean response time of ${service.name} is {{ $value | humanizeDuration }}; the objective is ${meanResponseTime} s.`,
        }),
        alert(links, {
          ...common,
          alert: "ServiceDown",
          expr: `absent(up{${matcher("job", service.name)}} == 1)`,
          for: "2m",
          severity: "critical",
          summary: `${service.name} is down`,
          description: `Prometheus can scrape no instance of ${service.name}: none is discovered, or none answers.`,
        }),
      ],
    },
    { name: `${service.name}.probe`, rules: probeRules(service, links) },
    ...sloRuleGroups(service, links),
  ];
}
