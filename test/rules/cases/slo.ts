/**
 * Error budgets. Three days of history at a sample a minute: index 4320 is the end. A budget of 0.1 % makes the limits
 * 1.44 %, 0.6 %, 0.3 % and 0.1 %. The rules are evaluated every 30 minutes, the shortest averaged window, because
 * three days at their true pace would take promtool a minute.
 */
import type { CaseFile } from "../alertCase";

const requests = (status: number): string =>
  `http_requests_total{job="bilten-api",service="bilten-api",namespace="bilten",instance="a:3000",pod="a",method="GET",route="/",status_code="${status}"}`;

const probe =
  'probe_success{job="probe-bilten-api",service="bilten-api",instance="http://bilten-api.bilten:3000/health"}';

/** Failures in the last minutes, `each` of 1000 requests a minute; before that none. */
const failing = (each: number, minutes: number): Record<string, string> => ({
  [requests(200)]: `0+${1000 - each}x4320`,
  [requests(500)]: `0x${4320 - minutes} ${each}+${each}x${minutes - 1}`,
});

const description = (share: string, long: string, short: string, used: string): string =>
  `${share} of the requests to bilten-api failed over ${long}, and the last ${short} are no better. ` +
  `The objective allows 0.1 %; ${used} of the budget of 30 days is gone.`;

const unavailable = (share: string, long: string, short: string, used: string): string =>
  `${share} of the health probes of bilten-api failed over ${long}, and the last ${short} are no better. ` +
  `The objective allows 0.1 %; ${used} of the budget of 30 days is gone.`;

export const slo: CaseFile = {
  subject: "slo",
  evaluationInterval: "30m",
  cases: [
    {
      alert: "ErrorBudgetBurn",
      when: "2 % of the requests failed in the last hour",
      series: failing(20, 60),
      at: "3d",
      firing: [{ rule: { long_window: "1h" }, description: description("2%", "1h", "5m", "2 %") }],
    },
    {
      alert: "ErrorBudgetBurn",
      when: "0.8 % of the requests failed in the last six hours",
      series: failing(8, 360),
      at: "3d",
      firing: [{ rule: { long_window: "6h" }, description: description("0.8%", "6h", "30m", "5 %") }],
    },
    {
      alert: "ErrorBudgetBurn",
      when: "0.4 % of the requests failed in the last day",
      series: failing(4, 1440),
      at: "3d",
      firing: [
        { rule: { long_window: "1d" }, description: description("0.4%", "1d", "2h", "10 %") },
        { rule: { long_window: "3d" }, description: description("0.1337%", "3d", "6h", "10 %") },
      ],
    },
    {
      alert: "ErrorBudgetBurn",
      when: "0.2 % of the requests failed for three days",
      series: failing(2, 4320),
      at: "3d",
      firing: [{ rule: { long_window: "3d" }, description: description("0.2%", "3d", "6h", "10 %") }],
    },
    {
      alert: "ErrorBudgetBurn",
      when: "half as many requests fail as the objective allows",
      series: { [requests(200)]: "0+9995x4320", [requests(500)]: "0+5x4320" },
      at: "3d",
      firing: [],
    },
    {
      alert: "ErrorBudgetBurn",
      when: "a tenth of the requests failed in the last hour but none in its last 15 minutes",
      series: { [requests(200)]: "0+900x4320", [requests(500)]: "0x4260 100+100x44 4500x15" },
      at: "3d",
      firing: [],
    },
    {
      alert: "ErrorBudgetBurn",
      when: "there is no traffic",
      series: { [requests(200)]: "100x4320", [requests(500)]: "100x4320" },
      at: "3d",
      firing: [],
    },
    {
      alert: "AvailabilityBudgetBurn",
      when: "the service has been down for two minutes",
      series: { [probe]: "1x4318 0x1" },
      at: "3d",
      firing: [{ rule: { long_window: "1h" }, description: unavailable("3.333%", "1h", "5m", "2 %") }],
    },
    {
      alert: "AvailabilityBudgetBurn",
      when: "the service has been down for six minutes",
      series: { [probe]: "1x4314 0x5" },
      at: "3d",
      firing: [
        { rule: { long_window: "1h" }, description: unavailable("10%", "1h", "5m", "2 %") },
        { rule: { long_window: "6h" }, description: unavailable("1.667%", "6h", "30m", "5 %") },
        { rule: { long_window: "1d" }, description: unavailable("0.4167%", "1d", "2h", "10 %") },
        { rule: { long_window: "3d" }, description: unavailable("0.1389%", "3d", "6h", "10 %") },
      ],
    },
    {
      alert: "AvailabilityBudgetBurn",
      when: "the service was never down",
      series: { [probe]: "1x4320" },
      at: "3d",
      firing: [],
    },
    {
      alert: "AvailabilityBudgetBurn",
      when: "the service was down for six minutes the day before yesterday",
      series: { [probe]: "1x1439 0x5 1x2874" },
      at: "3d",
      firing: [],
    },
  ],
};
