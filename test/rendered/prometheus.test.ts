import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ensureTools } from "../../lab/tools";
import { find, objectsOf, stacks, type Workload } from "./cluster";
import { buildTimeout, folderWith, runTool } from "./tool";

/** Where the container finds the rules. */
const rulesPath = "/etc/prometheus/rules";

describe("Prometheus' files, as promtool sees them", () => {
  let promtool: string;

  before(async function () {
    this.timeout(buildTimeout);
    ({ promtool } = await ensureTools(["promtool"]));
  });

  for (const stack of stacks) {
    describe(`of stack ${stack}`, () => {
      let folder: string;
      let credentials: string;
      let configuration: string;
      let rules: Record<string, string>;
      let prometheus: Workload;

      before(async function () {
        this.timeout(60_000);
        const objects = await objectsOf(stack);
        prometheus = find<Workload>(objects, "StatefulSet", "prometheus");
        rules = find(objects, "ConfigMap", "prometheus-rules").data as Record<string, string>;
        configuration = (find(objects, "ConfigMap", "prometheus-config").data as Record<string, string>)[
          "prometheus.yaml"
        ] as string;
        folder = folderWith(rules);
        credentials = folderWith({ token: "token", "ca.crt": "certificate" });
        // The files where promtool finds them; all else as the container has it.
        const here = configuration
          .replaceAll(rulesPath, folder)
          .replaceAll("/var/run/secrets/kubernetes.io/serviceaccount", credentials);
        assert.notEqual(here, configuration);
        configuration = join(folderWith({ "prometheus.yml": here }), "prometheus.yml");
      });

      after(() => {
        for (const each of [folder, credentials, join(configuration, "..")]) rmSync(each, { recursive: true, force: true });
      });

      it("are a valid configuration with its rule files", async () => {
        const output = await runTool(promtool, ["check", "config", configuration]);
        assert.match(output, new RegExp(`${Object.keys(rules).length} rule files? found`));
      });

      it("are valid rules", async () => {
        const files = Object.keys(rules).map((file) => join(folder, file));
        assert.ok(files.length > 0);
        // The linter takes alerts of one name for different jobs, which one rule each makes, for duplicates.
        await runTool(promtool, ["check", "rules", "--lint=none", ...files]);
      });

      it("are where the pods are told to look for them", () => {
        const { containers, volumes = [] } = prometheus.spec.template.spec;
        const mounts = containers[0]?.volumeMounts ?? [];
        const mountOf = (configMap: string) => {
          const volume = volumes.find((each) => each.configMap?.name === configMap);
          return mounts.find(({ name }) => name === volume?.name)?.mountPath;
        };
        assert.equal(mountOf("prometheus-rules"), rulesPath);
        assert.ok(
          containers[0]?.args?.includes(`--config.file=${mountOf("prometheus-config")}/prometheus.yaml`),
        );
      });
    });
  }

  it("would be refused with a misspelt key, so that the checks above mean something", async () => {
    const objects = await objectsOf("dev");
    const { data } = find(objects, "ConfigMap", "prometheus-config");
    const broken = (data["prometheus.yaml"] as string).replace("scrape_interval", "scrape_intervall");
    const folder = folderWith({ "prometheus.yml": broken });
    await assert.rejects(
      runTool(promtool, ["check", "config", "--syntax-only", join(folder, "prometheus.yml")]),
      /scrape_intervall/,
    );
    rmSync(folder, { recursive: true, force: true });
  });

  it("scrape every 15 s, and the platform's API every 10 s on its own path", async () => {
    const objects = await objectsOf("prod");
    const { data } = find(objects, "ConfigMap", "prometheus-config");
    const configuration = parse(data["prometheus.yaml"] as string) as {
      global: { scrape_interval: string; evaluation_interval: string };
      scrape_configs: { job_name: string; scrape_interval?: string; metrics_path?: string }[];
    };
    assert.equal(configuration.global.scrape_interval, "15s");
    assert.equal(configuration.global.evaluation_interval, "15s");
    const api = configuration.scrape_configs.find(({ job_name }) => job_name === "bilten-api");
    assert.equal(api?.scrape_interval, "10s");
    assert.equal(api?.metrics_path ?? "/metrics", "/metrics");
  });
});
