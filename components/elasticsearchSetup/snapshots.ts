import { parseDuration } from "../../config/units";
import { managed } from "./indices";
import { logIndexPattern, snapshotPolicy, snapshotRepository, traceIndexPattern } from "./names";
import type { SetupStep } from "./steps";

export interface SnapshotArgs {
  /** Kind of the repository: `s3`, `gcs`, `azure`, or `fs` for a folder that all nodes mount. */
  type: string;
  /**
   * Its settings, as Elasticsearch names them, e.g. `{ bucket: "logs", base_path: "bilten" }`. Credentials are none of
   * these: they are in the keystore of each node.
   */
  settings: Record<string, string | number | boolean>;
  /** When snapshots are taken: a cron expression of Elasticsearch, in UTC. @default "0 30 1 * * ?", at 01:30 */
  schedule?: string;
  /** How long snapshots are kept. @default "30d" */
  retention?: string;
}

/**
 * The repository and the schedule. Without settings both are taken away, so that a cluster does not go on with what is
 * no longer wanted; the snapshots themselves stay where they are.
 * @throws when the retention is no duration
 */
export function snapshotSteps(args: SnapshotArgs | undefined): SetupStep[] {
  const policy = { path: `/_slm/policy/${snapshotPolicy}` };
  const repository = { path: `/_snapshot/${snapshotRepository}` };
  if (!args) {
    const gone: Pick<SetupStep, "method" | "expect"> = { method: "DELETE", expect: [200, 404] };
    return [
      { name: "no snapshot schedule", ...policy, ...gone },
      { name: "no snapshot repository", ...repository, ...gone },
    ];
  }
  return [
    {
      name: `snapshot repository ${snapshotRepository}`,
      method: "PUT",
      ...repository,
      body: { type: args.type, settings: args.settings },
    },
    {
      name: `snapshot schedule ${snapshotPolicy}`,
      method: "PUT",
      ...policy,
      body: {
        name: "<bilten-{now/d}>",
        schedule: args.schedule ?? "0 30 1 * * ?",
        repository: snapshotRepository,
        config: {
          indices: [logIndexPattern, traceIndexPattern],
          // Users, roles and Kibana's objects too: a restored cluster is one that people can use.
          include_global_state: true,
          ignore_unavailable: true,
          metadata: managed,
        },
        retention: {
          expire_after: `${parseDuration(args.retention ?? "30d")}s`,
          // The last ones are kept, however old they are: there may be no newer.
          min_count: 5,
        },
      },
    },
  ];
}

/** The snapshots of a bucket in S3, or in a store with the same interface, which each node knows as `default`. */
export function s3Snapshots(
  bucket: { bucket: string; basePath?: string } & Pick<SnapshotArgs, "schedule" | "retention">,
): SnapshotArgs {
  const { bucket: name, basePath, schedule, retention } = bucket;
  const settings = { bucket: name, client: "default", ...(basePath && { base_path: basePath }) };
  return { type: "s3", settings, schedule, retention };
}
