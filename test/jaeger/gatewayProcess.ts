/** Runs the trace gateway as its pod does, before a Jaeger of the test. */
import { join } from "node:path";
import { configurationFile, paths, ports } from "../../components/openTelemetryCollector/addresses";
import {
  gatewayFile,
  type GatewayConfigurationArgs,
} from "../../components/openTelemetryCollector/configuration";
import { CollectorProcess } from "./collector";

export interface GatewayRun {
  configuration: Omit<GatewayConfigurationArgs, "name">;
  /** Of a run before, whose queue this one goes on with. @default an empty one, removed with this run */
  data?: string;
}

export class GatewayProcess extends CollectorProcess<keyof typeof ports> {
  constructor(private readonly run: GatewayRun) {
    super(
      {
        tool: "otelcol-contrib",
        ports,
        health: "/",
        configuration: join(paths.configuration, configurationFile),
        folders: [paths.configuration],
        data: paths.queue,
      },
      run.configuration.memory,
      run.data,
    );
  }

  /** Starts it, and waits until it says that it is well. */
  async start(): Promise<this> {
    return this.launch(gatewayFile({ name: "trace-gateway", ...this.run.configuration }));
  }
}
