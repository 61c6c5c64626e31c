import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { logCapacityRows } from "../../config/logTable";
import { parseSettings, SettingsError } from "../../config/load";
import type { LogSettings } from "../../config/logSettings";
import { referenceFile } from "../../config/reference";
import { parseStackFiles, readStackConfig } from "../../config/stackFiles";
import { loggingEnvironment } from "../../components/serviceLogging";
import { logRelationCases } from "./logRelationCases";
import { api } from "./problemCases";

const parse = (raw: Record<string, unknown>, encrypted: string[] = []) =>
  parseSettings({ mailCatcher: true, ...raw }, new Set(["slackWebhookUrl", ...encrypted]));
const logsOf = (raw: Record<string, unknown>, encrypted?: string[]): LogSettings =>
  parse(raw, encrypted).settings.logs;
const notes = (raw: Record<string, unknown>, encrypted?: string[]): string =>
  parse(raw, encrypted).notes.join("\n");

const snapshots = { bucket: "bilten-log-snapshots", region: "eu-central-1" };

describe("the settings about logs", () => {
  it("are complete without any configuration, with the pipeline on and 30 days", () => {
    assert.deepEqual(logsOf({}), {
      enabled: true,
      retention: "30d",
      namespaces: ["bilten"],
      redactions: [],
      elasticsearch: { replicas: 1, volumeSize: "40Gi", memory: "2Gi", mmap: false, keepVolumes: true },
      logstash: {
        replicas: 1,
        memory: "2Gi",
        volumeSize: "8Gi",
        queueSize: "4Gi",
        deadLetterQueueSize: "1Gi",
        otherMaxLinesPerSecond: 500,
      },
      kibana: { externalUrl: "http://localhost:5601", memory: "1536Mi" },
      snapshots: undefined,
    } satisfies LogSettings);
  });

  it("are without problems and notes", () => {
    assert.equal(notes({}), "");
  });

  it("ask of a service's log what the platform asks: info, all errors, half of the warnings, a tenth of the rest", () => {
    assert.deepEqual(parse({}).settings.services[0]?.logging, {
      level: "info",
      sampling: { error: 1, warn: 0.5, rest: 0.1 },
      linesPerSecond: 50,
      maxLinesPerSecond: 500,
    });
  });

  it("take what a service says about its log, and the defaults for what it does not", () => {
    const { settings } = parse({
      services: [{ ...api, logging: { level: "warn", sampling: { warn: "100%", rest: "0%" } } }],
    });
    assert.deepEqual(settings.services[0]?.logging, {
      level: "warn",
      sampling: { error: 1, warn: 1, rest: 0 },
      linesPerSecond: 50,
      maxLinesPerSecond: 500,
    });
  });

  it("let a service send its own limit, or ten times what it is expected to write at most", () => {
    const limit = (logging: object) =>
      parse({ elasticsearchVolumeSize: "1Ti", services: [{ ...api, logging }] }).settings.services[0]?.logging
        .maxLinesPerSecond;
    assert.equal(limit({ linesPerSecond: 60, maxLinesPerSecond: 60 }), 60);
    assert.equal(limit({ linesPerSecond: 60 }), 600);
    const all = { error: "100%", warn: "100%", rest: "100%" };
    // Of 60 lines at level info 57 are below a warning; debug writes five times as many.
    assert.equal(limit({ linesPerSecond: 60, level: "debug", sampling: all }), 2880);
  });

  it("collect from the namespaces of the services, each once and in one order", () => {
    const services = [
      { name: "b", port: 1, namespace: "zeta" },
      { name: "a", port: 1, namespace: "alpha" },
      { name: "c", port: 1, namespace: "zeta" },
    ].map((service) => ({ ...service, logging: { linesPerSecond: 5 } }));
    assert.deepEqual(logsOf({ services }).namespaces, ["alpha", "zeta"]);
    assert.deepEqual(logsOf({ services, logNamespaces: ["zeta", "beta"] }).namespaces, ["beta", "zeta"]);
  });

  it("leave the path of Kibana's address to its base path, without a slash at the end", () => {
    const address = (kibanaUrl: string) => logsOf({ kibanaUrl }).kibana.externalUrl;
    assert.equal(
      address("https://bilten.example.com/logs/kibana/"),
      "https://bilten.example.com/logs/kibana",
    );
    assert.equal(address("https://kibana.example.com/"), "https://kibana.example.com");
  });

  it("fill in when snapshots are taken and how long they are kept", () => {
    assert.deepEqual(logsOf({ logSnapshots: snapshots }).snapshots, {
      ...snapshots,
      pathStyleAccess: false,
      schedule: "0 45 2 * * ?",
      retention: "30d",
      maxAge: "26h",
      hasCredentials: false,
    });
    const keys = ["logSnapshotAccessKey", "logSnapshotSecretKey"];
    assert.equal(logsOf({ logSnapshots: snapshots }, keys).snapshots?.hasCredentials, true);
  });

  it("keep redactions in their order, with a marker for what is taken out", () => {
    const logRedactions = [{ pattern: "(?i)iban" }, { pattern: "a+", field: "http.body", replacement: "" }];
    assert.deepEqual(logsOf({ logRedactions }).redactions, [
      { pattern: "(?i)iban", replacement: "[REDACTED]" },
      { pattern: "a+", field: "http.body", replacement: "" },
    ]);
  });

  it("stand for themselves as long as there is no pipeline: how they fit together is no problem", () => {
    for (const { what, raw, encrypted } of logRelationCases) {
      const withoutLogs = { ...raw, logsEnabled: false };
      assert.doesNotThrow(() => parseSettings(withoutLogs, new Set(encrypted)), what);
    }
  });
});

describe("a volume that is too small for the logs", () => {
  it("is refused with a size that holds them, and no smaller one in whole Gi does", () => {
    for (const elasticsearchReplicas of [1, 3, 5]) {
      const raw = { elasticsearchReplicas, elasticsearchVolumeSize: "1Gi" };
      let example = "";
      try {
        parse(raw);
        assert.fail("1Gi was accepted");
      } catch (error) {
        assert.ok(error instanceof SettingsError, String(error));
        example = error.problems[0]!.example;
      }
      parse({ ...raw, elasticsearchVolumeSize: example });
      const less = `${Number.parseInt(example) - 1}Gi`;
      assert.throws(() => parse({ ...raw, elasticsearchVolumeSize: less }), SettingsError);
    }
  });
});

describe("the stacks in the repository, with logs", () => {
  it("are without problems: they have the volumes, copies and queues that their logs need", () => {
    for (const stack of ["dev", "prod"]) {
      const { values } = readStackConfig(stack);
      const { settings } = parseSettings(values, new Set(["smtpPassword", "slackWebhookUrl"]));
      assert.equal(settings.logs.enabled, true, stack);
    }
  });

  it("differ: dev fits a laptop and leaves nothing behind, prod keeps 30 days on three nodes", () => {
    const [dev, prod] = ["dev", "prod"].map((stack) => parseStackFiles(stack).settings.logs);
    assert.deepEqual([dev!.elasticsearch.replicas, dev!.elasticsearch.memory], [1, "1536Mi"]);
    assert.equal(dev!.elasticsearch.keepVolumes, false);
    assert.deepEqual([prod!.elasticsearch.replicas, prod!.retention], [3, "30d"]);
    assert.equal(prod!.elasticsearch.keepVolumes, true);
    for (const logs of [dev!, prod!]) assert.equal(logs.enabled, true);
  });
});

describe("docs/configuration.md on logs", () => {
  const document = readFileSync(referenceFile, "utf8");

  it("has the table of what the stacks hold", () => {
    const rows = logCapacityRows(["dev", "prod"].map((stack) => parseStackFiles(stack).settings));
    const cells = (line: string): string[] =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
    const shown = document
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map(cells);
    for (const row of rows) {
      assert.ok(
        shown.some((other) => other.join("|") === row.join("|")),
        row.join(" | "),
      );
    }
  });

  it("has an example that the program accepts", () => {
    const yaml = [...document.matchAll(/```yaml\n([^]*?)```/g)].find(([, text]) =>
      text!.includes("logSnapshots"),
    )![1]!;
    const { config } = parseYaml(yaml) as { config: Record<string, unknown> };
    const raw = Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.replace("bilten-monitoring:", ""), value]),
    );
    const { settings } = parse(raw);
    assert.equal(settings.services[0]?.logging.sampling.rest, 0.2);
    assert.equal(settings.logs.redactions.length, 2);
    assert.equal(settings.logs.snapshots?.bucket, "bilten-log-snapshots");
  });

  it("names the variables that reach a service, with their defaults", () => {
    const defaults = loggingEnvironment(parse({}).settings.services[0]!.logging);
    for (const [name, value] of Object.entries(defaults)) {
      assert.match(document, new RegExp(`^\\| \`${name}\`.*\\| \`${value.replace(".", "\\.")}\` +\\|$`, "m"));
    }
  });
});
