/** Grafana's dashboards, as plain data. */
export { monitoringHealth } from "./monitoringHealth";
export { platformOverview } from "./platformOverview";
