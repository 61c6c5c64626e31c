import type { CaseFile } from "../alertCase";
import { pairsOn } from "./pairs";

const pair = pairsOn("");

const target = {
  job: "filebeat",
  namespace: "bilten-monitoring-host",
  pod: "filebeat-x7",
  node: "node-2",
  instance: "node-2",
};
const daemonSet = {
  job: "kube-state-metrics",
  namespace: "bilten-monitoring-host",
  instance: "10.0.0.4:8080",
  daemonset: "filebeat",
};

type Values = Record<string, string>;

const rollout = (ready: string): Values => ({
  kube_daemonset_status_desired_number_scheduled: "5x60",
  kube_daemonset_status_number_ready: ready,
});

export const filebeat: CaseFile = {
  subject: "filebeat",
  cases: [
    ...pair(
      "FilebeatMissingOnNodes",
      daemonSet,
      "30m",
      {
        when: "it is not ready on two of five nodes",
        series: rollout("3x60"),
        description: "On 2 nodes no Filebeat is ready: the logs of their pods are not collected.",
      },
      { when: "it restarts on one node after the other", series: rollout("4x3 5 4x3 5 4x3 5x60") },
    ),
    ...pair(
      "FilebeatOutputBlocked",
      target,
      "25m",
      {
        when: "Logstash acknowledges nothing",
        series: {
          filebeat_pipeline_events_active: "4096x40",
          filebeat_output_events_acked_total: "70000x40",
        },
        description: "4096 events wait and Logstash has acknowledged none for 10 minutes.",
      },
      {
        when: "events wait as always, and are acknowledged",
        series: {
          filebeat_pipeline_events_active: "4096x40",
          filebeat_output_events_acked_total: "70000+600x40",
        },
      },
    ),
    ...pair(
      "FilebeatOutputErrors",
      target,
      "30m",
      { when: "each minute a write fails", series: { filebeat_output_write_errors_total: "0+1x40" } },
      {
        when: "two failed when Logstash restarted",
        series: { filebeat_output_write_errors_total: "0x5 2x40" },
      },
    ),
    ...pair(
      "FilebeatEventsDropped",
      target,
      "20m",
      { when: "it dropped some", series: { filebeat_output_events_dropped_total: "0x10 12x20" } },
      { when: "it dropped some yesterday", series: { filebeat_output_events_dropped_total: "12x40" } },
    ),
    ...pair(
      "FilebeatQueueFull",
      target,
      "40m",
      { when: "it stays full", series: { filebeat_queue_filled_ratio: "1x60" } },
      {
        when: "it is full now and then",
        series: { filebeat_queue_filled_ratio: "1 0.6 1 1 0.7 1 1 1 0.5 1 1 0.6 1 1 0.9 1x3 0.2x40" },
      },
    ),
    ...pair(
      "FilebeatFileHandles",
      target,
      "30m",
      {
        when: "900 of 1000 are in use",
        series: { filebeat_open_handles: "900x40", filebeat_max_handles: "1000x40" },
        description: "90% are in use; without one left it reads no new file.",
      },
      {
        when: "40 of 1000 are in use",
        series: { filebeat_open_handles: "40x40", filebeat_max_handles: "1000x40" },
      },
    ),
  ],
};
