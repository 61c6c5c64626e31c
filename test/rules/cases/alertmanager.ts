import type { CaseFile } from "../alertCase";

const labels = (number: number) => ({
  job: "alertmanager",
  namespace: "bilten-monitoring",
  instance: `alertmanager-${number}:9093`,
  pod: `alertmanager-${number}`,
});
const of = (metric: string, number: number, further = ""): string =>
  `${metric}{${Object.entries(labels(number))
    .map(([label, value]) => `${label}="${value}"`)
    .join(",")}${further}}`;

export const alertmanager: CaseFile = {
  subject: "alertmanager",
  cases: [
    {
      alert: "AlertmanagerFailedReload",
      when: "the last reload failed a quarter of an hour ago",
      series: { [of("alertmanager_config_last_reload_successful", 0)]: "1x3 0x30" },
      at: "25m",
      firing: [{ labels: labels(0) }],
    },
    {
      alert: "AlertmanagerFailedReload",
      when: "every reload succeeded",
      series: { [of("alertmanager_config_last_reload_successful", 0)]: "1x30" },
      at: "25m",
      firing: [],
    },
    {
      alert: "AlertmanagerNotificationsFailing",
      when: "every mail of the one Alertmanager that sends fails, at one attempt every five minutes",
      series: {
        [of("alertmanager_notifications_total", 0, ',integration="email"')]: "0x4 1x4 2x4 3x4 4x4 5x4 6x4",
        [of("alertmanager_notifications_failed_total", 0, ',integration="email",reason="other"')]:
          "0x4 1x4 2x4 3x4 4x4 5x4 6x4",
        [of("alertmanager_notifications_failed_total", 0, ',integration="email",reason="clientError"')]:
          "0x34",
        [of("alertmanager_notifications_total", 1, ',integration="email"')]: "0x34",
        [of("alertmanager_notifications_failed_total", 1, ',integration="email",reason="other"')]: "0x34",
        [of("alertmanager_notifications_total", 0, ',integration="slack"')]: "0+1x34",
        [of("alertmanager_notifications_failed_total", 0, ',integration="slack",reason="other"')]: "0x34",
      },
      at: "30m",
      firing: [
        {
          labels: { integration: "email" },
          description: "100% of Alertmanager's notifications by email fail: people are not told of alerts.",
        },
      ],
    },
    {
      alert: "AlertmanagerNotificationsFailing",
      when: "notifications go out and none fails any more",
      series: {
        [of("alertmanager_notifications_total", 0, ',integration="email"')]: "0+1x34",
        [of("alertmanager_notifications_failed_total", 0, ',integration="email",reason="other"')]: "7x34",
      },
      at: "30m",
      firing: [],
    },
    {
      alert: "AlertmanagerClusterDown",
      when: "one of three answers",
      series: {
        [of("up", 0)]: "1x20",
        [of("up", 1)]: "0x20",
      },
      at: "10m",
      firing: [
        {
          description:
            "1 of 3 Alertmanagers can be scraped. When the last one is gone nobody is told of any alert.",
        },
      ],
    },
    {
      alert: "AlertmanagerClusterDown",
      when: "none is discovered",
      series: {},
      at: "10m",
      firing: [
        {
          description:
            "0 of 3 Alertmanagers can be scraped. When the last one is gone nobody is told of any alert.",
        },
      ],
    },
    {
      alert: "AlertmanagerClusterDown",
      when: "two of three answer",
      series: { [of("up", 0)]: "1x20", [of("up", 1)]: "1x20", [of("up", 2)]: "0x20" },
      at: "10m",
      firing: [],
    },
    {
      alert: "AlertmanagerMembersInconsistent",
      when: "one of them sees only itself",
      series: {
        [of("alertmanager_cluster_members", 0)]: "3x30",
        [of("alertmanager_cluster_members", 1)]: "3x3 1x30",
      },
      at: "25m",
      firing: [
        {
          labels: labels(1),
          description:
            "Alertmanager alertmanager-1:9093 sees 1 of 3 members. Separated members notify twice and do not share silences.",
        },
      ],
    },
    {
      alert: "AlertmanagerMembersInconsistent",
      when: "each sees all three",
      series: {
        [of("alertmanager_cluster_members", 0)]: "3x30",
        [of("alertmanager_cluster_members", 1)]: "3x30",
      },
      at: "25m",
      firing: [],
    },
    {
      alert: "AlertmanagerConfigInconsistent",
      when: "one of them has another configuration",
      series: {
        [of("alertmanager_config_hash", 0)]: "17x40",
        [of("alertmanager_config_hash", 1)]: "17x40",
        [of("alertmanager_config_hash", 2)]: "18x40",
      },
      at: "30m",
      firing: [
        {
          description:
            "The Alertmanagers run 2 different configurations; who is told of an alert depends on which of them sends.",
        },
      ],
    },
    {
      alert: "AlertmanagerConfigInconsistent",
      when: "all took the new configuration, one after the other",
      series: {
        [of("alertmanager_config_hash", 0)]: "17x10 18x30",
        [of("alertmanager_config_hash", 1)]: "17x12 18x30",
        [of("alertmanager_config_hash", 2)]: "17x14 18x30",
      },
      at: "30m",
      firing: [],
    },
  ],
};
