/** Real processes in temporary state folders. Takes minutes; `units.test.ts` has what needs no cluster. */
import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { controlPlaneTools, resetLab, startControlPlane, statusOf, stopLab } from "../../lab/controlplane";
import { call } from "../../lab/controlplane/client";
import { ensurePki, Pki } from "../../lab/controlplane/certificates";
import { ensurePart, readRecords } from "../../lab/parts/part";
import { etcd } from "../../lab/controlplane/parts";
import { readPorts, type Ports } from "../../lab/parts/ports";
import { findMarked, isAlive } from "../../lab/parts/process";
import { simulatedNodeTools, startSimulatedNodes } from "../../lab/nodes/simulated";
import { openState, type LabState } from "../../lab/state";
import { ensureTools } from "../../lab/tools";
import { workloads } from "./workloads";

const cli = join(__dirname, "..", "..", "lab", "cli.ts");
const silent = () => undefined;
const names = [...controlPlaneTools, ...simulatedNodeTools, "kubectl" as const];

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

describe("a lab", function () {
  this.timeout(180_000);
  const states: LabState[] = [];
  let tools: Record<(typeof names)[number], string>;

  before(async function () {
    this.timeout(1_800_000);
    tools = await ensureTools(names);
  });
  after(async () => {
    for (const state of states) {
      await stopLab(state, { log: silent });
      rmSync(state.directory, { recursive: true, force: true });
    }
  });

  function newState(): LabState {
    const state = openState(mkdtempSync(join(tmpdir(), "bilten-lab-")));
    states.push(state);
    return state;
  }
  const startPlane = (state: LabState) =>
    startControlPlane({ stateDir: state.directory, tools, log: silent });
  async function start(state: LabState) {
    const controlPlane = await startPlane(state);
    const nodes = await startSimulatedNodes({ controlPlane, tools, log: silent });
    return { controlPlane, started: [...controlPlane.started, ...nodes.started] };
  }
  function run(
    program: string,
    args: string[],
    env: Record<string, string> = {},
    input = "",
  ): Promise<Result> {
    return new Promise((resolve) => {
      const child = execFile(program, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
      });
      child.stdin?.end(input);
    });
  }
  const kubectl = (state: LabState, args: string[], input?: string) =>
    run(tools.kubectl, args, { KUBECONFIG: state.kubeconfig }, input);
  async function succeeds(state: LabState, args: string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await kubectl(state, args, input);
    assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }
  const cliArgs = (state: LabState, ...args: string[]) => [
    "--import",
    "tsx",
    cli,
    "--state-dir",
    state.directory,
    ...args,
  ];
  const lab = (state: LabState, ...args: string[]) => run(process.execPath, cliArgs(state, ...args));
  const recordOf = (state: LabState, name: string) =>
    readRecords(state).find((record) => record.name === name)!;

  describe("that runs", () => {
    let state: LabState;

    before(async () => {
      state = newState();
      await start(state);
    });

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
      const { stdout } = await kubectl(state, [
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
      await assert.rejects(
        call(url, { caFile: etcd.caFile, certFile: `${kwok}.crt`, keyFile: `${kwok}.key` }),
      );
      assert.equal((await call(url, etcd)).status, 200);
    });

    it("refuses a privileged pod in a namespace that enforces the restricted level", async () => {
      await succeeds(state, ["create", "namespace", "strict"]);
      await succeeds(state, [
        "label",
        "namespace",
        "strict",
        "pod-security.kubernetes.io/enforce=restricted",
      ]);
      const { code, stderr } = await kubectl(state, [
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
      assert.deepEqual((await start(state)).started, []);
    });

    describe("with workloads", () => {
      const ns = ["-n", "work"];
      before(async () => {
        await succeeds(state, ["create", "namespace", "work"]);
        await succeeds(
          state,
          ["apply", ...ns, "-f", "-"],
          workloads.map((object) => stringify(object)).join("---\n"),
        );
      });

      for (const workload of ["deployment/web", "statefulset/store", "daemonset/agent"]) {
        it(`makes ${workload} ready`, async () => {
          await succeeds(state, ["rollout", "status", ...ns, workload, "--timeout=30s"]);
        });
      }

      it("completes a Job, and only a Job's pods", async () => {
        await succeeds(state, ["wait", ...ns, "--for=condition=complete", "job/once", "--timeout=30s"]);
        const phases = await succeeds(state, [
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
        const nodes = await succeeds(state, [
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
          succeeds(state, [
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
        const claims = await succeeds(state, [
          "get",
          "pvc",
          ...ns,
          "-o",
          "jsonpath={.items[*].status.phase}",
        ]);
        assert.equal(claims, "Bound Bound");
        const volume = await succeeds(state, [
          "get",
          "pvc",
          ...ns,
          "data-store-1",
          "-o",
          "jsonpath={.spec.volumeName}",
        ]);
        await succeeds(state, ["scale", ...ns, "statefulset/store", "--replicas=1"]);
        await succeeds(state, ["wait", ...ns, "--for=delete", "pod/store-1", "--timeout=30s"]);
        await succeeds(state, ["delete", ...ns, "pvc/data-store-1", "--timeout=30s"]);
        await succeeds(state, ["wait", "--for=delete", `pv/${volume}`, "--timeout=30s"]);
      });

      it("removes a deleted Deployment's pods", async () => {
        await succeeds(state, ["delete", ...ns, "deployment/web"]);
        await succeeds(state, ["wait", ...ns, "--for=delete", "pods", "-l", "app=web", "--timeout=30s"]);
      });

      it("finishes the deletion of their namespace", async () => {
        await succeeds(state, ["delete", "namespace", "work", "--timeout=90s"]);
        assert.equal((await succeeds(state, ["get", "pv", "-o", "name"])).trim(), "");
      });
    });

    it("is healed by the next start after a kill -9 of its API server", async () => {
      const before = recordOf(state, "kube-apiserver");
      process.kill(before.pid, "SIGKILL");
      while (isAlive(before)) await sleep(20);
      assert.equal((await lab(state, "status")).code, 3);
      const { started } = await start(state);
      assert.deepEqual(started, ["kube-apiserver"]);
      assert.ok((await statusOf(state)).every((part) => part.state === "healthy"));
    });

    it("ends a process whose record was lost, and starts it anew", async function () {
      if (process.platform !== "linux") return this.skip();
      const lost = recordOf(state, "kube-scheduler");
      rmSync(join(state.run, "kube-scheduler.json"));
      assert.deepEqual((await start(state)).started, ["kube-scheduler"]);
      assert.ok(!isAlive(lost));
    });

    it("stops with nothing left, and keeps its data for the next start, even when a port was taken", async () => {
      await succeeds(state, ["create", "configmap", "kept", "--from-literal=a=b"]);
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
        await start(state);
      } finally {
        foreign.close();
      }
      assert.notEqual(readPorts(state)["kube-apiserver"], port);
      assert.equal(await succeeds(state, ["get", "configmap", "kept", "-o", "jsonpath={.data.a}"]), "b");
    });

    it("makes pods ready at once also after a stop and a start", async () => {
      await succeeds(state, ["run", "late", "--image=example.test/late:1"]);
      await succeeds(state, ["wait", "--for=condition=Ready", "pod/late", "--timeout=5s"]);
    });

    it("stands beside another one", async () => {
      const other = newState();
      await start(other);
      assert.ok((await statusOf(other)).every((part) => part.state === "healthy"));
      const { code } = await kubectl(other, ["get", "configmap", "kept"]);
      assert.equal(code, 1);
      await resetLab(other.directory, { log: silent });
      assert.ok(!existsSync(other.directory));
      assert.deepEqual(findMarked(other.directory), []);
      assert.ok((await statusOf(state)).every((part) => part.state === "healthy"));
    });
  });

  describe("that is interrupted while it starts", () => {
    async function startUntil(state: LabState, part: string): Promise<ChildProcess> {
      const child = spawn(process.execPath, cliArgs(state, "start"), { stdio: "ignore" });
      while (!recordOf(state, part)) {
        assert.equal(child.exitCode, null);
        await sleep(20);
      }
      return child;
    }
    const exitOf = (child: ChildProcess) =>
      new Promise<number | null>((resolve) =>
        child.exitCode === null ? child.on("exit", resolve) : resolve(child.exitCode),
      );

    it("by Ctrl-C leaves nothing running", async () => {
      const state = newState();
      const child = await startUntil(state, "kube-apiserver");
      child.kill("SIGINT");
      assert.equal(await exitOf(child), 130);
      assert.deepEqual(findMarked(state.directory), []);
      assert.deepEqual(readRecords(state), []);
    });

    it("by kill -9 leaves nothing that stop does not find, nor a lock that nobody holds", async () => {
      const state = newState();
      const child = await startUntil(state, "kube-apiserver");
      child.kill("SIGKILL");
      await exitOf(child);
      assert.equal((await lab(state, "stop")).code, 0);
      assert.deepEqual(findMarked(state.directory), []);
    });
  });

  it("takes other ports when a part finds that its own were taken in the last moment", async () => {
    const state = newState();
    const { pki } = await ensurePki(state.pki);
    const script = join(state.directory, "etcd-that-fails-once");
    const refusal = 'echo "listen tcp 127.0.0.1:1: bind: address already in use" >&2; exit 1';
    const lines = ["#!/bin/sh", `test -e failed || { touch failed; ${refusal}; }`, `exec ${tools.etcd} "$@"`];
    writeFileSync(script, `${lines.join("\n")}\n`, { mode: 0o700 });
    const ports: number[] = [];
    const spec = (chosen: Ports) => {
      ports.push(chosen.etcd!);
      return etcd({ state, pki, tools: { ...tools, etcd: script } }, chosen);
    };
    assert.ok(await ensurePart({ state, portNames: ["etcd", "etcd-peer"], spec, log: silent }));
    assert.equal(new Set(ports).size, 2);
    assert.equal(readPorts(state).etcd, ports.at(-1));
  });

  it("whose part cannot start says why, and leaves nothing running", async () => {
    const state = newState();
    const broken = { ...tools, "kube-apiserver": process.execPath };
    await assert.rejects(
      startControlPlane({ stateDir: state.directory, tools: broken, log: silent }),
      (error: Error) => {
        assert.match(error.message, /kube-apiserver does not start: ended with code 9/);
        assert.match(error.message, /bad option/);
        return true;
      },
    );
    assert.deepEqual(findMarked(state.directory), []);
    assert.match(readFileSync(join(state.logs, "kube-apiserver.log"), "utf8"), /bad option/);
  });
});
