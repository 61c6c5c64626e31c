/** Control planes of the tests' own in temporary state folders, made by what the lab's commands call. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlPlaneTools, startControlPlane, stopLab, type ControlPlane } from "../../lab/controlplane";
import { simulatedNodeTools, startSimulatedNodes } from "../../lab/nodes/simulated";
import { readRecords, type PartRecord } from "../../lab/parts/part";
import { openState, type LabState } from "../../lab/state";
import { ensureTools } from "../../lab/tools";

const cli = join(__dirname, "..", "..", "lab", "cli.ts");
const names = [...controlPlaneTools, ...simulatedNodeTools, "kubectl" as const];

export const silent = () => undefined;

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Started {
  controlPlane: ControlPlane;
  /** Names of the parts that this start has started. */
  started: string[];
}

export class Labs {
  private readonly states: LabState[] = [];

  private constructor(readonly tools: Record<(typeof names)[number], string>) {}

  /** Tools that are missing are built first, which takes minutes. */
  static async withTools(): Promise<Labs> {
    return new Labs(await ensureTools(names));
  }

  /** Ends and removes all of them. */
  async remove(): Promise<void> {
    for (const state of this.states) {
      await stopLab(state, { log: silent });
      rmSync(state.directory, { recursive: true, force: true });
    }
  }

  newState(): LabState {
    const state = openState(mkdtempSync(join(tmpdir(), "bilten-lab-")));
    this.states.push(state);
    return state;
  }

  /** Control plane and simulated nodes. */
  async start(state: LabState): Promise<Started> {
    const { tools } = this;
    const controlPlane = await startControlPlane({ stateDir: state.directory, tools, log: silent });
    const nodes = await startSimulatedNodes({ controlPlane, tools, log: silent });
    return { controlPlane, started: [...controlPlane.started, ...nodes.started] };
  }

  kubectl(state: LabState, args: string[], input?: string): Promise<Result> {
    return run(this.tools.kubectl, args, { KUBECONFIG: state.kubeconfig }, input);
  }

  /** What kubectl prints; fails when it does. */
  async succeeds(state: LabState, args: string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(state, args, input);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }
}

/** Runs `npm run lab -- <args>` on a state folder. */
export function lab(state: LabState, ...args: string[]): Promise<Result> {
  return run(process.execPath, cliArgs(state, ...args));
}

/** The arguments of Node.js for that. */
export function cliArgs(state: LabState, ...args: string[]): string[] {
  return ["--require", "./scripts/typescript.cjs", cli, "--state-dir", state.directory, ...args];
}

export function recordOf(state: LabState, name: string): PartRecord | undefined {
  return readRecords(state).find((record) => record.name === name);
}

function run(program: string, args: string[], env: Record<string, string> = {}, input = ""): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}
