import { LabError } from "../state";
import { runningLab } from "./connection";
import type { CommandOptions } from "./start";
import { mebibytes, table } from "./table";
import { readUsage, type Usage } from "./usage";

/** Prints what each real pod uses, beside its requests and limits. */
export async function top({ stateDir, json }: CommandOptions & { json: boolean }): Promise<number> {
  const lab = await runningLab(stateDir);
  if (!lab.healthy.has("kubelet"))
    throw new LabError("All nodes are simulated: no pod uses anything. Why: npm run lab -- status");
  const client = lab.client();
  try {
    const usage = await readUsage(client);
    if (json) console.log(JSON.stringify(usage));
    else for (const line of usageTable(usage)) console.log(line);
    return 0;
  } finally {
    client.close();
  }
}

export function usageTable(usage: Usage[]): string[] {
  const cores = (value: number | undefined) =>
    value === undefined ? "-" : `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)}m`;
  const bytes = (value: number | undefined) => (value === undefined ? "-" : mebibytes(value));
  return table([
    ["pod", "CPU", "request", "limit", "memory", "request", "limit"],
    ...usage.map(({ pod, cpu, memory, requests, limits }) => [
      pod,
      ...[cpu, requests.cpu, limits.cpu].map(cores),
      ...[memory, requests.memory, limits.memory].map(bytes),
    ]),
  ]);
}
