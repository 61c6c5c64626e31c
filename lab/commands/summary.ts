import type { Plugin, RunRecord } from "../pulumi";

export interface SummaryArgs {
  stack: string;
  record: RunRecord;
  /** Outputs of the stack; secret ones as a marker. */
  outputs: Record<string, unknown>;
  plugins: Plugin[];
  kubeconfig: string;
  /** The whole command's time. */
  seconds: number;
}

/** What a user wants to know at the end of a start: what was made, where to look, what was simulated, what is next. */
export function summary({ stack, record, outputs, plugins, kubeconfig, seconds }: SummaryArgs): string[] {
  const { created, updated, replaced, deleted, same } = record.changes;
  const standIns = plugins.filter(({ kind }) => kind === "stand-in");
  const official = plugins.filter(({ kind }) => kind === "official");
  const name = (plugin: Plugin) => `${plugin.name} ${plugin.version}`;
  const urls = Object.entries((outputs.urls ?? {}) as Record<string, string>);
  return [
    "",
    `Stack ${stack} is deployed (${seconds.toFixed(0)} s): ` +
      `${created} resources created, ${updated} updated, ${replaced} replaced, ${deleted} deleted, ${same} as they were.`,
    "",
    "Where it would answer in the cluster:",
    ...urls.map(([part, url]) => `  ${part.padEnd(14)} ${url}`),
    "",
    "Real here: the Pulumi engine, the program, etcd, the API server with RBAC and Pod Security, the controllers, the",
    "scheduler.",
    "Simulated: the nodes. kwok reports pods as running; no container runs, so the addresses above do not answer.",
    ...official.map((plugin) => `Pulumi plugin ${name(plugin)}: the official one (${plugin.why}).`),
    ...(standIns.length > 0
      ? [`Pulumi plugins played by the lab: ${standIns.map(name).join(", ")} (${standIns[0]?.why}).`]
      : []),
    "",
    "Next:",
    "  npm run lab -- kubectl get pods -A       look at it",
    "  npm run lab -- status                    processes, ports, memory",
    "  npm start                                deploy again, after a change",
    "  npm run lab -- stop                      end it; data stays for the next start",
    "  npm run lab -- reset                     end it and remove all data",
    `  export KUBECONFIG=${kubeconfig}`,
  ];
}
