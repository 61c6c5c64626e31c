/** Strict schemas of the settings about logs that are objects or lists. */
import { z } from "zod";
import * as checks from "./checks";
import { durationText, field, flag, httpUrl, namespaceName, shareRatio, text, wholeNumber } from "./fields";
import { logLevels } from "./logSettings";

/** Level and sampling of one service; the defaults are what the platform asks for. */
export const serviceLoggingSchema = field(
  z
    .strictObject({
      level: field(z.enum(logLevels), {
        expected: `one of ${logLevels.join(", ")}`,
        example: "info",
        description: "Least important level that it writes.",
      }).default("info"),
      sampling: field(
        z
          .strictObject({
            error: shareRatio("Share of its errors (error, fatal) that it writes.", "100%").prefault("100%"),
            warn: shareRatio("Share of its warnings that it writes.", "50%").prefault("50%"),
            rest: shareRatio("Share of all other lines that it writes.", "10%").prefault("10%"),
          })
          .prefault({}),
        { expected: "an object with error, warn and rest", example: "{ error: 100%, warn: 50%, rest: 10% }" },
      ),
      linesPerSecond: wholeNumber(
        1,
        "Lines at level info before sampling, the mean of a day; volumes are checked against it.",
        "50",
      ).default(50),
      maxLinesPerSecond: wholeNumber(
        1,
        "Lines per second that each Logstash takes of it; ten times `linesPerSecond` unless set.",
        "500",
      ).optional(),
    })
    .prefault({}),
  {
    expected: "an object with level, sampling, linesPerSecond and maxLinesPerSecond",
    example: "{ level: info, sampling: { rest: 10% } }",
  },
);

export const logNamespacesSchema = field(
  z.array(namespaceName("Namespace whose pods' logs are collected.", "bilten")).min(1),
  {
    expected: "a list of namespaces, at least one",
    example: "[bilten]",
    description: "Namespaces whose pods' logs are collected; without it, those of the services.",
  },
);

const redactionSchema = z.strictObject({
  field: text((name) => /^[A-Za-z_@][\w@-]*(\.[\w@-]+)*$/.test(name), {
    expected: "the dotted name of a field",
    example: "http.request.headers.x-api-key",
    description: "Field it is looked for in; without it, the message and every field that is a text.",
  }).optional(),
  pattern: text(checks.isRedactionPattern, {
    expected:
      "a regular expression in one line that does not match an empty text (Ruby's syntax, (?i) in front ignores case)",
    example: "'sk_live_[0-9A-Za-z]+'",
    description: "What is taken out.",
  }),
  replacement: text((replacement) => !/[\r\n]/.test(replacement), {
    expected: "a text in one line",
    example: "[REDACTED]",
    description: "What is put in its place; \\1 stands for the first group.",
  }).default("[REDACTED]"),
});

export const logRedactionsSchema = field(
  z.array(
    field(redactionSchema, {
      expected: "a redaction",
      example: "{ pattern: 'sk_live_[0-9A-Za-z]+' }",
    }),
  ),
  {
    expected: "a list of redactions",
    example: "[{ pattern: 'sk_live_[0-9A-Za-z]+' }]",
    description:
      "What must not be stored, besides what is always taken out: authorization headers, cookies, passwords, tokens, " +
      "card numbers and the local part of mail addresses.",
  },
);

/** The S3 repository of snapshots; the schedule's default is after the retention task's default, at 1:30 UTC. */
export const logSnapshotsSchema = field(
  z.strictObject({
    bucket: text(checks.isBucketName, {
      expected: "the name of a bucket: 3 to 63 of a-z, 0-9, - and .",
      example: "bilten-log-snapshots",
      description: "Bucket in S3, or in a store with its interface; must exist.",
    }),
    basePath: text((path) => /^[\w!.*'()-]+(\/[\w!.*'()-]+)*$/.test(path), {
      expected: "a path in the bucket, without slash at either end",
      example: "bilten-prod",
      description: "Folder in the bucket. Clusters that share a bucket need different ones.",
    }).optional(),
    region: text((region) => /^[a-z0-9-]+$/.test(region), {
      expected: "the name of a region",
      example: "eu-central-1",
      description: "Region of the bucket.",
    }).optional(),
    endpoint: httpUrl("Address of the store, when it is not AWS.", "https://minio.example.com").optional(),
    pathStyleAccess: flag("Bucket in the path instead of the host name.").default(false),
    schedule: text(checks.isSnapshotSchedule, {
      expected:
        "a cron expression of six or seven fields as Elasticsearch reads them: second and minute each one number, " +
        "hour, day of month, month, day of week, and one of the two days is ?",
      example: "0 45 2 * * ?",
      description: "When snapshots are taken, in UTC.",
    }).default("0 45 2 * * ?"),
    retention: durationText(
      "How long snapshots are kept, in whole days; the newest few stay.",
      "30d",
    ).default("30d"),
    maxAge: durationText(
      "How old the last snapshot may be before ElasticsearchSnapshotOld fires; above the schedule's longest pause.",
      "26h",
    ).default("26h"),
  }),
  {
    expected: "an object with bucket, region, schedule and retention",
    example: "{ bucket: bilten-log-snapshots, region: eu-central-1 }",
    description: "Backs up the logs to S3; without it, a lost volume of a single node is a lost log.",
  },
);
