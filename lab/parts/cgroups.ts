/** The control groups of a real node's pods: one tree in each hierarchy of the machine, by which their processes are found. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const mountPoint = "/sys/fs/cgroup";
/** `CGROUP2_SUPER_MAGIC` of linux/magic.h. */
const version2 = 0x63677270;
/** What the kubelet asks for below its root. */
const controllers = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"];

/** The group of a lab's pods, from the root: every state folder has its own. */
export function cgroupOf(stateDirectory: string): string {
  return `/bilten-lab-${createHash("sha256").update(stateDirectory).digest("hex").slice(0, 12)}`;
}

/** Folders of the hierarchies: one for each controller, or a single one with version 2. */
function hierarchies(): string[] {
  if (statfsSync(mountPoint).type === version2) return [mountPoint];
  return readdirSync(mountPoint)
    .map((name) => join(mountPoint, name))
    .filter((path) => existsSync(join(path, "cgroup.procs")));
}

/**
 * Makes a group in every hierarchy.
 * @throws Error when the machine does not allow it
 */
export function makeCgroup(group: string): void {
  for (const hierarchy of hierarchies()) {
    const path = join(hierarchy, group);
    if (existsSync(join(hierarchy, "cgroup.controllers"))) delegate(hierarchy);
    mkdirSync(path, { recursive: true });
    if (existsSync(join(path, "cgroup.subtree_control"))) delegate(path);
    // Version 1 leaves these empty, and then no process can enter.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (basename(hierarchy) !== "cpuset" || readFileSync(join(path, file), "utf8").trim()) continue;
      writeFileSync(join(path, file), readFileSync(join(hierarchy, file)));
    }
  }
}

/** Lets groups below this one have the controllers that the kubelet wants and the machine has. */
function delegate(path: string): void {
  const read = (file: string) => readFileSync(join(path, file), "utf8").trim().split(" ");
  const [there, given] = [read("cgroup.controllers"), read("cgroup.subtree_control")];
  const wanted = controllers.filter((name) => there.includes(name) && !given.includes(name));
  if (wanted.length > 0)
    writeFileSync(join(path, "cgroup.subtree_control"), wanted.map((name) => `+${name}`).join(" "));
}

/** Whether anything of it is there. */
export function cgroupExists(group: string): boolean {
  return existsSync(mountPoint) && hierarchies().some((hierarchy) => existsSync(join(hierarchy, group)));
}

/** Groups right below the root whose names begin like this: `/bilten-lab-`. */
export function cgroupsNamed(prefix: string): string[] {
  const names = hierarchies().flatMap((hierarchy) => readdirSync(hierarchy).map((name) => `/${name}`));
  return [...new Set(names)].filter((name) => name.startsWith(prefix));
}

/** The processes in a group and in those below it, in any hierarchy. */
export function processesIn(group: string): number[] {
  if (!existsSync(mountPoint)) return [];
  const pids = hierarchies()
    .flatMap((hierarchy) => treeOf(join(hierarchy, group)))
    .flatMap((path) => read(join(path, "cgroup.procs")).split("\n").filter(Boolean).map(Number));
  return [...new Set(pids)];
}

/**
 * Ends all processes of a group, with SIGTERM and after `graceSeconds` with SIGKILL, and removes it.
 * @throws Error when a process does not end even so
 */
export async function removeCgroup(group: string, graceSeconds: number): Promise<void> {
  if (!cgroupExists(group)) return;
  const begin = Date.now();
  let asked = new Set<number>();
  for (;;) {
    const pids = processesIn(group);
    if (pids.length === 0) break;
    const seconds = (Date.now() - begin) / 1000;
    if (seconds > graceSeconds + 20) throw new Error(`Processes ${pids.join(", ")} of pods do not end.`);
    const kill = seconds > graceSeconds;
    for (const pid of pids) if (kill || !asked.has(pid)) signal(pid, kill ? "SIGKILL" : "SIGTERM");
    asked = new Set(pids);
    await sleep(100);
  }
  for (const hierarchy of hierarchies()) {
    // Those below first; the last process may take a moment to be gone.
    for (const path of treeOf(join(hierarchy, group)).reverse()) await removeFolder(path);
  }
}

async function removeFolder(path: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || attempt === 50) throw error;
      await sleep(100);
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** A group's folder and those below it, from the top. */
function treeOf(path: string): string[] {
  try {
    const below = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [path, ...below.flatMap(({ name }) => treeOf(join(path, name)))];
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
