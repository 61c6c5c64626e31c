import { forwardLines } from "../network/forwards";
import type { Forward } from "../network/forwards";
import { pauseImage } from "../images";
import type { NodeChoice } from "../nodes/choose";
import type { Plugin, RunRecord } from "../pulumi";

export interface SummaryArgs {
  stack: string;
  record: RunRecord;
  /** Outputs of the stack; secret ones as a marker. */
  outputs: Record<string, unknown>;
  plugins: Plugin[];
  kubeconfig: string;
  choice: NodeChoice;
  /** What answers on this machine. */
  addresses: Forward[];
  /** The whole command's time. */
  seconds: number;
}

/** What a user wants to know at the end of a start: what was made, where to look, what was simulated, what is next. */
export function summary(args: SummaryArgs): string[] {
  const { stack, record, plugins, kubeconfig, choice, addresses, seconds } = args;
  const { created, updated, replaced, deleted, same } = record.changes;
  return [
    "",
    `Stack ${stack} is deployed (${seconds.toFixed(0)} s): ` +
      `${created} resources created, ${updated} updated, ${replaced} replaced, ${deleted} deleted, ${same} as they were.`,
    "",
    ...whereToLook(args),
    "",
    "Real here: the Pulumi engine, the program, etcd, the API server with RBAC and Pod Security, the controllers, the",
    `scheduler${addresses.length > 0 ? ", and the pods above." : "."}`,
    ...whatIsSimulated(choice),
    ...whichPlugins(plugins),
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

function whereToLook({ addresses, outputs }: SummaryArgs): string[] {
  if (addresses.length > 0) {
    const lines = forwardLines(addresses).map((line) => `  ${line}`);
    return ["Where to look (again: npm run lab -- open):", ...lines];
  }
  const urls = Object.entries((outputs.urls ?? {}) as Record<string, string>);
  return [
    "Where it would answer in the cluster:",
    ...urls.map(([part, url]) => `  ${part.padEnd(14)} ${url}`),
  ];
}

/** What of the stack does not really run here, or not in the version that is meant. */
export function whatIsSimulated({ simulatedBecause, images, missing }: NodeChoice): string[] {
  if (simulatedBecause.length > 0) {
    return [
      "Simulated: all nodes. kwok reports pods as running; no container runs. There is no real node because:",
      ...simulatedBecause.map((line) => `  ${line}`),
    ];
  }
  const different = images.filter(
    ({ reference, version, pinnedVersion }) => version !== pinnedVersion && reference !== pauseImage,
  );
  return [
    ...(missing.length > 0 ? ["Simulated, because their images cannot be had:"] : []),
    ...missing.map(({ reference, reason }) => `  ${reference}: ${reason}`),
    ...(different.length > 0 ? ["In another version than the stack names:"] : []),
    ...different.map(({ reference, version }) =>
      version === "stand-in"
        ? `  ${reference}: a stand-in of the lab`
        : `  ${reference}: built from version ${version}`,
    ),
  ];
}

/** Which of Pulumi's plugins are official, in which version, and which ones the lab plays. */
export function whichPlugins(plugins: Plugin[]): string[] {
  const names = (some: Plugin[]) => some.map(({ name, version }) => `${name} ${version}`).join(", ");
  const standIns = plugins.filter(({ kind }) => kind === "stand-in");
  return [
    ...plugins
      .filter(({ kind }) => kind === "official")
      .map((plugin) => `Pulumi plugin ${names([plugin])}: the official one (${plugin.why}).`),
    ...plugins
      .filter(({ kind }) => kind === "built")
      .map(
        ({ name, version, builtVersion, why }) =>
          `Pulumi plugin ${name}: the official one, of version ${builtVersion}, built from its module. Version ${version}, ` +
          `of the program's package, ${why}.`,
      ),
    ...(standIns.length > 0
      ? [`Pulumi plugins played by the lab: ${names(standIns)} (${standIns[0]?.why}).`]
      : []),
  ];
}
