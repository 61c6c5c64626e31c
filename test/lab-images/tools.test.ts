import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureTools, findTools } from "../../lab/tools";
import { cacheKey } from "../../lab/tools/cache";
import { moduleOf } from "../../lab/tools/catalogue";
import { programsOnPath } from "../../lab/tools/path";
import { Machine } from "../tools/fakes";

describe("the tools of real nodes", () => {
  let machine: Machine;
  const log = () => undefined;

  beforeEach(() => {
    machine = new Machine();
  });

  afterEach(() => machine.remove());

  it("are built apart from the control plane, from the same sources", async () => {
    machine.addGo();
    const { kubelet } = await ensureTools(["kubelet", "kube-proxy"], { log });
    assert.match(kubelet, /\/kubernetes-node-1\.\d+\.\d+-[0-9a-f]{12}\/bin\/kubelet$/);
    assert.equal(machine.builds().length, 1);
    assert.doesNotMatch(machine.builds()[0] ?? "", /kube-apiserver/);
    const { "kube-apiserver": apiServer } = await ensureTools(["kube-apiserver"], { log });
    assert.match(apiServer, /\/kubernetes-1\.\d+\.\d+-[0-9a-f]{12}\/bin\/kube-apiserver$/);
    assert.doesNotMatch(machine.builds()[1] ?? "", /kubelet/);
  });

  it("are not taken from PATH when they are newer than the control plane", async () => {
    machine.addGo();
    for (const name of ["kubelet", "kube-proxy"]) machine.addVersion(name, "Kubernetes v1.35.0");
    const { kubelet } = await ensureTools(["kubelet", "kube-proxy"], { log });
    assert.ok(kubelet.startsWith(machine.tools));
  });

  it("never come from PATH when they are of our own", () => {
    machine.addVersion("pause", "v1.0.0");
    assert.deepEqual(programsOnPath(moduleOf("pause")), {});
  });

  it("are found without being built", async () => {
    machine.addGo();
    const coredns = machine.addVersion("coredns", "CoreDNS-1.14.6");
    assert.deepEqual(findTools(["coredns", "pause"]), { coredns });
    assert.deepEqual(machine.builds(), []);
    const { pause } = await ensureTools(["pause"], { log });
    assert.deepEqual(findTools(["coredns", "pause"]), { coredns, pause });
  });

  it("have another name in the cache when a source of our own changes, and not for a list of tools", () => {
    const folder = machine.addModule();
    const module = { directory: "pause", version: "1.0.0", packages: { pause: "example.com/pause" } };
    const key = () => cacheKey(module, folder, "go1.26.1");
    const before = key();
    writeFileSync(join(folder, "tools.go"), "package tools");
    assert.equal(key(), before);
    writeFileSync(join(folder, "main.go"), "package main");
    const first = key();
    assert.notEqual(first, before);
    writeFileSync(join(folder, "main.go"), "package main // changed");
    assert.notEqual(key(), first);
  });

  it("are given up when the signal is aborted, and leave nothing half built", async () => {
    machine.addGo("go1.99.0", "sleep 5");
    const building = ensureTools(["pause"], { log, signal: AbortSignal.timeout(300) });
    await assert.rejects(building, { name: "TimeoutError" });
    assert.deepEqual(findTools(["pause"]), {});
  });
});
