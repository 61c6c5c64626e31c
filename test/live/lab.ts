/** One lab with a real node for all tests of the stack on real pods: made for the first of them, removed at the end. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cgroupOf, processesIn } from "../../lab/parts/cgroups";
import { readRecords } from "../../lab/parts/part";
import { preparePulumi, pulumiTools, type PulumiRunner } from "../../lab/pulumi";
import { stateAt } from "../../lab/state";
import { ensureTools } from "../../lab/tools";
import { describeRealNode } from "../lab-node/machine";
import { eventually, timesTable } from "./eventually";

const checkout = dirname(dirname(__dirname));

/** What the tests look at of a pod. */
export interface Pod {
  metadata: { name: string; namespace: string; uid: string };
  spec: { nodeName: string };
  status: {
    podIP: string;
    hostIP: string;
    conditions: { type: string; status: string }[];
    containerStatuses: { restartCount: number }[];
  };
}

export interface LiveLab {
  pulumi: PulumiRunner;
  /** Runs kubectl, with `input` as what it reads, and returns what it prints. */
  kubectl(args: string[], input?: string): Promise<string>;
  /** Pods of a namespace, by label selector. */
  pods(namespace: string, selector: string): Promise<Pod[]>;
  /** Command that runs another in the network of the real node. */
  inNodeNetwork: string[];
  /** The processes of a pod's containers. */
  processesOf(pod: Pod): number[];
  /** Address on loopback of each Service whose pods really run, by its name. */
  open(): Promise<void>;
  /** Address of a Service, as the last `open` has found it. */
  url(service: string): string;
}

let current: LiveLab | undefined;

/** The lab of this run. */
export function lab(): LiveLab {
  return current ?? assert.fail("there is no lab");
}

/** Runs a program to its end. What it printed is part of the error when it fails. */
function run(
  program: string,
  args: string[],
  { env, input, seconds = 60 }: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: checkout, env, timeout: seconds * 1000, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      reject(new Error(`${args.slice(0, 6).join(" ")} failed: ${stderr || stdout || error.message}`));
    });
    child.stdin?.end(input);
  });
}

interface RunOptions {
  env?: NodeJS.ProcessEnv;
  input?: string;
  seconds?: number;
}

/** The lab's own commands, as a user runs them. */
function command(stateDir: string, args: string[], seconds: number): Promise<string> {
  const all = ["--require", "./scripts/typescript.cjs", "lab/cli.ts", "--state-dir", stateDir, ...args];
  return run(process.execPath, all, { seconds });
}

/** Brings up control plane, simulated nodes and the real one. What is missing is built first, which takes minutes. */
async function bringUp(stateDir: string): Promise<LiveLab> {
  await command(stateDir, ["start", "--no-stack", "--no-pull"], 3600);
  const tools = await ensureTools([...pulumiTools, "kubectl"]);
  const state = stateAt(stateDir);
  const { kubeconfig } = state;
  const keeper = readRecords(state).find(({ name }) => name === "dialer");
  assert.ok(keeper, "nothing keeps the namespaces of the node");
  const log = () => undefined;
  const kubectl = (args: string[], input?: string) =>
    run(tools.kubectl, ["--kubeconfig", kubeconfig, ...args], { input });
  let addresses: Record<string, string> = {};
  return {
    pulumi: await preparePulumi({ stateDir, tools, kubeconfig, log }),
    kubectl,
    pods: async (namespace, selector) => {
      const text = await kubectl(["get", "pods", "-n", namespace, "-l", selector, "-o", "json"]);
      return (JSON.parse(text) as { items: Pod[] }).items;
    },
    inNodeNetwork: ["nsenter", `--target=${keeper.pid}`, "--net", "--"],
    processesOf: ({ metadata }) =>
      processesIn(cgroupOf(state.directory)).filter((pid) => isOf(pid, metadata.uid)),
    open: async () => {
      const found = JSON.parse(await command(stateDir, ["open", "--json"], 60)) as Opened[];
      addresses = Object.fromEntries(found.map(({ name, url }) => [name, url]));
      // What speaks TLS has a certificate of the stack's own authority.
      const plain = found.filter(({ url }) => url.startsWith("http:"));
      await eventually("all addresses answer", 10, () =>
        Promise.all(plain.map(({ url }) => fetch(url, { signal: AbortSignal.timeout(5000) }))),
      );
    },
    url: (service) =>
      addresses[service] ?? assert.fail(`${service} is not among ${Object.keys(addresses).join()}`),
  };
}

interface Opened {
  name: string;
  url: string;
}

/** Whether a process is a container's of this pod, and not the one that holds the pod together. */
function isOf(pid: number, uid: string): boolean {
  try {
    const [group, commandLine] = ["cgroup", "cmdline"].map((file) =>
      readFileSync(`/proc/${pid}/${file}`, "utf8"),
    );
    return group!.includes(uid) && !/^\/pause\0/.test(commandLine!);
  } catch {
    return false;
  }
}

let stateDir: string | undefined;

/** Tests on the lab. Where there can be no real node, they are skipped, and their title says why. */
export function describeOnLab(title: string, tests: (this: Mocha.Suite) => void): void {
  describeRealNode(title, function () {
    before(async function () {
      this.timeout(3_600_000);
      if (current) return;
      stateDir = mkdtempSync(join(tmpdir(), "bilten-live-"));
      current = await bringUp(stateDir);
    });
    tests.call(this);
  });
}

after(async function () {
  this.timeout(180_000);
  for (const line of timesTable()) console.log(`  ${line}`);
  if (stateDir) await command(stateDir, ["reset"], 170);
});
