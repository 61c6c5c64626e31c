/** Where a real node keeps its files, within the lab's state folder. */
import { join } from "node:path";
import { LabError, type LabState } from "../../state";

/** Of `sockaddr_un`, with the byte that ends it. */
const longestSocketPath = 107;

export interface NodePaths {
  directory: string;
  /** `root.sh` knows these three by name: an empty folder, on which the node's root file system is mounted first. */
  root: string;
  /** Replacements of files in /proc/sys. */
  kernelSettings: string;
  /** /var/log of the node: the pods' logs. */
  log: string;
  containerd: string;
  containerdConfiguration: string;
  cniConfiguration: string;
  kubelet: string;
  kubeletConfiguration: string;
  resolvConf: string;
  corefile: string;
  /** A directory for each claim. */
  volumes: string;
  /** Which images were loaded. */
  images: string;
  /** The lab's own programs, each in one file. */
  dialer: string;
  gateway: string;
  /** Unix sockets: who serves them connects in the node's network, and in the machine's. */
  dialerSocket: string;
  gatewaySocket: string;
}

/**
 * @throws LabError when the state folder's path is too long for Unix sockets
 */
export function pathsOfNode({ directory: state }: LabState): NodePaths {
  const directory = join(state, "node");
  const paths: NodePaths = {
    directory,
    root: join(directory, "root"),
    kernelSettings: join(directory, "kernel-settings"),
    log: join(directory, "log"),
    containerd: join(directory, "containerd"),
    containerdConfiguration: join(directory, "containerd.toml"),
    cniConfiguration: join(directory, "cni"),
    kubelet: join(directory, "kubelet"),
    kubeletConfiguration: join(directory, "kubelet.yaml"),
    resolvConf: join(directory, "resolv.conf"),
    corefile: join(directory, "Corefile"),
    volumes: join(directory, "volumes"),
    images: join(directory, "images.json"),
    dialer: join(directory, "dialer.cjs"),
    gateway: join(directory, "gateway.cjs"),
    dialerSocket: join(directory, "dialer.sock"),
    gatewaySocket: join(directory, "gateway.sock"),
  };
  for (const path of [paths.dialerSocket, paths.gatewaySocket]) {
    if (Buffer.byteLength(path) > longestSocketPath) {
      throw new LabError(
        `The path ${path} is too long for a Unix socket (${longestSocketPath} bytes at most). ` +
          "Choose a shorter one for the lab's state: npm run lab -- --state-dir <folder> start",
      );
    }
  }
  return paths;
}
