/** Starts of a control plane that are interrupted, or fail. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startControlPlane, statusOf } from "../../lab/controlplane";
import { ensurePki } from "../../lab/controlplane/certificates";
import { etcd } from "../../lab/controlplane/parts";
import { ensurePart, readRecords } from "../../lab/parts/part";
import { readPorts, type Ports } from "../../lab/parts/ports";
import { findMarked } from "../../lab/parts/process";
import type { LabState } from "../../lab/state";
import { cliArgs, lab, Labs, recordOf, silent } from "./lab";

describe("a lab", function () {
  this.timeout(180_000);
  let labs: Labs;
  before(async function () {
    this.timeout(1_800_000);
    labs = await Labs.withTools();
  });
  after(() => labs?.remove());

  async function startUntil(state: LabState, part: string, ...args: string[]): Promise<ChildProcess> {
    const child = spawn(process.execPath, cliArgs(state, "start", ...args), { stdio: "ignore" });
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

  it("comes up though its storage stands still for longer than a request waits for its answer", async () => {
    const state = labs.newState();
    const child = await startUntil(state, "kwok", "--no-stack", "--simulated");
    const { pid } = recordOf(state, "etcd")!;
    process.kill(pid, "SIGSTOP");
    await sleep(12_000);
    process.kill(pid, "SIGCONT");
    assert.equal(await exitOf(child), 0);
    assert.ok((await statusOf(state)).every((part) => part.state === "healthy"));
  });

  describe("that is interrupted while it starts", () => {
    it("by Ctrl-C leaves nothing running", async () => {
      const state = labs.newState();
      const child = await startUntil(state, "kube-apiserver");
      child.kill("SIGINT");
      assert.equal(await exitOf(child), 130);
      assert.deepEqual(findMarked(state.directory), []);
      assert.deepEqual(readRecords(state), []);
    });

    it("by kill -9 leaves nothing that stop does not find, nor a lock that nobody holds", async () => {
      const state = labs.newState();
      const child = await startUntil(state, "kube-apiserver");
      child.kill("SIGKILL");
      await exitOf(child);
      assert.equal((await lab(state, "stop")).code, 0);
      assert.deepEqual(findMarked(state.directory), []);
    });
  });

  it("takes other ports when a part finds that its own were taken in the last moment", async () => {
    const state = labs.newState();
    const { pki } = await ensurePki(state.pki);
    const script = join(state.directory, "etcd-that-fails-once");
    const refusal = 'echo "listen tcp 127.0.0.1:1: bind: address already in use" >&2; exit 1';
    const lines = [
      "#!/bin/sh",
      `test -e failed || { touch failed; ${refusal}; }`,
      `exec ${labs.tools.etcd} "$@"`,
    ];
    writeFileSync(script, `${lines.join("\n")}\n`, { mode: 0o700 });
    const ports: number[] = [];
    const spec = (chosen: Ports) => {
      ports.push(chosen.etcd!);
      return etcd({ state, pki, tools: { ...labs.tools, etcd: script } }, chosen);
    };
    assert.ok(await ensurePart({ state, portNames: ["etcd", "etcd-peer"], spec, log: silent }));
    assert.equal(new Set(ports).size, 2);
    assert.equal(readPorts(state).etcd, ports.at(-1));
  });

  it("whose part cannot start says why, and leaves nothing running", async () => {
    const state = labs.newState();
    const broken = { ...labs.tools, "kube-apiserver": process.execPath };
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
