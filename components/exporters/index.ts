export * from "./blackboxExporter";
export * from "./elasticsearchExporter";
export * from "./jsonExporter";
export * from "./jsonExporterModules";
export * from "./kubeStateMetrics";
export * from "./logProbes";
export * from "./nodeExporter";
