/** What the measurements work with: folders and labs of their own, which are gone at the end. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { controlPlaneTools, stopLab } from "../../lab/controlplane";
import { simulatedNodeTools } from "../../lab/nodes/simulated";
import { preparePulumi, pulumiTools, type PulumiRunner } from "../../lab/pulumi";
import { run } from "../../lab/pulumi/process";
import { LabError, openState, stateAt, type LabState, type Log } from "../../lab/state";
import { ensureTools } from "../../lab/tools";

const checkout = dirname(dirname(__dirname));
const toolNames = [...controlPlaneTools, ...simulatedNodeTools, ...pulumiTools];

export type Tools = Record<(typeof toolNames)[number], string>;

/** A lab of simulated nodes on which stack dev is deployed. */
export interface DeployedLab {
  state: LabState;
  pulumi: PulumiRunner;
}

export interface Bench {
  log: Log;
  signal: AbortSignal;
  /** A signal for one command, which also ends it when it takes too long. */
  commandSignal(): AbortSignal;
  /** Paths of the programs; those that are missing are built first. */
  tools(): Promise<Tools>;
  /** A new folder. */
  folder(): string;
  /** A lab of simulated nodes with stack dev, the same for all that ask. */
  deployedLab(): Promise<DeployedLab>;
  /**
   * Runs a TypeScript file of the checkout in a process of its own.
   * @returns seconds
   * @throws LabError with the end of its output when it fails
   */
  script(file: string, ...args: string[]): Promise<number>;
  /** The same for a command of the lab, such as `stop`. */
  lab(state: LabState, ...args: string[]): Promise<number>;
  /** Ends every lab and removes every folder. */
  remove(): Promise<void>;
}

/** No command that is measured may take longer, seconds. */
const commandLimit = 900;

/** Measurements run in what this makes. The signal ends what is under way. */
export function createBench(log: Log, signal: AbortSignal): Bench {
  const folders: string[] = [];
  let tools: Promise<Tools> | undefined;
  let deployed: Promise<DeployedLab> | undefined;

  const bench: Bench = {
    log,
    signal,
    commandSignal: () => AbortSignal.any([signal, AbortSignal.timeout(commandLimit * 1000)]),
    tools: () => (tools ??= ensureTools(toolNames, { log })),
    folder: () => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), "bilten-bench-")));
      folders.push(folder);
      return folder;
    },
    deployedLab: () => (deployed ??= deploy(bench)),
    script: async (file, ...args) => {
      const begin = performance.now();
      const { code, stdout, stderr } = await run(
        process.execPath,
        ["--require", "./scripts/typescript.cjs", file, ...args],
        {
          cwd: checkout,
          env: process.env,
          signal,
          seconds: commandLimit,
        },
      );
      const seconds = (performance.now() - begin) / 1000;
      signal.throwIfAborted();
      if (code === 0) return seconds;
      const end = (stderr + stdout).trim().split("\n").slice(-20).join("\n");
      throw new LabError(`${[file, ...args].join(" ")} failed (exit code ${code ?? "none"}):\n${end}`);
    },
    lab: (state, ...args) => bench.script("lab/cli.ts", "--state-dir", state.directory, ...args),
    remove: async () => {
      const failures: unknown[] = [];
      for (const folder of folders.splice(0)) {
        try {
          await stopLab(stateAt(folder), { log: () => undefined });
          rmSync(folder, { recursive: true, force: true });
        } catch (error) {
          failures.push(error);
          log(`${folder} is left. To end what runs there: npm run lab -- --state-dir ${folder} reset`);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
  return bench;
}

async function deploy(bench: Bench): Promise<DeployedLab> {
  const { log, signal } = bench;
  const tools = await bench.tools();
  const state = openState(bench.folder());
  log("Starting a lab with stack dev, which is not measured ...");
  const seconds = await bench.lab(state, "start", "--simulated");
  log(`It is there after ${seconds.toFixed(1)} s.`);
  const { directory: stateDir, kubeconfig } = state;
  return { state, pulumi: await preparePulumi({ stateDir, tools, kubeconfig, log, signal }) };
}
