import type { CaseFile } from "../alertCase";

const exporter = 'job="log-index",instance="https://elasticsearch:9200"';
const up = `up{${exporter}}`;
export const events = (service: string) => `log_index_events{${exporter},service="${service}"}`;
const requests = 'http_requests_total{job="bilten-api",service="bilten-api",status_code="200"}';
const certificate = 'probe_ssl_earliest_cert_expiry{job="certificates",instance="logstash:5044"}';

/** The end of a certificate, so many days after the start of the test's time. */
const ends = (days: number) => `${days * 86_400}x120`;
const certificateLabels = { job: "certificates", instance: "logstash:5044" };

export const logs: CaseFile = {
  subject: "logs",
  cases: [
    {
      alert: "LogsMissing",
      when: "a service answers requests, and of all services only another one's logs arrive",
      series: { [requests]: "0+60x40", [up]: "1x40", [events("bilten-web")]: "500x40" },
      at: "35m",
      firing: [
        {
          labels: { service: "bilten-api" },
          description:
            "bilten-api answers 1 requests per second, and its last log in the index is more than five minutes old.",
        },
      ],
    },
    {
      alert: "LogsMissing",
      when: "its logs arrive",
      series: { [requests]: "0+60x40", [up]: "1x40", [events("bilten-api")]: "300x40" },
      at: "35m",
      firing: [],
    },
    {
      alert: "LogsMissing",
      when: "it has nothing to do, and nothing to log",
      series: { [requests]: "0+1x40", [up]: "1x40" },
      at: "35m",
      firing: [],
    },
    {
      alert: "LogsMissing",
      when: "the index does not answer, so that nothing is known",
      series: { [requests]: "0+60x40", [up]: "0x40" },
      at: "35m",
      firing: [],
    },
    {
      alert: "CertificateExpiring",
      when: "it ends in less than three weeks",
      series: { [certificate]: ends(15) },
      at: "2h",
      firing: [
        { labels: certificateLabels, description: "It ends in 14d 22h 0m 0s; a deployment renews it." },
      ],
    },
    {
      alert: "CertificateExpiring",
      when: "it ends in a month",
      series: { [certificate]: ends(30) },
      at: "2h",
      firing: [],
    },
    {
      alert: "CertificateAboutToExpire",
      when: "it ends in two days",
      series: { [certificate]: ends(2) },
      at: "2h",
      firing: [
        {
          labels: certificateLabels,
          description: "It ends in 1d 22h 0m 0s; then no log gets through to logstash:5044.",
        },
      ],
    },
    {
      alert: "CertificateAboutToExpire",
      when: "it ends in less than three weeks",
      series: { [certificate]: ends(15) },
      at: "2h",
      firing: [],
    },
  ],
};
