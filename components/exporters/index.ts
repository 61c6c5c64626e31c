export * from "./blackboxExporter";
export * from "./kubeStateMetrics";
export * from "./nodeExporter";
