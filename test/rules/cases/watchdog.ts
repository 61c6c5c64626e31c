import type { CaseFile } from "../alertCase";

const up = 'up{job="grafana",namespace="bilten-monitoring",instance="grafana-0:3000",pod="grafana-0"}';

export const watchdog: CaseFile = {
  subject: "watchdog",
  cases: [
    {
      alert: "Watchdog",
      when: "there is nothing but Prometheus itself",
      series: {},
      at: "0m",
      firing: [{}],
    },
    {
      alert: "TargetDown",
      when: "a target has not answered for five minutes",
      series: { [up]: "1x5 0x20" },
      at: "12m",
      firing: [
        {
          labels: {
            job: "grafana",
            namespace: "bilten-monitoring",
            instance: "grafana-0:3000",
            pod: "grafana-0",
          },
        },
      ],
    },
    {
      alert: "TargetDown",
      when: "a target has not answered for three minutes",
      series: { [up]: "1x5 0x20" },
      at: "9m",
      firing: [],
    },
    {
      alert: "TargetMissing",
      when: "a job that must have targets has none",
      series: { [up]: "1x20" },
      at: "12m",
      firing: [{ labels: { job: "alertmanager" } }],
    },
    {
      alert: "TargetMissing",
      when: "the job has a target, if one that is down",
      series: { 'up{job="alertmanager",instance="alertmanager-0:9093"}': "0x20" },
      at: "12m",
      firing: [],
    },
  ],
};
