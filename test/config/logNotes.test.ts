import assert from "node:assert/strict";
import { parseSettings } from "../../config/load";
import { api } from "./problemCases";

const notes = (raw: Record<string, unknown>, encrypted: string[] = []): string =>
  parseSettings({ mailCatcher: true, ...raw }, new Set(["slackWebhookUrl", ...encrypted])).notes.join("\n");

const production = {
  environment: "prod",
  tracesEnabled: false,
  mailCatcher: false,
  prometheusReplicas: 2,
  alertmanagerReplicas: 3,
  elasticsearchReplicas: 3,
  logstashReplicas: 2,
  kibanaUrl: "https://kibana.example.com",
};
const snapshots = { bucket: "bilten-log-snapshots", region: "eu-central-1" };

describe("notes on logs", () => {
  it("say that a service outside the namespaces goes without logs", () => {
    assert.match(
      notes({ logNamespaces: ["other"] }),
      /^bilten-monitoring:services\[0\] \(bilten-api\) goes without logs: its namespace bilten is not in logNamespaces\.$/,
    );
  });

  it("say that credentials without snapshots are not used", () => {
    const keys = ["logSnapshotAccessKey", "logSnapshotSecretKey"];
    assert.match(notes({}, keys), /^\S+AccessKey and \S+SecretKey are not used: logSnapshots is not set\.$/);
    assert.equal(notes({ logSnapshots: snapshots }, keys), "");
  });

  it("say in prod that logs are not backed up, that links are local, and that debug is much", () => {
    const said = (raw: object) =>
      notes({ ...production, ...raw }, ["smtpPassword"]).replaceAll("bilten-monitoring:", "");
    const local = /prometheusUrl|alertmanagerUrl|grafanaUrl/;
    const lines = (raw: object) =>
      said(raw)
        .split("\n")
        .filter((line) => line !== "" && !local.test(line));
    assert.deepEqual(lines({ logSnapshots: snapshots }), []);
    assert.deepEqual(lines({}), ["logSnapshots is not set: logs are not backed up."]);
    assert.match(
      lines({ logSnapshots: snapshots, kibanaUrl: "http://localhost:5601" }).join("\n"),
      /^kibanaUrl is http:\/\/localhost:5601: links to log lines work only behind a port-forward\.$/,
    );
    assert.match(
      lines({
        logSnapshots: snapshots,
        services: [{ ...api, logging: { level: "debug", linesPerSecond: 5 } }],
      }).join("\n"),
      /^services\[0\]\.logging\.level is debug in environment prod/,
    );
  });

  it("say that some errors leave no line", () => {
    assert.match(
      notes({ services: [{ ...api, logging: { sampling: { error: "99%" } } }] }),
      /^bilten-monitoring:services\[0\]\.logging\.sampling\.error is below 100%/,
    );
  });

  it("say that snapshots pass the network in plain text", () => {
    const keys = ["logSnapshotAccessKey", "logSnapshotSecretKey"];
    assert.match(
      notes({ logSnapshots: { bucket: "logs", endpoint: "http://minio.example.com" } }, keys),
      /^bilten-monitoring:logSnapshots\.endpoint is not encrypted/,
    );
  });
});
