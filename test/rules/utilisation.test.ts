import { rmSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { NODE_SERIES } from "../../alerts/series";
import { ensureTools } from "../../lab/tools";
import { buildTimeout, folderWith, runTool } from "../rendered/tool";
import { SUBJECTS } from "./groups";

const machine = 'job="node-exporter",instance="node-1"';

describe("the processors' utilisation", () => {
  let folder: string | undefined;

  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("is right from the first minute in which a machine is seen", async function () {
    this.timeout(buildTimeout);
    const { promtool } = await ensureTools(["promtool"]);
    const modes = { idle: 9, iowait: 1, user: 3, system: 2 };
    const test = {
      rule_files: ["rules.yaml"],
      evaluation_interval: "15s",
      tests: [
        {
          interval: "15s",
          input_series: Object.entries(modes).map(([mode, seconds]) => ({
            series: `node_cpu_seconds_total{${machine},cpu="0",mode="${mode}"}`,
            values: `_x40 1000+${seconds}x20`,
          })),
          promql_expr_test: ["10m30s", "11m", "15m"].map((eval_time) => ({
            expr: `round(${NODE_SERIES.cpuUtilisation}, 0.0001)`,
            eval_time,
            exp_samples: [{ labels: `{${machine}}`, value: 0.4 }],
          })),
        },
      ],
    };
    const rules = { groups: SUBJECTS.infrastructure };
    folder = folderWith({ "rules.yaml": stringify(rules), "test.yaml": stringify(test) });
    await runTool(promtool, ["test", "rules", join(folder, "test.yaml")]);
  });
});
