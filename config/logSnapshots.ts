/** What is wrong with the settings of snapshots: a repository that cannot be reached, a retention that cannot be kept. */
import { retentionDays } from "./logCapacity";
import { configPath } from "./problems";
import type { Reading, Report } from "./relations";
import { formatDuration, parseDuration } from "./units";

/** Checks `logSnapshots` and its two secrets: set both or none, and both for a store that is not AWS. */
export function checkSnapshots(
  { scalars, logSnapshots, raw, secretsPresent }: Reading,
  report: Report,
  notes: string[],
): void {
  const pair = ["logSnapshotAccessKey", "logSnapshotSecretKey"] as const;
  const missing = pair.filter((name) => !secretsPresent.has(name));
  if (missing.length === 1) {
    const other = pair.find((name) => name !== missing[0])!;
    report(
      [missing[0]!],
      undefined,
      `a secret, because ${other} is set: each is of no use alone`,
      `pulumi config set --secret ${missing[0]}`,
    );
  }
  if (raw.logSnapshots === undefined || raw.logSnapshots === null) {
    if (missing.length === 0) {
      notes.push(
        `${pair.map((name) => configPath([name])).join(" and ")} are not used: logSnapshots is not set.`,
      );
    }
    if (scalars.environment === "prod") {
      notes.push(`${configPath(["logSnapshots"])} is not set: logs are not backed up.`);
    }
    return;
  }
  if (logSnapshots === undefined) return; // has a problem of its own
  const { region, endpoint, retention } = logSnapshots;
  if (region === undefined && endpoint === undefined) {
    report(
      ["logSnapshots", "region"],
      undefined,
      "the region of the bucket, or the endpoint of another store",
      "eu-central-1",
    );
  }
  if (endpoint !== undefined && missing.length > 0 && missing.length === pair.length) {
    report(
      ["logSnapshotAccessKey"],
      undefined,
      "a secret, and logSnapshotSecretKey, because logSnapshots.endpoint is set: only AWS gives access by role",
      "pulumi config set --secret logSnapshotAccessKey",
    );
  }
  if (endpoint?.startsWith("http://")) {
    notes.push(
      `${configPath(["logSnapshots", "endpoint"])} is not encrypted: logs pass the network in plain text.`,
    );
  }
  if (parseDuration(retention) % 86_400 !== 0) {
    report(
      ["logSnapshots", "retention"],
      retention,
      "whole days",
      formatDuration(86_400 * Math.max(1, retentionDays(retention))),
    );
  }
}
