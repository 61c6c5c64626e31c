/** Runs Jaeger as its pod does: with the files that the component gives it, on addresses and folders of a test. */
import { join } from "node:path";
import { files, paths, ports } from "../../components/jaeger/addresses";
import { jaegerFile, type JaegerConfigurationArgs } from "../../components/jaeger/configuration";
import { samplingFile, type SamplingArgs } from "../../components/jaeger/sampling";
import { uiConfiguration, type UiArgs } from "../../components/jaeger/ui";
import { CollectorProcess } from "./collector";

export type PortName = keyof typeof ports;

export interface JaegerRun {
  configuration: JaegerConfigurationArgs;
  /** @default a tenth of all traces */
  sampling?: SamplingArgs;
  /** Of Elasticsearch: the password, and for TLS the certificate of the authority. */
  password?: string;
  caPem?: string;
  /** Of a run before, whose traces this one is to find. @default an empty one, removed with this run */
  data?: string;
  /** Of a run before, for who goes on sending to it. @default free ones */
  ports?: Partial<Record<PortName, number>>;
}

/** The document's sampling. */
export const documentSampling: SamplingArgs = {
  sampling: { default: 0.1, operations: [{ operation: "/api/events", sampling: 0.5 }] },
  services: [],
};

export class JaegerProcess extends CollectorProcess<PortName> {
  constructor(private readonly run: JaegerRun) {
    super(
      {
        tool: "jaeger",
        ports,
        health: "/status",
        configuration: join(paths.configuration, files.configuration),
        folders: [paths.configuration, paths.sampling, paths.ui, paths.elasticsearch],
        data: paths.data,
      },
      run.configuration.memory,
      run.data,
    );
  }

  /** Starts it, and waits until it says that it is well. */
  async start(): Promise<this> {
    const { configuration, sampling, password, caPem, ports: known } = this.run;
    this.changeUi({
      retention: configuration.retention,
      kibanaUrl: "http://kibana.example.com",
      monitor: true,
    });
    this.changeSampling(sampling ?? documentSampling);
    if (password !== undefined) this.write(join(paths.elasticsearch, files.password), password);
    if (caPem !== undefined) this.write(join(paths.elasticsearch, files.authority), caPem);
    return this.launch(jaegerFile(configuration), known);
  }

  /** Puts other strategies where Jaeger reads them, as a kubelet does with a changed ConfigMap. */
  changeSampling(sampling: SamplingArgs | string): void {
    const content = typeof sampling === "string" ? sampling : samplingFile(sampling);
    this.write(join(paths.sampling, files.strategies), content);
  }

  /** Puts another configuration of the interface where Jaeger reads it. */
  changeUi(ui: UiArgs): void {
    this.write(join(paths.ui, files.ui), JSON.stringify(uiConfiguration(ui)));
  }
}
