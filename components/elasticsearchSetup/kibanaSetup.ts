import * as pulumi from "@pulumi/pulumi";
import type { Peer } from "../kubernetes/networkPolicy";
import { SetupJob } from "./setupJob";
import type { SetupStep } from "./steps";

/** An object of Kibana as its export writes it: a data view, a saved search. */
export interface SavedObject {
  type: string;
  id: string;
  attributes: object;
  references?: object[];
}

export interface KibanaSetupArgs {
  /** Namespace it runs in; must exist. */
  namespace: string;
  /** Address of Kibana inside the cluster with its base path, e.g. `http://kibana.monitoring.svc:5601`. */
  url: pulumi.Input<string>;
  /** Certificate of the authority that signed Kibana's. @default Kibana speaks plain HTTP */
  caPem?: pulumi.Input<string>;
  /** Password of `elastic`. */
  password: pulumi.Input<string>;
  /** What people find in Kibana. An object that is there under the same id is replaced. */
  objects: SavedObject[];
  /** Kibana's program. @default { app: "kibana" }, in the same namespace */
  server?: Peer;
}

/** Puts data views and saved searches into Kibana. Make it depend on Kibana. */
export class KibanaSetup extends pulumi.ComponentResource {
  /** Name of the Job that applied the present objects. */
  readonly job: pulumi.Output<string>;

  constructor(name: string, args: KibanaSetupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:KibanaSetup", name, {}, opts);
    const { server = { app: "kibana" }, objects, ...rest } = args;
    const { job } = new SetupJob(
      name,
      {
        ...rest,
        steps: kibanaSetupSteps(objects),
        server: { ...server, port: 5601 },
        readyPath: "/api/status",
      },
      { parent: this },
    );
    this.job = job;
    this.registerOutputs({ job });
  }
}

/** The import of the objects, in one request: they refer to each other. */
export function kibanaSetupSteps(objects: SavedObject[]): SetupStep[] {
  return [
    {
      name: `${objects.length} saved objects`,
      method: "POST",
      path: "/api/saved_objects/_import?overwrite=true",
      objects,
      // The status is 200 even when some of the objects were refused.
      expectText: '"success":true',
    },
  ];
}
