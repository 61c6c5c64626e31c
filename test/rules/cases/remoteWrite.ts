import type { CaseFile } from "../alertCase";

const labels = {
  job: "prometheus",
  namespace: "bilten-monitoring",
  instance: "prometheus-0:9090",
  pod: "prometheus-0",
  remote_name: "remote",
  url: "https://remote.example.com/write",
};
const of = (metric: string): string =>
  `${metric}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(",")}}`;

export const remoteWrite: CaseFile = {
  subject: "prometheus",
  cases: [
    {
      alert: "PrometheusRemoteWriteFailures",
      when: "a tenth of the samples is refused",
      series: {
        [of("prometheus_remote_storage_samples_failed_total")]: "0+10x30",
        [of("prometheus_remote_storage_samples_total")]: "0+90x30",
      },
      at: "25m",
      firing: [
        {
          labels,
          description:
            "The remote storage remote refuses 10% of the samples from prometheus-0:9090 for good; they are lost there.",
        },
      ],
    },
    {
      alert: "PrometheusRemoteWriteFailures",
      when: "every sample is taken",
      series: {
        [of("prometheus_remote_storage_samples_failed_total")]: "5x30",
        [of("prometheus_remote_storage_samples_total")]: "0+90x30",
      },
      at: "25m",
      firing: [],
    },
    {
      alert: "PrometheusRemoteWriteBehind",
      when: "nothing has been sent for more than two minutes",
      series: {
        [of("prometheus_remote_storage_queue_highest_timestamp_seconds")]: "0+60x30",
        [of("prometheus_remote_storage_queue_highest_sent_timestamp_seconds")]: "0x30",
      },
      at: "25m",
      firing: [
        {
          labels,
          description:
            "The remote storage remote is 25m 0s behind prometheus-0:9090; after about two hours samples are lost there.",
        },
      ],
    },
    {
      alert: "PrometheusRemoteWriteBehind",
      when: "it is a minute behind",
      series: {
        [of("prometheus_remote_storage_queue_highest_timestamp_seconds")]: "60+60x30",
        [of("prometheus_remote_storage_queue_highest_sent_timestamp_seconds")]: "0+60x30",
      },
      at: "25m",
      firing: [],
    },
    {
      alert: "PrometheusRemoteWriteDesiredShards",
      when: "more shards are wanted than allowed",
      series: {
        [of("prometheus_remote_storage_shards_desired")]: "80x30",
        [of("prometheus_remote_storage_shards_max")]: "50x30",
      },
      at: "25m",
      firing: [
        {
          labels,
          description:
            "Remote write from prometheus-0:9090 to remote wants 80 shards, more than `maxShards` of its queue allows; it will fall behind.",
        },
      ],
    },
    {
      alert: "PrometheusRemoteWriteDesiredShards",
      when: "as many shards are wanted as allowed",
      series: {
        [of("prometheus_remote_storage_shards_desired")]: "50x30",
        [of("prometheus_remote_storage_shards_max")]: "50x30",
      },
      at: "25m",
      firing: [],
    },
  ],
};
