/** What the containers of all exporters have alike. */
import type { types } from "@pulumi/kubernetes";
import type { ResourceSettings } from "../../config/settings";
import { resourcesOver, type ContainerResources } from "../kubernetes/resources";

/** Requests and limits of an exporter that only asks others and hands on what they answer. */
const askingResources: ContainerResources = {
  requests: { cpu: "20m", memory: "32Mi" },
  limits: { cpu: "200m", memory: "128Mi" },
};

export interface ExporterContainerArgs {
  /** Port of its metrics, which is called `http`. */
  port: number;
  /** What answers as long as it is alive, whatever it exports is. */
  healthPath: string;
  /** Over the defaults. */
  resources?: ResourceSettings;
  /** @default those of an exporter that only asks others */
  defaultResources?: ContainerResources;
}

/** Port, probes and resources of an exporter's container. */
export function exporterContainer({
  port,
  healthPath,
  resources,
  defaultResources = askingResources,
}: ExporterContainerArgs) {
  const httpGet = { path: healthPath, port: "http" };
  return {
    ports: [{ name: "http", containerPort: port }],
    readinessProbe: { httpGet, periodSeconds: 10 },
    livenessProbe: { httpGet, periodSeconds: 30, timeoutSeconds: 5 },
    resources: resourcesOver(defaultResources, resources),
  } satisfies Partial<types.input.core.v1.Container>;
}
