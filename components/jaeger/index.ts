export { jaegerAddresses, jaegerWorkloads, type JaegerAddresses, type JaegerPlace } from "./addresses";
export { Jaeger, jaegerResources, type JaegerArgs } from "./jaeger";
export { samplingStrategies, type SamplingStrategies } from "./sampling";
export type { BadgerStorage, ElasticsearchStorage, TraceStorage } from "./storage";
