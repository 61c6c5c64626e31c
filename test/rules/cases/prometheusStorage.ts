/** What goes wrong with the storage of Prometheus takes hours, so these cases are evaluated every ten minutes. */
import type { CaseFile } from "../alertCase";

const labels = {
  job: "prometheus",
  namespace: "bilten-monitoring",
  instance: "prometheus-0:9090",
  pod: "prometheus-0",
};
const of = (metric: string): string =>
  `${metric}{job="prometheus",namespace="bilten-monitoring",instance="prometheus-0:9090",pod="prometheus-0"}`;

export const prometheusStorage: CaseFile = {
  subject: "prometheus",
  evaluationInterval: "10m",
  cases: [
    {
      alert: "PrometheusTSDBReloadsFailing",
      when: "blocks cannot be loaded for hours",
      series: { [of("prometheus_tsdb_reloads_failures_total")]: "0+1x480" },
      at: "8h",
      firing: [
        { labels, description: "180 attempts of prometheus-0:9090 to load blocks failed in 3 hours." },
      ],
    },
    {
      alert: "PrometheusTSDBReloadsFailing",
      when: "one load failed an hour ago",
      series: { [of("prometheus_tsdb_reloads_failures_total")]: "0x420 1x60" },
      at: "8h",
      firing: [],
    },
    {
      alert: "PrometheusTSDBCompactionsFailing",
      when: "compactions fail for hours",
      series: { [of("prometheus_tsdb_compactions_failed_total")]: "0+1x480" },
      at: "8h",
      firing: [
        {
          labels,
          description:
            "180 compactions of prometheus-0:9090 failed in 3 hours. Memory and the write-ahead log grow until one succeeds.",
        },
      ],
    },
    {
      alert: "PrometheusTSDBCompactionsFailing",
      when: "one compaction failed an hour ago",
      series: { [of("prometheus_tsdb_compactions_failed_total")]: "0x420 1x60" },
      at: "8h",
      firing: [],
    },
    {
      alert: "PrometheusWALCorruption",
      when: "a corruption was found while Prometheus started",
      series: {
        [of("prometheus_tsdb_wal_corruptions_total")]: "1x20",
        [of("process_start_time_seconds")]: "0x20",
      },
      at: "10m",
      firing: [{ labels }],
    },
    {
      alert: "PrometheusWALCorruption",
      when: "a corruption is found while Prometheus runs",
      series: {
        [of("prometheus_tsdb_wal_corruptions_total")]: "0x300 1x20",
        [of("process_start_time_seconds")]: "0x320",
      },
      at: "310m",
      firing: [{ labels }],
    },
    {
      alert: "PrometheusWALCorruption",
      when: "the last corruption was found four hours ago",
      series: {
        [of("prometheus_tsdb_wal_corruptions_total")]: "1x240",
        [of("process_start_time_seconds")]: "0x240",
      },
      at: "4h",
      firing: [],
    },
  ],
};
