/** Parts of a lab that are killed: what the next `start` mends, and that `stop` leaves nothing. Takes minutes. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { cgroupOf, processesIn } from "../../lab/parts/cgroups";
import { findMarked } from "../../lab/parts/process";
import type { Held } from "./host";
import { eventually, Lab } from "./lab";
import { describeRealNode } from "./machine";
import { healthy, ready, serves, store, web } from "./workloads";

const parts = [
  ...["dialer", "gateway", "containerd", "kubelet", "kube-proxy", "coredns", "shim"],
  ...["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"],
];

describeRealNode("kill -9 in a lab with a real node", function () {
  this.timeout(240_000);
  let lab: Lab;

  before(async () => {
    lab = new Lab();
    await lab.rememberMachine();
    await lab.start();
    await lab.apply(...web("it"), store);
    await ready(lab, "deployment/web", "statefulset/store");
  });
  after(() => lab?.remove());

  async function assertStopLeavesNothing(held: Held): Promise<void> {
    assert.ok(held.namespaces.size > 2, [...held.namespaces].join());
    await lab.stop();
    lab.assertNothingLeft(held);
  }

  describe("is mended by start:", () => {
    for (const part of parts) {
      it(part, async () => {
        await lab.kill(part);
        if (part !== "shim") assert.equal((await lab.run("status")).code, 3);
        await lab.start();
        await serves(lab, "it");
        await ready(lab, "deployment/web", "statefulset/store");
        await healthy(lab);
      });
    }

    it("all processes of the lab and of its pods at once", async () => {
      for (const pid of lab.processes()) process.kill(pid, "SIGKILL");
      await eventually("their end", () => (lab.processes().length === 0 ? true : undefined));
      await lab.start();
      await serves(lab, "it");
      await healthy(lab);
    });
  });

  describe("leaves nothing behind after stop:", () => {
    const groups = [
      ["dialer"],
      ["containerd"],
      ["shim"],
      ["gateway", "kubelet", "kube-proxy", "coredns"],
      ["etcd", "kube-apiserver", "kwok"],
      ["dialer", "containerd", "kubelet"],
    ];
    for (const group of groups) {
      it(group.join(", "), async () => {
        await lab.start();
        await serves(lab, "it");
        const held = lab.held();
        for (const part of group) await lab.kill(part);
        await assertStopLeavesNothing(held);
      });
    }

    it("all that the lab has started, with the records of it, so that only processes of pods are left", async () => {
      await lab.start();
      await serves(lab, "it");
      const held = lab.held();
      for (const { pid } of findMarked(lab.directory)) process.kill(pid, "SIGKILL");
      await eventually("their end", () => (findMarked(lab.directory).length === 0 ? true : undefined));
      rmSync(lab.state.run, { recursive: true });
      const pods = processesIn(cgroupOf(lab.directory)).sort();
      assert.ok(pods.length > 0);
      assert.deepEqual((await lab.status()).strays.sort(), pods, "status shows them");
      await assertStopLeavesNothing(held);
    });

    it("and a state folder that is deleted while the lab runs", async () => {
      await lab.start();
      await serves(lab, "it");
      const held = lab.held();
      rmSync(lab.directory, { recursive: true, force: true });
      await assertStopLeavesNothing(held);
      const { code, stdout } = await lab.run("reset");
      assert.equal(code, 0, stdout);
      assert.match(stdout, /There is nothing to remove/);
    });
  });
});
