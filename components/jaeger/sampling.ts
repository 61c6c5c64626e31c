import type { OperationSampling, TraceSamplingSettings } from "../../config/traceSettings";
import { HTTP_METHODS } from "../../metrics/catalogue";

/** What the sampling of one service needs to be told. */
export interface SampledService {
  name: string;
  tracing: {
    /** Ratio of its traces that are recorded; undefined is that of all. */
    sampling?: number;
    operations: OperationSampling[];
  };
}

export interface SamplingArgs {
  sampling: TraceSamplingSettings;
  services: SampledService[];
}

interface Strategy {
  type: "probabilistic";
  param: number;
}

/** The file that Jaeger reads, as it documents it. */
export interface SamplingStrategies {
  default_strategy: Strategy & { operation_strategies: (Strategy & { operation: string })[] };
  service_strategies: (Strategy & {
    service: string;
    operation_strategies: (Strategy & { operation: string })[];
  })[];
}

const probabilistic = (param: number): Strategy => ({ type: "probabilistic", param });

/**
 * An operation is the name of a span, to the letter. Instrumentation names that of a request by its route or, as
 * OpenTelemetry has it, by method and route: a path stands for both.
 */
function namesOf(operation: string): string[] {
  if (!operation.startsWith("/")) return [operation];
  return [
    operation,
    ...HTTP_METHODS.filter((method) => method !== "OTHER").map((method) => `${method} ${operation}`),
  ];
}

const operationStrategies = (operations: OperationSampling[]) =>
  operations.flatMap(({ operation, sampling }) =>
    namesOf(operation).map((name) => ({ operation: name, ...probabilistic(sampling) })),
  );

/**
 * The strategies by service. Only what differs from the default stands beside it: Jaeger gives a service the default's
 * operations as well, unless it has its own of that name.
 */
export function samplingStrategies({ sampling, services }: SamplingArgs): SamplingStrategies {
  return {
    default_strategy: {
      ...probabilistic(sampling.default),
      operation_strategies: operationStrategies(sampling.operations),
    },
    service_strategies: services
      .filter(({ tracing }) => tracing.sampling !== undefined || tracing.operations.length > 0)
      .map(({ name, tracing }) => ({
        service: name,
        ...probabilistic(tracing.sampling ?? sampling.default),
        operation_strategies: operationStrategies(tracing.operations),
      })),
  };
}

/** The strategies as a file. */
export function samplingFile(args: SamplingArgs): string {
  return `${JSON.stringify(samplingStrategies(args), undefined, 2)}\n`;
}
