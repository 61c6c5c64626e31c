import type { CaseFile } from "../alertCase";

const target = (further: string, pod = "bilten-api-0"): string =>
  `job="bilten-api",service="bilten-api",namespace="bilten",instance="${pod}:3000",pod="${pod}",${further}`;

/** Requests of one pod with one status code. */
const requests = (status: number, pod?: string): string =>
  `http_requests_total{${target(`method="GET",route="/api/events/:id",status_code="${status}"`, pod)}}`;

const bucket = (le: string): string =>
  `http_request_duration_seconds_bucket{${target(`method="GET",route="/api/events/:id",status_code="200",le="${le}"`)}}`;

const duration = (part: "sum" | "count"): string =>
  `http_request_duration_seconds_${part}{${target('method="GET",route="/api/events/:id",status_code="200"')}}`;

const up = (pod: string): string =>
  `up{job="bilten-api",service="bilten-api",namespace="bilten",instance="${pod}:3000",pod="${pod}"}`;

const probe =
  'probe_success{job="probe-bilten-api",service="bilten-api",instance="http://bilten-api.bilten:3000/health"}';

export const application: CaseFile = {
  subject: "application",
  cases: [
    {
      alert: "HighErrorRate",
      when: "a fifth of the requests over all pods fail, though one pod is sound",
      series: {
        [requests(200, "bilten-api-0")]: "0+120x20",
        [requests(200, "bilten-api-1")]: "0+40x20",
        [requests(503, "bilten-api-1")]: "0+40x20",
      },
      at: "10m",
      firing: [
        {
          summary: "High error rate on bilten-api",
          description:
            "20% of the requests to bilten-api are answered with a 5xx status; more than 10 % is an acute fault.",
        },
      ],
    },
    {
      alert: "HighErrorRate",
      when: "many requests per second fail but they are few among all",
      series: { [requests(200)]: "0+60000x20", [requests(500)]: "0+600x20" },
      at: "10m",
      firing: [],
    },
    {
      alert: "HighErrorRate",
      when: "many requests are refused with a 4xx status",
      series: { [requests(200)]: "0+60x20", [requests(404)]: "0+600x20" },
      at: "10m",
      firing: [],
    },
    {
      alert: "HighErrorRate",
      when: "there were failures once and there is no traffic now",
      series: { [requests(200)]: "100x20", [requests(500)]: "100x20" },
      at: "10m",
      firing: [],
    },
    {
      alert: "HighErrorRate",
      when: "nothing ever failed, so that there is no series of failures",
      series: { [requests(200)]: "0+60x20" },
      at: "10m",
      firing: [],
    },
    {
      alert: "HighErrorRate",
      when: "the failures began a minute ago",
      series: { [requests(200)]: "0+60x20", [requests(500)]: "0x9 600+600x10" },
      at: "11m",
      firing: [],
    },
    {
      alert: "HighResponseTime",
      when: "one request in ten takes between 0.5 and 0.75 seconds",
      series: { [bucket("0.5")]: "0+90x20", [bucket("0.75")]: "0+100x20", [bucket("+Inf")]: "0+100x20" },
      at: "15m",
      firing: [
        {
          labels: { quantile: "0.95" },
          summary: "High response time on bilten-api",
          description: "The 95th percentile of the response time of bilten-api is 625ms; the limit is 0.5 s.",
        },
      ],
    },
    {
      alert: "HighResponseTime",
      when: "the slowest one in a hundred takes ten seconds",
      series: {
        [bucket("0.3")]: "0+99x20",
        [bucket("0.5")]: "0+99x20",
        [bucket("10")]: "0+100x20",
        [bucket("+Inf")]: "0+100x20",
      },
      at: "15m",
      firing: [],
    },
    {
      alert: "HighMeanResponseTime",
      when: "requests take 0.3 seconds on average for half an hour",
      series: { [duration("sum")]: "0+30x60", [duration("count")]: "0+100x60" },
      at: "40m",
      firing: [{ description: "The mean response time of bilten-api is 300ms; the objective is 0.2 s." }],
    },
    {
      alert: "HighMeanResponseTime",
      when: "requests take 0.1 seconds on average",
      series: { [duration("sum")]: "0+10x60", [duration("count")]: "0+100x60" },
      at: "40m",
      firing: [],
    },
    {
      alert: "ServiceDown",
      when: "no pod answers the scrape",
      series: { [up("bilten-api-0")]: "1x5 0x10", [up("bilten-api-1")]: "0x15" },
      at: "10m",
      firing: [{}],
    },
    {
      alert: "ServiceDown",
      when: "no pod is discovered",
      series: { 'up{job="prometheus",instance="prometheus-0:9090"}': "1x15" },
      at: "10m",
      firing: [{}],
    },
    {
      alert: "ServiceDown",
      when: "one of two pods answers",
      series: { [up("bilten-api-0")]: "1x15", [up("bilten-api-1")]: "0x15" },
      at: "10m",
      firing: [],
    },
    {
      alert: "ProbeFailed",
      when: "the health probe has failed for two minutes",
      series: { [probe]: "1x4 0x20" },
      interval: "30s",
      at: "6m",
      firing: [{ labels: { job: "probe-bilten-api", instance: "http://bilten-api.bilten:3000/health" } }],
    },
    {
      alert: "ProbeFailed",
      when: "one probe failed among others that succeeded",
      series: { [probe]: "1x4 0 1x20" },
      interval: "30s",
      at: "6m",
      firing: [],
    },
    {
      alert: "ProbeMissing",
      when: "there is no result of a probe",
      series: {
        'probe_success{job="probe-another",service="another",instance="http://another/health"}': "1x20",
      },
      at: "15m",
      firing: [{ labels: { job: "probe-bilten-api" } }],
    },
    {
      alert: "ProbeMissing",
      when: "the probe has a result, if a bad one",
      series: { [probe]: "0x20" },
      at: "15m",
      firing: [],
    },
  ],
};
