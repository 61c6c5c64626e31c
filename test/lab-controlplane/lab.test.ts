/** A control plane with simulated nodes. Takes a minute; `units.test.ts` has what needs no cluster. Each test goes on from the one before. */
import assert from "node:assert/strict";
import { existsSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { controlPlaneTools, resetLab, statusOf } from "../../lab/controlplane";
import { Pki } from "../../lab/controlplane/certificates";
import { call } from "../../lab/controlplane/client";
import { simulatedNodeTools } from "../../lab/nodes/simulated";
import { readRecords } from "../../lab/parts/part";
import { readPorts } from "../../lab/parts/ports";
import { findMarked, isAlive } from "../../lab/parts/process";
import type { LabState } from "../../lab/state";
import { lab, Labs, recordOf, silent } from "./lab";
import { workloads } from "./workloads";

describe("a lab that runs", function () {
  this.timeout(180_000);
  let labs: Labs;
  let state: LabState;

  before(async function () {
    this.timeout(1_800_000);
    labs = await Labs.withTools();
    state = labs.newState();
    await labs.start(state);
  });
  after(() => labs?.remove());

  it("is healthy in all its parts, and says so with exit code 0", async () => {
    const { code, stdout } = await lab(state, "status", "--json");
    const { parts, running } = JSON.parse(stdout) as {
      parts: { name: string; state: string }[];
      running: boolean;
    };
    assert.equal(code, 0);
    assert.ok(running);
    assert.deepEqual(
      parts.map((part) => part.name).sort(),
      [...controlPlaneTools, ...simulatedNodeTools].sort(),
    );
    assert.ok(parts.every((part) => part.state === "healthy"));
  });

  it("keeps its keys and its kubeconfig from other users", () => {
    assert.equal(statSync(state.kubeconfig).mode & 0o777, 0o600);
    assert.equal(statSync(state.directory).mode & 0o777, 0o700);
  });

  it("answers nobody who does not say who he is", async () => {
    const { caFile } = new Pki(state.pki).credentials("admin");
    const answer = await call(`https://127.0.0.1:${readPorts(state)["kube-apiserver"]}/api/v1/namespaces`, {
      caFile,
    });
    assert.equal(answer.status, 401);
  });

  it("gives a service account no rights that nobody has granted", async () => {
    const { stdout } = await labs.kubectl(state, [
      "auth",
      "can-i",
      "get",
      "secrets",
      "--as=system:serviceaccount:default:default",
    ]);
    assert.equal(stdout.trim(), "no");
  });

  it("refuses etcd to the API server's clients", async () => {
    const kwok = join(state.pki, "kwok");
    const url = `https://127.0.0.1:${readPorts(state).etcd}/health`;
    const etcd = new Pki(state.pki).credentials("etcd-client");
    await assert.rejects(call(url, { caFile: etcd.caFile, certFile: `${kwok}.crt`, keyFile: `${kwok}.key` }));
    assert.equal((await call(url, etcd)).status, 200);
  });

  it("refuses a privileged pod in a namespace that enforces the restricted level", async () => {
    await labs.succeeds(state, ["create", "namespace", "strict"]);
    await labs.succeeds(state, [
      "label",
      "namespace",
      "strict",
      "pod-security.kubernetes.io/enforce=restricted",
    ]);
    const { code, stderr } = await labs.kubectl(state, [
      "run",
      "pod",
      "-n",
      "strict",
      "--image=any",
      "--privileged",
    ]);
    assert.notEqual(code, 0);
    assert.match(stderr, /violates PodSecurity "restricted/);
  });

  it("passes arguments to kubectl, and its exit code on", async () => {
    const { code, stdout } = await lab(
      state,
      "kubectl",
      "get",
      "nodes",
      "-o",
      "name",
      "--sort-by=.metadata.name",
    );
    assert.equal(code, 0);
    assert.deepEqual(
      stdout.trim().split("\n"),
      ["a", "b", "c"].map((zone) => `node/simulated-${zone}`),
    );
    assert.equal((await lab(state, "kubectl", "get", "pods", "--help")).code, 0);
    assert.equal((await lab(state, "kubectl", "get", "nothing")).code, 1);
  });

  it("shows a part's log, and names the parts when asked for another", async () => {
    assert.match((await lab(state, "logs", "kwok", "-n", "5")).stdout, /./);
    assert.match((await lab(state, "logs", "nothing")).stderr, /there are .*kube-apiserver/);
  });

  it("starts nothing a second time", async () => {
    assert.deepEqual((await labs.start(state)).started, []);
  });

  describe("with workloads", () => {
    const ns = ["-n", "work"];
    before(async () => {
      await labs.succeeds(state, ["create", "namespace", "work"]);
      await labs.succeeds(
        state,
        ["apply", ...ns, "-f", "-"],
        workloads.map((object) => stringify(object)).join("---\n"),
      );
    });

    for (const workload of ["deployment/web", "statefulset/store", "daemonset/agent"]) {
      it(`makes ${workload} ready`, async () => {
        await labs.succeeds(state, ["rollout", "status", ...ns, workload, "--timeout=30s"]);
      });
    }

    it("completes a Job, and only a Job's pods", async () => {
      await labs.succeeds(state, ["wait", ...ns, "--for=condition=complete", "job/once", "--timeout=30s"]);
      const phases = await labs.succeeds(state, [
        "get",
        "pods",
        ...ns,
        "-l",
        "app!=once",
        "-o",
        "jsonpath={.items[*].status.phase}",
      ]);
      assert.deepEqual([...new Set(phases.split(" "))], ["Running"]);
    });

    it("spreads replicas over zones", async () => {
      const nodes = await labs.succeeds(state, [
        "get",
        "pods",
        ...ns,
        "-l",
        "app=web",
        "-o",
        "jsonpath={.items[*].spec.nodeName}",
      ]);
      assert.equal(new Set(nodes.split(" ")).size, 3);
    });

    it("gives Services their endpoints, also from pods with the host's network", async () => {
      const path = "jsonpath={.items[*].endpoints[*].conditions.ready}";
      const endpoints = () =>
        labs.succeeds(state, [
          "get",
          "endpointslices",
          ...ns,
          "-l",
          "kubernetes.io/service-name=agent",
          "-o",
          path,
        ]);
      for (let round = 0; round < 50 && (await endpoints()) !== "true true true"; round++) await sleep(200);
      assert.equal(await endpoints(), "true true true");
    });

    it("binds a claim to a volume, and removes the volume after the claim", async () => {
      const claims = await labs.succeeds(state, [
        "get",
        "pvc",
        ...ns,
        "-o",
        "jsonpath={.items[*].status.phase}",
      ]);
      assert.equal(claims, "Bound Bound");
      const volume = await labs.succeeds(state, [
        "get",
        "pvc",
        ...ns,
        "data-store-1",
        "-o",
        "jsonpath={.spec.volumeName}",
      ]);
      await labs.succeeds(state, ["scale", ...ns, "statefulset/store", "--replicas=1"]);
      await labs.succeeds(state, ["wait", ...ns, "--for=delete", "pod/store-1", "--timeout=30s"]);
      await labs.succeeds(state, ["delete", ...ns, "pvc/data-store-1", "--timeout=30s"]);
      await labs.succeeds(state, ["wait", "--for=delete", `pv/${volume}`, "--timeout=30s"]);
    });

    it("removes a deleted Deployment's pods", async () => {
      await labs.succeeds(state, ["delete", ...ns, "deployment/web"]);
      await labs.succeeds(state, ["wait", ...ns, "--for=delete", "pods", "-l", "app=web", "--timeout=30s"]);
    });

    it("finishes the deletion of their namespace", async () => {
      await labs.succeeds(state, ["delete", "namespace", "work", "--timeout=90s"]);
      assert.equal((await labs.succeeds(state, ["get", "pv", "-o", "name"])).trim(), "");
    });
  });

  it("is healed by the next start after a kill -9 of its API server", async () => {
    const before = recordOf(state, "kube-apiserver")!;
    process.kill(before.pid, "SIGKILL");
    while (isAlive(before)) await sleep(20);
    assert.equal((await lab(state, "status")).code, 3);
    const { started } = await labs.start(state);
    assert.deepEqual(started, ["kube-apiserver"]);
    assert.ok((await statusOf(state)).every((part) => part.state === "healthy"));
  });

  it("ends a process whose record was lost, and starts it anew", async function () {
    if (process.platform !== "linux") return this.skip();
    const lost = recordOf(state, "kube-scheduler")!;
    rmSync(join(state.run, "kube-scheduler.json"));
    assert.deepEqual((await labs.start(state)).started, ["kube-scheduler"]);
    assert.ok(!isAlive(lost));
  });

  it("stops with nothing left, and keeps its data for the next start, even when a port was taken", async () => {
    await labs.succeeds(state, ["create", "configmap", "kept", "--from-literal=a=b"]);
    const records = readRecords(state);
    const { code, stdout } = await lab(state, "stop");
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /killed/);
    assert.ok(!records.some(isAlive));
    assert.deepEqual(findMarked(state.directory), []);
    assert.equal((await lab(state, "status")).code, 3);

    const port = readPorts(state)["kube-apiserver"]!;
    const foreign = createServer();
    await new Promise<void>((resolve) => foreign.listen(port, "127.0.0.1", resolve));
    try {
      await labs.start(state);
    } finally {
      foreign.close();
    }
    assert.notEqual(readPorts(state)["kube-apiserver"], port);
    assert.equal(await labs.succeeds(state, ["get", "configmap", "kept", "-o", "jsonpath={.data.a}"]), "b");
  });

  it("makes pods ready at once also after a stop and a start", async () => {
    await labs.succeeds(state, ["run", "late", "--image=example.test/late:1"]);
    await labs.succeeds(state, ["wait", "--for=condition=Ready", "pod/late", "--timeout=5s"]);
  });

  it("stands beside another one", async () => {
    const other = labs.newState();
    await labs.start(other);
    assert.ok((await statusOf(other)).every((part) => part.state === "healthy"));
    const { code } = await labs.kubectl(other, ["get", "configmap", "kept"]);
    assert.equal(code, 1);
    await resetLab(other.directory, { log: silent });
    assert.ok(!existsSync(other.directory));
    assert.deepEqual(findMarked(other.directory), []);
    assert.ok((await statusOf(state)).every((part) => part.state === "healthy"));
  });
});
