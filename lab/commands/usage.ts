/** What real pods use, beside what they ask for and may have. */
import { parseCpu, parseQuantity } from "../../config/units";
import type { ApiClient } from "../controlplane/client";
import { nodeName } from "../network/addresses";

/** One container. CPU in cores, memory in bytes. */
export interface Usage {
  namespace: string;
  pod: string;
  container: string;
  /** Mean over the kubelet's last 10 to 20 s; undefined right after the start. */
  cpu?: number;
  /** The working set: what counts against the limit. */
  memory?: number;
  requests: { cpu?: number; memory?: number };
  limits: { cpu?: number; memory?: number };
}

/** Of the kubelet's Summary API. */
interface Summary {
  pods: {
    podRef: { name: string; namespace: string };
    containers?: {
      name: string;
      cpu?: { usageNanoCores?: number };
      memory?: { workingSetBytes?: number };
    }[];
  }[];
}

interface Resources {
  cpu?: string;
  memory?: string;
}

interface Pod {
  metadata: { name: string; namespace: string };
  spec: { containers: { name: string; resources?: { requests?: Resources; limits?: Resources } }[] };
}

/** Of every container on the real node, by name. */
export async function readUsage(client: ApiClient): Promise<Usage[]> {
  const [summary, pods] = await Promise.all([
    client.get<Summary>(`/api/v1/nodes/${nodeName}/proxy/stats/summary`),
    client.list<Pod>("/api/v1/pods", { fieldSelector: `spec.nodeName=${nodeName}` }),
  ]);
  return usageOf(summary ?? { pods: [] }, pods);
}

export function usageOf(summary: Summary, pods: Pod[]): Usage[] {
  return pods
    .flatMap(({ metadata: { name, namespace }, spec }) => {
      const measured = summary.pods.find(
        ({ podRef }) => podRef.name === name && podRef.namespace === namespace,
      );
      return spec.containers.map(({ name: container, resources }) => {
        const used = measured?.containers?.find((other) => other.name === container);
        return {
          namespace,
          pod: name,
          container,
          cpu: used?.cpu?.usageNanoCores === undefined ? undefined : used.cpu.usageNanoCores / 1e9,
          memory: used?.memory?.workingSetBytes,
          requests: amounts(resources?.requests),
          limits: amounts(resources?.limits),
        };
      });
    })
    .sort((a, b) => `${a.namespace}/${a.pod}`.localeCompare(`${b.namespace}/${b.pod}`));
}

function amounts({ cpu, memory }: Resources = {}): { cpu?: number; memory?: number } {
  return {
    cpu: cpu === undefined ? undefined : parseCpu(cpu),
    memory: memory === undefined ? undefined : parseQuantity(memory),
  };
}
