/** What a lab must not change of the machine, read so that it can be compared: before, while and after a lab runs. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { cgroupOf } from "../../lab/parts/cgroups";
import { identify } from "../../lab/parts/process";

/** Lines by what they are of. */
export type Host = Record<string, string[]>;

const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

function command(program: string, args: string[], env: NodeJS.ProcessEnv = process.env): string[] {
  return lines(execFileSync(program, args, { encoding: "utf8", env, timeout: 20_000 }));
}

/** Of addresses and routes, how long they are still valid. */
const withoutTimes = (all: string[]) =>
  all.map((line) => line.replaceAll(/\b(valid_lft|preferred_lft|expires) \S+/g, "$1"));

/** Counters of the kernel, which change by themselves. */
const counters = [
  /^fs\/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\/)/,
  /^kernel\/(ns_last_pid|random\/|pty\/nr|tainted|.*entropy)/,
  /^net\/netfilter\/nf_conntrack_count/,
];

function kernelSettings(): string[] {
  const root = "/proc/sys";
  return filesBelow(root)
    .map((path) => path.slice(root.length + 1))
    .filter((name) => !counters.some((counter) => counter.test(name)))
    .map((name) => `${name} = ${readable(join(root, name))}`);
}

function readable(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    // Some can only be written.
    return (error as NodeJS.ErrnoException).code ?? "?";
  }
}

function filesBelow(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const file = join(path, entry.name);
      return entry.isDirectory() ? filesBelow(file) : [file];
    });
  } catch {
    return [];
  }
}

/** Where container runtimes, kubelets and network plugins keep files when nobody tells them otherwise. */
const foreignFolders = [
  "/etc/cni",
  "/etc/containerd",
  "/etc/kubernetes",
  "/opt/cni",
  "/opt/containerd",
  "/run/cni",
  "/run/containerd",
  "/run/netns",
  "/run/runc",
  "/var/lib/cni",
  "/var/lib/containerd",
  "/var/lib/kubelet",
  "/var/log/containers",
  "/var/log/pods",
];
const listed = ["/", "/dev", "/etc", "/opt", "/run", "/var/lib", "/var/log"];

function files(): string[] {
  return [
    ...listed.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))),
    ...foreignFolders
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => [folder, ...filesBelow(folder)]),
  ].sort();
}

const cgroupRoot = "/sys/fs/cgroup";

const folders = (path: string) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name));

const treeBelow = (path: string): string[] =>
  folders(path).flatMap((folder) => [folder, ...treeBelow(folder)]);

/** The topmost control groups of each hierarchy, without those of other labs, and all that are below our own. */
function cgroups(own: string): string[] {
  const version2 = existsSync(join(cgroupRoot, "cgroup.procs"));
  return (version2 ? [cgroupRoot] : folders(cgroupRoot))
    .flatMap((hierarchy) => folders(hierarchy))
    .filter((path) => basename(path) === own || !basename(path).startsWith("bilten-lab-"))
    .flatMap((path) => (basename(path) === own ? [path, ...treeBelow(path)] : [path]))
    .sort();
}

/**
 * The machine as it is now.
 * @param iptables the environment with a PATH on which `iptables-save` is
 */
export function readHost(stateDirectory: string, iptables: NodeJS.ProcessEnv): Host {
  return {
    links: command("ip", ["-o", "-details", "link"]),
    addresses: withoutTimes(command("ip", ["-o", "addr"])),
    routes: withoutTimes([
      ...command("ip", ["-4", "route", "show", "table", "all"]),
      ...command("ip", ["-6", "route", "show", "table", "all"]),
      ...command("ip", ["rule"]),
      ...command("ip", ["-6", "rule"]),
    ]).sort(),
    firewall: ["iptables-save", "ip6tables-save"]
      .flatMap((program) => command(program, [], { ...process.env, ...iptables }))
      .filter((line) => !line.startsWith("#"))
      // Packets that were counted.
      .map((line) => line.replace(/ \[\d+:\d+\]$/, "")),
    mounts: lines(readFileSync("/proc/self/mounts", "utf8")),
    "kernel settings": kernelSettings(),
    files: files(),
    cgroups: cgroups(cgroupOf(stateDirectory).slice(1)),
    processes: processesAbout(stateDirectory),
  };
}

const processes = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number);

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Zombies hold nothing any more; when they are reaped is up to the machine's first process. */
const isZombie = (pid: number) => /^State:\s+Z/m.test(readable(`/proc/${pid}/status`));

/**
 * Processes that have to do with a folder: by their environment, command line, working folder or program, or because
 * they are in the control group of its lab.
 */
export function processesAbout(folder: string): string[] {
  const group = cgroupOf(folder);
  return processes().flatMap((pid) => {
    const proc = `/proc/${pid}`;
    const about = [
      ...["environ", "cmdline", "cgroup"].map((file) => readable(join(proc, file))),
      ...["cwd", "exe", "root"].map((file) => linkOf(join(proc, file))),
    ];
    if (!about.some((text) => text.includes(folder) || text.includes(group)) || isZombie(pid)) return [];
    return [`${pid} ${readable(join(proc, "cmdline")).replaceAll("\0", " ")}`];
  });
}

/** Namespaces of processes, such as `net:[4026531840]`, except those that this process is in as well. */
export function namespacesOf(pids: number[]): Set<string> {
  const kinds = ["net", "mnt", "ipc", "uts", "pid", "cgroup", "user"];
  const of = (pid: number | "self") => kinds.map((kind) => linkOf(`/proc/${pid}/ns/${kind}`)).filter(Boolean);
  const own = of("self");
  return new Set(pids.flatMap(of).filter((name) => !own.includes(name)));
}

/** Namespaces at some moment, and the processes that the machine had then. */
export interface Held {
  namespaces: Set<string>;
  processes: Set<string>;
}

const identities = () =>
  processes().flatMap((pid) => {
    const start = identify(pid)?.start;
    return start ? [{ pid, identity: `${pid} ${start}` }] : [];
  });

/** The namespaces of processes, to ask later whether they are gone. */
export function heldBy(pids: number[]): Held {
  return {
    namespaces: namespacesOf(pids),
    processes: new Set(identities().map(({ identity }) => identity)),
  };
}

/**
 * Processes that still are in one of the namespaces, with their command lines. Those that were not there then do not
 * count: the kernel gives the names of what is gone to new ones at once, such as those of another lab.
 */
export function stillThere({ namespaces, processes: then }: Held): string[] {
  return identities()
    .filter(({ identity }) => then.has(identity))
    .flatMap(({ pid }) => {
      const held = [...namespacesOf([pid])].filter((name) => namespaces.has(name));
      const command = readable(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
      return held.length > 0 ? [`${held.join()}: process ${pid} ${command}`] : [];
    });
}

/** Differences between two states of the machine, a line for each; empty when they are equal. */
export function differences(before: Host, after: Host): string[] {
  return Object.keys({ ...before, ...after }).flatMap((what) => {
    const [old = [], now = []] = [before[what], after[what]];
    return [
      ...old.filter((line) => !now.includes(line)).map((line) => `${what}: gone: ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `${what}: new: ${line}`),
      ...(old.length !== now.length && new Set(now).size !== now.length
        ? [`${what}: ${now.length} lines`]
        : []),
    ];
  });
}

/** Whether a path is a folder with nothing in it, or nothing at all. */
export function isEmpty(path: string): boolean {
  return !existsSync(path) || (statSync(path).isDirectory() && readdirSync(path).length === 0);
}
