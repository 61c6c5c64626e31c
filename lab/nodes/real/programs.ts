/** The programs of a real node that are not built from Go modules. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { execFileSync } from "node:child_process";
import { LabError, type Log } from "../../state";
import { findOnPath } from "../../tools/path";
import { hasApt, unpackedPackages } from "./debian";

/** Absolute paths, and the environment that they need. */
export interface NodePrograms {
  containerd: string;
  ctr: string;
  runc: string;
  /** Folder of the network plugins. */
  cniPlugins: string;
  env: { PATH: string; LD_LIBRARY_PATH?: string; XTABLES_LIBDIR?: string };
}

interface Group {
  /** Name of the package, in Debian and Ubuntu and in most other distributions. */
  package: string;
  programs: string[];
  /** Folders to look in besides PATH. */
  folders?: string[];
  suits?: (programs: Record<string, string>) => boolean;
}

const groups: Group[] = [
  {
    package: "containerd",
    programs: ["containerd", "containerd-shim-runc-v2", "ctr"],
    // Version 2 has another configuration.
    suits: ({ containerd }) => /\bv?1\.[67]\./.test(output(containerd!, "--version")),
  },
  { package: "runc", programs: ["runc"] },
  {
    package: "containernetworking-plugins",
    programs: ["bridge", "host-local", "loopback", "portmap"],
    folders: ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"],
  },
  { package: "iptables", programs: ["iptables", "iptables-save", "iptables-restore"] },
  { package: "iproute2", programs: ["ip"] },
  { package: "util-linux", programs: ["unshare", "nsenter"] },
];

const systemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"];
const machinePath = () => [process.env.PATH ?? "", ...systemFolders].join(delimiter);

/**
 * Finds the programs on the machine; what is missing is unpacked from packages into the cache.
 * @throws LabError when that is not possible
 */
export async function ensureNodePrograms(log: Log, signal?: AbortSignal): Promise<NodePrograms> {
  const missing = missingPackages();
  if (missing.length > 0 && !hasApt()) throw new LabError(missingMessage(missing));
  const root = missing.length > 0 ? await unpackedPackages(missing, log, signal) : undefined;
  const folders = root
    ? ["usr/sbin", "usr/bin", "sbin", "bin"]
        .map((folder) => join(root, folder))
        .filter((path) => existsSync(path))
    : [];
  const path = [...folders, machinePath()].join(delimiter);
  const find = (name: string) => {
    const found = findOnPath(name, path);
    if (!found) throw new LabError(`${name} is in none of the packages ${missing.join(", ")}.`);
    return found;
  };
  const plugins =
    root && missing.includes("containernetworking-plugins") ? join(root, "usr/lib/cni") : undefined;
  const libraries = root ? libraryFolder(root) : undefined;
  return {
    containerd: find("containerd"),
    ctr: find("ctr"),
    runc: find("runc"),
    cniPlugins: plugins ?? dirname(lookIn("bridge", groups[2]!.folders!)!),
    env: {
      PATH: path,
      ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}),
      ...(root && missing.includes("iptables") && libraries
        ? { XTABLES_LIBDIR: join(libraries, "xtables") }
        : {}),
    },
  };
}

/** Packages of which a program is missing on this machine. */
export function missingPackages(path = machinePath()): string[] {
  return groups
    .filter(({ programs, folders, suits }) => {
      const found = programs.map((name) => [name, findOnPath(name, path) ?? lookIn(name, folders ?? [])]);
      return found.some(([, file]) => !file) || (suits && !suits(Object.fromEntries(found)));
    })
    .map((group) => group.package);
}

/** What to install by hand. */
export function missingMessage(packages: string[]): string {
  return (
    `A real node needs programs that are missing here: ${packages.join(", ")}. Install these packages ` +
    "(containerd from 1.6, below 2.0)."
  );
}

function lookIn(name: string, folders: string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function libraryFolder(root: string): string | undefined {
  const triplet = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  return [join(root, "usr/lib", triplet), join(root, "lib", triplet)].find((path) => existsSync(path));
}

function output(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 5000,
    });
  } catch {
    return "";
  }
}
