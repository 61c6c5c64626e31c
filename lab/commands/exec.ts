import { LabError } from "../state";
import { runningLab } from "./connection";
import { kubectl } from "./kubectl";
import { podNamed, type Pod } from "./pods";
import type { CommandOptions } from "./start";

/** Runs a command in a pod, with the terminal if there is one. Returns its exit code. */
export async function exec({
  stateDir,
  pod: name,
  command,
}: CommandOptions & { pod: string; command: string[] }): Promise<number> {
  if (command.length === 0)
    throw new LabError(
      `Which command? For example: npm run lab -- exec ${name} -- /bin/prometheus --version`,
    );
  const pod = await findPod(stateDir, name);
  const terminal = process.stdin.isTTY ? ["--stdin", "--tty"] : ["--stdin"];
  const { namespace, name: podName } = pod.metadata;
  return kubectl({
    stateDir,
    args: ["exec", "--namespace", namespace, podName, ...terminal, "--", ...command],
  });
}

/** @throws LabError when the lab does not run, there is no such pod, or it is a simulated one */
export async function findPod(stateDir: string, name: string): Promise<Pod> {
  const client = (await runningLab(stateDir)).client();
  try {
    const pod = podNamed(name, await client.list<Pod>("/api/v1/pods"));
    if (pod.spec.nodeName?.startsWith("simulated-"))
      throw new LabError(`${pod.metadata.name} is simulated: nothing runs in it. Why: npm run lab -- status`);
    return pod;
  } finally {
    client.close();
  }
}
