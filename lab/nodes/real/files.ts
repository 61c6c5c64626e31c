/** Writes the files that a real node's programs read. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify as stringifyToml } from "smol-toml";
import { stringify } from "yaml";
import { bundle } from "../../bundle";
import { writeKubeconfig } from "../../controlplane/kubeconfig";
import { partKubeconfig } from "../../controlplane/parts";
import { nodeAddress } from "../../network/addresses";
import { writePrivate } from "../../state";
import {
  cniConfiguration,
  containerdConfiguration,
  corefile,
  kernelSettings,
  kubeletConfiguration,
  type ContainerdArgs,
} from "./configuration";
import type { NodeContext } from "./parts";

export interface NodeFilesArgs extends Pick<ContainerdArgs, "snapshotter" | "pauseImage"> {
  context: NodeContext;
  /** Of the pods, from the root of the hierarchies. */
  cgroup: string;
}

/** Makes the folders and files of `pathsOfNode`, and the kubeconfigs of the node's programs. */
export async function writeNodeFiles({ context, cgroup, ...images }: NodeFilesArgs): Promise<void> {
  const { paths, pki, programs, apiServerPort } = context;
  const { root, log, containerd, cniConfiguration: cni, kubelet, volumes } = paths;
  for (const path of [root, log, containerd, cni, kubelet, volumes, paths.kernelSettings])
    mkdirSync(path, { recursive: true, mode: 0o711 });
  for (const [name, value] of Object.entries(kernelSettings)) {
    const file = join(paths.kernelSettings, name);
    mkdirSync(dirname(file), { recursive: true });
    // Never replaced: the running node has these very files mounted.
    if (!existsSync(file)) writeFileSync(file, `${value}\n`);
  }
  for (const name of ["kubelet", "kube-proxy", "coredns"] as const) {
    const url = `https://${nodeAddress}:${apiServerPort}`;
    writeKubeconfig(partKubeconfig(pki, name), url, pki.credentials(name));
  }
  const { cniPlugins, runc } = programs;
  const { caFile, certFile, keyFile } = pki.credentials("kubelet");
  const contents: [path: string, content: string][] = [
    [
      paths.containerdConfiguration,
      stringifyToml(
        containerdConfiguration({ root: containerd, cniPlugins, cniConfiguration: cni, runc, ...images }),
      ),
    ],
    [join(cni, "pods.conflist"), JSON.stringify(cniConfiguration())],
    [
      paths.kubeletConfiguration,
      stringify(kubeletConfiguration({ caFile, certFile, keyFile, cgroup, resolvConf: paths.resolvConf })),
    ],
    [paths.resolvConf, `nameserver ${nodeAddress}\n`],
    [paths.corefile, corefile({ kubeconfig: partKubeconfig(pki, "coredns") })],
    [paths.dialer, await bundle(join(__dirname, "dialer.ts"))],
    [paths.gateway, await bundle(join(__dirname, "gateway.ts"))],
  ];
  for (const [path, content] of contents)
    if (!existsSync(path) || readFileSync(path, "utf8") !== content) writePrivate(path, content);
}
