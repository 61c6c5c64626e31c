/** What takes hours with Elasticsearch is evaluated every ten minutes. */
import type { CaseFile } from "../alertCase";
import { repository } from "./elasticsearch";
import { disk, free } from "./elasticsearchNodes";
import { pairsOn } from "./pairs";

const pair = pairsOn("elasticsearch_");

export const elasticsearchHours: CaseFile = {
  subject: "elasticsearch",
  evaluationInterval: "10m",
  cases: [
    ...pair(
      "ElasticsearchDiskFillsSoon",
      disk,
      "8h",
      { when: "40 GB are left and 3 go each hour", series: free("48-0.05x500"), description: undefined },
      { when: "40 GB are left and 1 goes each hour", series: free("48-0.016x500") },
    ),
    ...pair(
      "ElasticsearchSnapshotOld",
      repository,
      "36h",
      {
        when: "there is none, a day and a half after the start of time",
        series: { snapshot_stats_latest_snapshot_timestamp_seconds: "0x2200" },
      },
      {
        when: "the last is from ten hours ago",
        series: { snapshot_stats_latest_snapshot_timestamp_seconds: "93600x2200" },
      },
    ),
  ],
};
