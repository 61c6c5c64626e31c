export * from "./configuration";
export * from "./contribution";
export * from "./grafana";
