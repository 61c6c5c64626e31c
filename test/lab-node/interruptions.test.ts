/** A `start` that is killed or interrupted, and two labs at the same time. Takes minutes. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cgroupOf } from "../../lab/parts/cgroups";
import { namespacesOf } from "./host";
import { eventually, Lab, type Running } from "./lab";
import { describeRealNode } from "./machine";
import { fetched, healthy, ready, serves, store, web } from "./workloads";

/** Waits until a start has come so far. */
async function until(running: Running, what: string, reached: () => boolean): Promise<void> {
  const ended = await eventually(
    what,
    () => (running.child.exitCode !== null ? "ended" : reached() ? "reached" : undefined),
    120,
  );
  assert.equal(ended, "reached", `It ended before ${what}:\n${running.output()}`);
}

describeRealNode("a start that ends in the middle", function () {
  this.timeout(300_000);
  let lab: Lab;

  before(async () => {
    lab = new Lab();
    await lab.rememberMachine();
  });
  after(() => lab?.remove());

  const moments: [what: string, reached: () => boolean][] = [
    ["etcd starts", () => lab.has("etcd")],
    ["the node has its namespaces", () => lab.has("dialer")],
    ["the control group is made", () => existsSync(join("/sys/fs/cgroup/memory", cgroupOf(lab.directory)))],
    ["containerd starts", () => lab.has("containerd")],
    ["the kubelet starts", () => lab.has("kubelet")],
  ];

  for (const [what, reached] of moments) {
    it(`by kill -9 when ${what}, leaves nothing after stop`, async () => {
      const running = lab.launch("--no-stack");
      await until(running, what, reached);
      running.child.kill("SIGKILL");
      await running.ended;
      const held = lab.held();
      await lab.stop();
      lab.assertNothingLeft(held);
    });

    it(`by Ctrl-C when ${what}, leaves nothing`, async () => {
      const running = lab.launch("--no-stack");
      await until(running, what, reached);
      process.kill(-running.child.pid!, "SIGINT");
      assert.equal(await running.ended, 130, running.output());
      assert.match(running.output(), /Interrupted: what this start had started is stopped\./);
      lab.assertNothingLeft();
      assert.deepEqual((await lab.status()).parts, []);
    });
  }

  it("by kill -9 during pulumi up, leaves an engine that stop ends as well", async () => {
    const running = lab.launch();
    await until(running, "a resource", () => /^ {2}created /m.test(running.output()));
    running.child.kill("SIGKILL");
    await running.ended;
    const held = lab.held();
    await lab.stop();
    lab.assertNothingLeft(held);
  });

  it("by Ctrl-C during pulumi up of the next start, leaves nothing", async () => {
    const running = lab.launch();
    await until(running, "a resource", () => /^ {2}(created|updated) /m.test(running.output()));
    const held = lab.held();
    process.kill(-running.child.pid!, "SIGINT");
    assert.equal(await running.ended, 130, running.output());
    lab.assertNothingLeft(held);
  });

  it("does not hinder the one that comes after", async () => {
    const output = await lab.succeeds("start", "--no-pull");
    assert.match(output, /^Stack dev is deployed/m);
    assert.doesNotMatch(output, /These pods are not ready/);
    await healthy(lab);
    const [, address] = /^ +prometheus +(http\S+)$/m.exec(output) ?? [];
    assert.equal((await fetch(`${address}/-/ready`)).status, 200);
    const held = lab.held();
    await lab.stop();
    lab.assertNothingLeft(held);
  });
});

describeRealNode("two labs at the same time", function () {
  this.timeout(240_000);
  const labs: Lab[] = [];
  after(() => Promise.all(labs.map((lab) => lab.remove())));

  it("run pods of the same names at the same addresses, each in its own network", async () => {
    labs.push(new Lab(), new Lab());
    await Promise.all(
      labs.map(async (lab, index) => {
        await lab.start();
        await lab.apply(...web(`lab ${index}`), store);
        await ready(lab, "deployment/web", "statefulset/store");
        await serves(lab, `lab ${index}`);
      }),
    );
    const namespaces = labs.map((lab) => namespacesOf(lab.processes()));
    assert.deepEqual(
      [...namespaces[0]!].filter((name) => namespaces[1]!.has(name)),
      [],
    );
    await Promise.all(labs.map(healthy));
  });

  it("do not notice that the other one stops", async () => {
    const [first, second] = labs as [Lab, Lab];
    await first.stop();
    assert.equal(await fetched(second, "store-0", "http://web/"), "lab 1");
    await healthy(second);
    await first.start();
    await serves(first, "lab 0");
    assert.equal(await fetched(second, "store-0", "http://web/"), "lab 1");
  });
});
