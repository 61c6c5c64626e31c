/**
 * Names of the recorded series. Rules record under them, alerts and dashboards read them; a name is written nowhere
 * else.
 */
import type { Duration, MonitoredServiceSettings } from "../config/settings";
import { windowOver } from "./durations";

/** Quantiles of the response time that are recorded for each service. */
export const QUANTILES = ["0.5", "0.95", "0.99"] as const;

/** The rate window of a service: 5 m, longer when it is scraped so seldom that 5 m would hold under four scrapes. */
export function rateWindow(service: Pick<MonitoredServiceSettings, "scrapeInterval">): Duration {
  return windowOver("5m", service.scrapeInterval);
}

/** Series recorded for each service, by the window of their rates. */
export function httpSeries(window: Duration) {
  return {
    /** Requests per second of a service. */
    requestRate: `service:http_requests:rate${window}`,
    /** Failed (5xx) requests per second of a service; 0 when none failed. */
    errorRate: `service:http_requests_errors:rate${window}`,
    /** Failed to all requests, 0 to 1; no sample without traffic. */
    errorRatio: `service:http_requests_errors:ratio_rate${window}`,
    /** Requests per second by method and route. */
    requestRateByRoute: `service_method_route:http_requests:rate${window}`,
    /** Requests per second by status code. */
    requestRateByStatus: `service_status_code:http_requests:rate${window}`,
    /** Seconds, by quantile. */
    durationQuantile: `service_quantile:http_request_duration_seconds:histogram_quantile_rate${window}`,
    /** Seconds, by method, route and quantile; only the 95th percentile. */
    durationQuantileByRoute: `service_method_route_quantile:http_request_duration_seconds:histogram_quantile_rate${window}`,
    /** Mean, seconds; no sample without traffic. */
    durationMean: `service:http_request_duration_seconds:mean_rate${window}`,
  };
}

/** Failed to all probes of a service over a window, 0 to 1. */
export function probeFailureRatio(window: Duration): string {
  return `service:probe_failure:ratio_avg${window}`;
}

/**
 * The objectives of each service as series, so that a panel can draw them beside what was measured and follows the
 * dashboard's choice of services.
 */
export const OBJECTIVE_SERIES = {
  /** Ratio, 0 to 1. */
  availability: "service:availability:objective",
  /** Ratio of failed requests, 0 to 1. */
  errorRatio: "service:http_requests_errors:objective",
  /** Seconds. */
  durationMean: "service:http_request_duration_seconds:mean_objective",
} as const;

/** Series recorded for each machine. */
export const NODE_SERIES = {
  /** Share of the processor time that was not idle, 0 to 1. */
  cpuUtilisation: "instance:node_cpu_utilisation:rate5m",
  /** Share of the memory that is not available to new work, 0 to 1. */
  memoryUtilisation: "instance:node_memory_utilisation:ratio",
} as const;

/** Series recorded of the log index. */
export const LOG_SERIES = {
  /** Events in five minutes of a service, mean over a day that ended an hour ago. */
  usualEvents: "service:log_index_events:avg1d",
} as const;
