/** Grafana's dashboards, as plain data. */
export { logPipeline } from "./logPipeline";
export { monitoringHealth } from "./monitoringHealth";
export { platformOverview } from "./platformOverview";
export { traces } from "./traces";
