import * as pulumi from "@pulumi/pulumi";
import type { Peer } from "../kubernetes/networkPolicy";
import { accessSteps } from "./access";
import { indexSteps, type LogIndexArgs } from "./indices";
import type { ProgramUser } from "./names";
import { SetupJob } from "./setupJob";
import { snapshotSteps, type SnapshotArgs } from "./snapshots";
import type { SetupStep } from "./steps";

export interface ElasticsearchSetupArgs extends LogIndexArgs {
  /** Namespace it runs in; must exist. */
  namespace: string;
  /** Address of Elasticsearch inside the cluster, e.g. `https://elasticsearch.monitoring.svc:9200`. */
  url: pulumi.Input<string>;
  /** Certificate of the authority that signed Elasticsearch's. */
  caPem: pulumi.Input<string>;
  /** Password of `elastic`, with which the cluster was bootstrapped. */
  password: pulumi.Input<string>;
  /** Passwords that the programs get. */
  passwords: Record<ProgramUser, pulumi.Input<string>>;
  /** Where and when snapshots are taken. @default none are */
  snapshots?: SnapshotArgs;
  /** Elasticsearch's program. @default { app: "elasticsearch" }, in the same namespace */
  server?: Peer;
}

/**
 * Puts into Elasticsearch what the log pipeline needs there: lifecycle policy, ingest pipeline, index template, roles,
 * users, snapshots. Kibana and the other users of the cluster need it to be done before they can log in: make them
 * depend on this, and this on Elasticsearch.
 */
export class ElasticsearchSetup extends pulumi.ComponentResource {
  /** Name of the Job that applied the present steps. */
  readonly job: pulumi.Output<string>;

  constructor(name: string, args: ElasticsearchSetupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:ElasticsearchSetup", name, {}, opts);
    const { namespace, url, caPem, password, passwords, server = { app: "elasticsearch" } } = args;
    const { job } = new SetupJob(
      name,
      {
        ...{ namespace, url, caPem, password, passwords },
        steps: elasticsearchSetupSteps(args),
        server: { ...server, port: 9200 },
        // Without a master, or a primary shard, its status is 503 or 408.
        readyPath: "/_cluster/health?wait_for_status=yellow&timeout=5s",
      },
      { parent: this },
    );
    this.job = job;
    this.registerOutputs({ job });
  }
}

/** All that the set-up applies, in its order. */
export function elasticsearchSetupSteps(
  args: LogIndexArgs & Pick<ElasticsearchSetupArgs, "snapshots">,
): SetupStep[] {
  return [...indexSteps(args), ...accessSteps(), ...snapshotSteps(args.snapshots)];
}
