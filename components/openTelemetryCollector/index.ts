export { collectorAddresses } from "./addresses";
export { collectorScrapeJob, withoutScope } from "./contribution";
export { OpenTelemetryCollector, type OpenTelemetryCollectorArgs } from "./openTelemetryCollector";
