/** Whether this machine can have a real node. */
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { cgroupsNamed, makeCgroup, removeCgroup } from "../../parts/cgroups";
import { identify } from "../../parts/process";
import { hasApt } from "./debian";
import { missingMessage, missingPackages } from "./programs";

/**
 * Why there can be no real node on this machine; empty when there can. What is asked for is tried, because rights
 * within containers cannot be read from anywhere.
 */
export async function obstacles(): Promise<string[]> {
  if (process.platform !== "linux") return [`A real node needs Linux; this is ${process.platform}.`];
  if (process.getuid?.() !== 0)
    return ["A real node needs to be started by root: containers are made by it."];
  const missing = missingPackages();
  const programs = missing.length > 0 && !hasApt() ? [missingMessage(missing)] : [];
  // Without unshare itself, the attempt below would say nothing of the machine.
  if (missing.includes("util-linux")) return programs;
  return [...programs, ...namespaces(), ...(await cgroups())];
}

function namespaces(): string[] {
  // Hidden in the attempt's own namespace only, so that nothing of it can stay.
  const folder = tmpdir();
  const attempt = 'mount -t tmpfs lab "$1" && mount -t sysfs lab "$1" && ip link add lab0 type bridge';
  const args = ["--net", "--mount", "--propagation", "private", "sh", "-c", attempt, "sh", folder];
  const { status, stderr, error } = spawnSync("unshare", args, { encoding: "utf8", timeout: 10_000 });
  if (status === 0) return [];
  const reason = error?.message ?? stderr.trim().split("\n").at(-1);
  return [`This machine does not let root make namespaces, mounts and bridges of its own (${reason}).`];
}

const attempt = "/bilten-lab-attempt-";

async function cgroups(): Promise<string[]> {
  const group = `${attempt}${process.pid}`;
  try {
    // Of attempts that were killed.
    for (const name of cgroupsNamed(attempt))
      if (!identify(Number(name.slice(attempt.length)))) await removeCgroup(name, 0);
    makeCgroup(group);
    await removeCgroup(group, 0);
    return [];
  } catch (error) {
    return [`This machine does not let root make control groups (${(error as Error).message}).`];
  }
}
