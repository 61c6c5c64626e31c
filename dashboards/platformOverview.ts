/** "Bilten Platform Overview": the state of the services at a glance, then where the traffic and the time go. */
import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { DASHBOARD_UIDS } from "../alerts/rule";
import { httpSeries, NODE_SERIES, OBJECTIVE_SERIES, rateWindow } from "../alerts/series";
import type { Dashboard } from "../components/contribution";
import type { MonitoredServiceSettings } from "../config/settings";
import { dashboard, FOLDER, numbered, serviceVariable, stat, timeseries, UNITS } from "./panels";

const CHOSEN = 'service=~"$service"';

/**
 * An expression over a recorded series of the chosen services. The names carry the window of the rates, which is
 * longer for a service that is scraped seldom, so there may be more than one.
 */
function recorded(
  services: Pick<MonitoredServiceSettings, "scrapeInterval">[],
  pick: (series: ReturnType<typeof httpSeries>) => string,
  further = "",
): string {
  const windows = services.length === 0 ? ["5m"] : [...new Set(services.map(rateWindow))];
  return windows.map((window) => `${pick(httpSeries(window))}{${CHOSEN}${further}}`).join(" or ");
}

/**
 * The overview of all monitored services.
 * @param services only how often each is scraped matters; which are shown is chosen in Grafana.
 */
export function platformOverview(services: Pick<MonitoredServiceSettings, "scrapeInterval">[]): Dashboard {
  const model = numbered(
    dashboard(
      DASHBOARD_UIDS.platformOverview,
      "Bilten Platform Overview",
      "Traffic, failures, response times and availability of the Bilten services against their objectives, and the machines beneath.",
    )
      .withVariable(serviceVariable())
      .withRow(new RowBuilder("Now"))
      .withPanel(
        stat({
          title: "Availability",
          description:
            "Share of the health probes that succeeded in the chosen time. The objective is 99.9 %.",
          unit: UNITS.ratio,
          decimals: 3,
          width: 6,
          thresholds: [
            { value: null, color: "red" },
            { value: 0.99, color: "orange" },
            { value: 0.999, color: "green" },
          ],
          queries: [
            {
              expr: `avg by (service) (avg_over_time(probe_success{${CHOSEN}}[$__range]))`,
              legend: "{{service}}",
            },
          ],
        }),
      )
      .withPanel(
        stat({
          title: "Requests per second",
          description: "Requests that each service answers per second.",
          unit: UNITS.requestsPerSecond,
          width: 6,
          queries: [{ expr: recorded(services, (series) => series.requestRate), legend: "{{service}}" }],
        }),
      )
      .withPanel(
        stat({
          title: "Errors",
          description: "Share of requests answered with a 5xx status. The objective is less than 0.1 %.",
          unit: UNITS.ratio,
          decimals: 2,
          width: 6,
          thresholds: [
            { value: null, color: "green" },
            { value: 0.001, color: "orange" },
            { value: 0.1, color: "red" },
          ],
          queries: [{ expr: recorded(services, (series) => series.errorRatio), legend: "{{service}}" }],
        }),
      )
      .withPanel(
        stat({
          title: "Active users",
          description: "Users with a session that is in use now, over all instances of a service.",
          unit: UNITS.count,
          width: 6,
          queries: [{ expr: `sum by (service) (active_users{${CHOSEN}})`, legend: "{{service}}" }],
        }),
      )
      .withRow(new RowBuilder("Traffic"))
      .withPanel(
        timeseries({
          title: "Request Rate",
          description: "Requests per second by method and route.",
          unit: UNITS.requestsPerSecond,
          width: 12,
          height: 10,
          queries: [
            {
              expr: recorded(services, (series) => series.requestRateByRoute),
              legend: "{{method}} {{route}}",
            },
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Response Time",
          description:
            "Seconds within which half, 95 % and 99 % of the requests are answered. HighResponseTime watches the 95th percentile.",
          unit: UNITS.seconds,
          width: 12,
          height: 10,
          queries: [
            percentile(services, "0.95", "95th percentile {{service}}"),
            percentile(services, "0.5", "50th percentile {{service}}"),
            percentile(services, "0.99", "99th percentile {{service}}"),
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Response Time by Route",
          description: "95th percentile of the response time by method and route: which of them is slow.",
          unit: UNITS.seconds,
          width: 12,
          queries: [
            {
              expr: recorded(services, (series) => series.durationQuantileByRoute),
              legend: "{{method}} {{route}}",
            },
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Mean Response Time",
          description: "Mean response time, and the objective of each service for it.",
          unit: UNITS.seconds,
          width: 12,
          queries: [
            { expr: recorded(services, (series) => series.durationMean), legend: "{{service}}" },
            { expr: `${OBJECTIVE_SERIES.durationMean}{${CHOSEN}}`, legend: "objective {{service}}" },
          ],
        }),
      )
      .withRow(new RowBuilder("Failures"))
      .withPanel(
        timeseries({
          title: "Error Rate",
          description:
            "Share of requests answered with a 5xx status, and the objective of each service for it.",
          unit: UNITS.ratio,
          width: 12,
          queries: [
            { expr: recorded(services, (series) => series.errorRatio), legend: "{{service}}" },
            { expr: `${OBJECTIVE_SERIES.errorRatio}{${CHOSEN}}`, legend: "objective {{service}}" },
          ],
        }),
      )
      .withPanel(
        timeseries({
          title: "Answers by Status Code",
          description: "Failed requests per second by status code, 4xx and 5xx.",
          unit: UNITS.requestsPerSecond,
          width: 12,
          queries: [
            {
              expr: recorded(services, (series) => series.requestRateByStatus, ',status_code=~"[45].."'),
              legend: "{{service}} {{status_code}}",
            },
          ],
        }),
      )
      .withRow(new RowBuilder("Machines"))
      .withPanel(
        timeseries({
          title: "CPU Usage",
          description:
            "Share of the processor time that is not idle, by machine. HighCPUUsage warns above 80 %.",
          unit: UNITS.ratio,
          width: 12,
          queries: [{ expr: NODE_SERIES.cpuUtilisation, legend: "{{instance}}" }],
        }),
      )
      .withPanel(
        timeseries({
          title: "Memory Usage",
          description:
            "Share of the memory that is not available, by machine. HighMemoryUsage warns above 85 %.",
          unit: UNITS.ratio,
          width: 12,
          queries: [{ expr: NODE_SERIES.memoryUtilisation, legend: "{{instance}}" }],
        }),
      ),
  );
  return { uid: DASHBOARD_UIDS.platformOverview, title: "Bilten Platform Overview", folder: FOLDER, model };
}

function percentile(
  services: Pick<MonitoredServiceSettings, "scrapeInterval">[],
  quantile: string,
  legend: string,
) {
  return { expr: recorded(services, (series) => series.durationQuantile, `,quantile="${quantile}"`), legend };
}
