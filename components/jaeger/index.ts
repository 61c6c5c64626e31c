export { jaegerAddresses, jaegerWorkloads, ports, type JaegerAddresses, type JaegerPlace } from "./addresses";
export { jaegerContribution, jaegerJobs, type JaegerContributionArgs } from "./contribution";
export { jaegerDataSource, traceDataSource } from "./dataSource";
export { Jaeger, jaegerResources, type JaegerArgs } from "./jaeger";
export { samplingStrategies, type SamplingStrategies } from "./sampling";
export type { BadgerStorage, ElasticsearchStorage, TraceStorage } from "./storage";
