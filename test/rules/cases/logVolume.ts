/** More logs than in the day before: a day is evaluated every ten minutes. */
import type { CaseFile } from "../alertCase";
import { events } from "./logs";

export const logVolume: CaseFile = {
  subject: "logs",
  evaluationInterval: "10m",
  cases: [
    {
      alert: "LogVolumeHigh",
      when: "ten times as many events come as in the day before",
      series: { [events("bilten-api")]: "1000x1440 10000x60" },
      at: "24h40m",
      firing: [
        {
          labels: { service: "bilten-api" },
          description:
            "10k events in five minutes, more than 5 times the mean of a day: the disks fill faster than planned.",
        },
      ],
    },
    {
      alert: "LogVolumeHigh",
      when: "three times as many come",
      series: { [events("bilten-api")]: "1000x1440 3500x60" },
      at: "24h40m",
      firing: [],
    },
    {
      alert: "LogVolumeHigh",
      when: "a service that is nearly silent says ten times as much",
      series: { [events("bilten-api")]: "10x1440 100x60" },
      at: "24h40m",
      firing: [],
    },
  ],
};
