import type { CaseFile } from "../alertCase";

const machine =
  'job="node-exporter",namespace="bilten-monitoring-host",instance="node-1:9100",pod="node-exporter-x"';
const labels = {
  job: "node-exporter",
  namespace: "bilten-monitoring-host",
  instance: "node-1:9100",
  pod: "node-exporter-x",
};
const cpu = (number: number, mode: string): string =>
  `node_cpu_seconds_total{${machine},cpu="${number}",mode="${mode}"}`;
const memory = (which: "MemTotal" | "MemAvailable"): string => `node_memory_${which}_bytes{${machine}}`;

export const infrastructure: CaseFile = {
  subject: "infrastructure",
  cases: [
    {
      alert: "HighCPUUsage",
      when: "two processors are idle for 15 % of the time on average",
      series: {
        [cpu(0, "idle")]: "0+6x30",
        [cpu(1, "idle")]: "0+12x30",
        [cpu(0, "user")]: "0+54x30",
        [cpu(1, "user")]: "0+48x30",
      },
      at: "15m",
      firing: [
        {
          labels,
          summary: "High CPU usage on node-1:9100",
          description: "CPU usage is 85%; the limit is 80 %.",
        },
      ],
    },
    {
      alert: "HighCPUUsage",
      when: "one of two processors is busy all the time",
      series: {
        [cpu(0, "idle")]: "0x30",
        [cpu(0, "user")]: "0+60x30",
        [cpu(1, "idle")]: "0+60x30",
        [cpu(1, "user")]: "0x30",
      },
      at: "15m",
      firing: [],
    },
    {
      alert: "HighMemoryUsage",
      when: "a tenth of the memory is available",
      series: { [memory("MemTotal")]: "1000x30", [memory("MemAvailable")]: "100x30" },
      at: "15m",
      firing: [
        {
          labels,
          summary: "High memory usage on node-1:9100",
          description: "Memory usage is 90%; the limit is 85 %.",
        },
      ],
    },
    {
      alert: "HighMemoryUsage",
      when: "a fifth of the memory is available",
      series: { [memory("MemTotal")]: "1000x30", [memory("MemAvailable")]: "200x30" },
      at: "15m",
      firing: [],
    },
  ],
};
