/** Whether the tests with a real node can run on this machine. Run by itself, it prints why not, a line each. */
import { spawnSync } from "node:child_process";
import { readHost, type Host } from "./host";
import { ensureNodePrograms, obstacles } from "../../lab/nodes/real";

let found: string | undefined;

/** Asked in a process of its own: the names of tests have to be known at once, and the answer takes a moment. */
function reasons(): string {
  const args = ["--require", "./scripts/typescript.cjs", __filename];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 60_000 });
  return status === 0 ? stdout.trim() : stderr.trim().split("\n").at(-1)!;
}

/** Tests that need a real node; where there can be none, they are skipped, and their title says why. */
export function describeRealNode(title: string, tests: (this: Mocha.Suite) => void): void {
  found ??= reasons();
  if (found) describe.skip(`${title} (skipped: ${found.split("\n").join(" ")})`, tests);
  else describe(title, tests);
}

/** Reads the state of the machine, as far as a lab in this folder could change it. */
export async function hostReader(stateDirectory: string): Promise<() => Host> {
  const { env } = await ensureNodePrograms(() => undefined);
  return () => readHost(stateDirectory, env);
}

if (require.main === module) void obstacles().then((all) => console.log(all.join("\n")));
