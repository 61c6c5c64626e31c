/** What a real node's programs are told, and where they come from. Needs no cluster. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse as parseToml, stringify as stringifyToml } from "smol-toml";
import { pauseImage } from "../../lab/images";
import { podRange, realPodRange, serviceRange } from "../../lab/network/addresses";
import * as configuration from "../../lab/nodes/real/configuration";
import { pathsOfNode } from "../../lab/nodes/real/paths";
import { missingMessage, missingPackages } from "../../lab/nodes/real/programs";
import { cgroupOf } from "../../lab/parts/cgroups";
import { LabError, stateAt } from "../../lab/state";

describe("the configuration of a real node", () => {
  it("is TOML for containerd, with all that the node's containers need", () => {
    const args = {
      root: "/state/a folder/containerd",
      cniPlugins: "/plugins",
      cniConfiguration: "/cni",
      runc: "/bin/runc",
      snapshotter: "native" as const,
      pauseImage,
    };
    const toml = stringifyToml(configuration.containerdConfiguration(args));
    // Its objects have no prototype.
    const parsed = structuredClone(parseToml(toml));
    assert.equal(parsed["root"], args.root);
    assert.ok(String(parsed["state"]).startsWith("/run/"), "its state is the node's own, not the machine's");
    const cri = (parsed["plugins"] as Record<string, unknown>)["io.containerd.grpc.v1.cri"];
    assert.deepEqual(cri, {
      sandbox_image: pauseImage,
      restrict_oom_score_adj: true,
      containerd: {
        snapshotter: "native",
        default_runtime_name: "runc",
        runtimes: {
          runc: {
            runtime_type: "io.containerd.runc.v2",
            options: { SystemdCgroup: false, BinaryName: "/bin/runc" },
          },
        },
      },
      cni: { bin_dir: "/plugins", conf_dir: "/cni" },
    });
  });

  it("gives pods addresses that no simulated pod and no Service has", () => {
    const [bridge] = (configuration.cniConfiguration() as { plugins: Record<string, unknown>[] }).plugins;
    const { ranges } = bridge!["ipam"] as { ranges: [[{ subnet: string; gateway: string }]] };
    assert.deepEqual(ranges, [[{ subnet: realPodRange.cidr, gateway: realPodRange.bridge }]]);
    const prefix = (cidr: string, octets: number) => cidr.split(".").slice(0, octets).join(".");
    assert.equal(prefix(realPodRange.cidr, 2), prefix(podRange, 2), "kube-proxy knows them as pods");
    assert.notEqual(prefix(realPodRange.cidr, 2), prefix(serviceRange.cidr, 2));
    for (const used of [0, 1, 2]) assert.ok(!realPodRange.cidr.startsWith(`${prefix(podRange, 2)}.${used}.`));
  });

  it("keeps the kubelet below the lab's control group, and lets nobody call it without a certificate", () => {
    const args = { caFile: "ca", certFile: "crt", keyFile: "key", cgroup: "/bilten-lab-1", resolvConf: "/r" };
    const kubelet = configuration.kubeletConfiguration(args) as Record<string, unknown>;
    assert.equal(kubelet["cgroupRoot"], "/bilten-lab-1");
    assert.equal(kubelet["failCgroupV1"], false);
    assert.equal(kubelet["resolvConf"], "/r");
    assert.equal(kubelet["readOnlyPort"], 0);
    assert.equal(kubelet["containerRuntimeEndpoint"], `unix://${configuration.containerdSocket}`);
    assert.deepEqual(kubelet["authentication"], {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: "ca" },
    });
    assert.deepEqual(kubelet["authorization"], { mode: "Webhook" });
  });

  it("has replacements for the settings of the machine that a kubelet changes", () => {
    // `setupKernelTunables` of the kubelet; the last two stand for the limits of keys.
    assert.deepEqual(Object.keys(configuration.kernelSettings).sort(), [
      "kernel/keys/root_maxbytes",
      "kernel/keys/root_maxkeys",
      "kernel/panic",
      "kernel/panic_on_oops",
      "vm/overcommit_memory",
      "vm/panic_on_oom",
    ]);
  });

  it("lets CoreDNS answer for the cluster alone, at the address that pods ask", () => {
    const corefile = configuration.corefile({ kubeconfig: "/state/pki/coredns.kubeconfig" });
    const { clusterDNS } = configuration.kubeletConfiguration({
      ...{ caFile: "", certFile: "", keyFile: "", cgroup: "", resolvConf: "" },
    }) as { clusterDNS: string[] };
    assert.match(corefile, new RegExp(`^ +bind ${clusterDNS[0]!.replaceAll(".", "\\.")}$`, "m"));
    assert.match(corefile, /^ +kubeconfig \/state\/pki\/coredns.kubeconfig$/m);
    assert.doesNotMatch(corefile, /forward/);
    assert.equal(corefile.match(/{/g)?.length, corefile.match(/}/g)?.length);
  });

  it("refuses a state folder whose sockets would have too long a path, and names the remedy", () => {
    const state = (length: number) => stateAt(`/${"x".repeat(length - 1)}`);
    const longest = 107 - "/node/gateway.sock".length;
    assert.doesNotThrow(() => pathsOfNode(state(longest)));
    assert.throws(
      () => pathsOfNode(state(longest + 1)),
      (error) => error instanceof LabError && /gateway\.sock is too long.*--state-dir/.test(error.message),
    );
  });

  it("has another control group for each state folder", () => {
    assert.match(cgroupOf("/a/.lab"), /^\/bilten-lab-[0-9a-f]{12}$/);
    assert.equal(cgroupOf("/a/.lab"), cgroupOf("/a/.lab"));
    assert.notEqual(cgroupOf("/a/.lab"), cgroupOf("/b/.lab"));
  });
});

describe("the programs of a real node", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "bilten-programs-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function fake(name: string, output = ""): void {
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${output}"\n`, { mode: 0o755 });
  }
  function fakeContainerd(version: string): void {
    fake("containerd", `containerd github.com/containerd/containerd ${version} 0123abc`);
    for (const name of ["containerd-shim-runc-v2", "ctr"]) fake(name);
  }
  const isMissing = (name: string) => missingPackages(folder).includes(name);

  it("are missing when they are not on the path", () => {
    const missing = missingPackages(folder);
    for (const name of ["containerd", "runc", "iptables", "iproute2", "util-linux"])
      assert.ok(missing.includes(name), name);
  });

  it("are there when each of a package is", () => {
    fake("unshare");
    assert.ok(isMissing("util-linux"));
    fake("nsenter");
    assert.ok(!isMissing("util-linux"));
    chmodSync(join(folder, "nsenter"), 0o644);
    assert.ok(isMissing("util-linux"), "not executable");
  });

  for (const [version, missing] of [
    ["1.6.20~ds1", false],
    ["v1.7.24", false],
    ["1.5.9", true],
    ["v2.0.1", true],
  ] as const) {
    it(`${missing ? "do not " : ""}include containerd ${version}`, () => {
      fakeContainerd(version);
      assert.equal(isMissing("containerd"), missing);
    });
  }

  it("are named, with the versions that suit, when they cannot be had", () => {
    assert.match(missingMessage(["containerd", "runc"]), /containerd, runc\. Install.*from 1\.6, below 2\.0/);
  });
});
