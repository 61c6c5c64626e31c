import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePki } from "../../lab/controlplane/certificates";
import { readRecords, recordFile, stopPart } from "../../lab/parts/part";
import { choosePorts } from "../../lab/parts/ports";
import { findMarked, identify, isAlive, stateVariable, terminate } from "../../lab/parts/process";
import { resetLab, stopLab } from "../../lab/controlplane";
import { LabError, openState, withLabLock, type LabState } from "../../lab/state";

const silent = () => undefined;
const cli = join(__dirname, "..", "..", "lab", "cli.ts");

function sleeper(env: Record<string, string> = {}, script = "setInterval(() => {}, 1000)"): number {
  const options = { detached: true, stdio: "ignore", env: { PATH: process.env.PATH, ...env } } as const;
  return spawn(process.execPath, ["-e", script], options).pid!;
}

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; !condition(); round++) {
    assert.ok(round < 100, "waited 10 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe("the lab's state", () => {
  let state: LabState;
  const pids: number[] = [];

  beforeEach(() => {
    state = openState(mkdtempSync(join(tmpdir(), "bilten-lab-")));
  });
  afterEach(() => {
    for (const pid of pids.splice(0)) if (identify(pid)) process.kill(pid, "SIGKILL");
    rmSync(state.directory, { recursive: true, force: true });
  });
  const start = (...args: Parameters<typeof sleeper>) => {
    const pid = sleeper(...args);
    pids.push(pid);
    return pid;
  };

  describe("processes", () => {
    it("are known by their start, not by their id alone", () => {
      const identity = identify(start())!;
      assert.ok(isAlive(identity));
      assert.ok(!isAlive({ ...identity, start: "another" }));
    });

    it("with a recycled id are never ended", async () => {
      const pid = start();
      assert.equal(await terminate({ pid, start: "another" }, 1), "gone");
      assert.ok(identify(pid));
    });

    it("that ignore SIGTERM are killed after their time", async () => {
      const ready = join(state.directory, "ready");
      const pid = start(
        {},
        `process.on("SIGTERM", () => {}); require("fs").writeFileSync("${ready}", ""); setInterval(() => {}, 1000)`,
      );
      await until(() => readdirSync(state.directory).includes("ready"));
      assert.equal(await terminate(identify(pid)!, 0.2), "killed");
      assert.equal(identify(pid), undefined);
    });

    it("of this state folder are found without a record, those of another one are not", async function () {
      if (process.platform !== "linux") return this.skip();
      const own = start({ [stateVariable]: state.directory });
      start({ [stateVariable]: `${state.directory}-other` });
      await until(() => findMarked(state.directory).length > 0);
      assert.deepEqual(
        findMarked(state.directory).map(({ pid }) => pid),
        [own],
      );
    });

    it("without a record are ended by stop", async function () {
      if (process.platform !== "linux") return this.skip();
      const pid = start({ [stateVariable]: state.directory });
      await until(() => findMarked(state.directory).length > 0);
      await stopLab(state, { log: silent });
      assert.equal(identify(pid), undefined);
    });

    it("are ended by stop even when their folder was deleted", async function () {
      if (process.platform !== "linux") return this.skip();
      const pid = start({ [stateVariable]: state.directory });
      await until(() => findMarked(state.directory).length > 0);
      rmSync(state.directory, { recursive: true });
      await stopLab(state, { log: silent });
      assert.equal(identify(pid), undefined);
    });

    it("whose record points to somebody else's process are only forgotten", async () => {
      const pid = start();
      const record = { pid, start: "another", name: "etcd", group: "control plane", rank: 0, stopSeconds: 1 };
      writeFileSync(recordFile(state, "etcd"), JSON.stringify(record));
      await stopPart(state, readRecords(state)[0]!, silent);
      assert.ok(identify(pid));
      assert.deepEqual(readRecords(state), []);
    });
  });

  describe("ports", () => {
    it("are remembered", async () => {
      const first = await choosePorts(state, ["a", "b"]);
      assert.deepEqual(await choosePorts(state, ["a", "b"]), first);
      assert.notEqual(first.a, first.b);
    });

    it("are chosen anew when somebody has taken them", async () => {
      const first = await choosePorts(state, ["a", "b"]);
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(first.a, "127.0.0.1", resolve));
      const second = await choosePorts(state, ["a", "b"]);
      server.close();
      assert.notEqual(second.a, first.a);
      assert.equal(second.b, first.b);
    });
  });

  describe("certificates", () => {
    it("are made once, for their owner's eyes only", async () => {
      assert.ok((await ensurePki(state.pki)).made.includes("kube-apiserver"));
      assert.deepEqual((await ensurePki(state.pki)).made, []);
      for (const file of readdirSync(state.pki))
        assert.equal(statSync(join(state.pki, file)).mode & 0o777, 0o600, file);
    });

    it("are renewed before they end, by the same authority", async () => {
      const { pki } = await ensurePki(state.pki);
      const authority = readFileSync(pki.authority("ca").certFile, "utf8");
      const days = (count: number) => new Date(Date.now() + count * 24 * 3600 * 1000);
      assert.deepEqual((await ensurePki(state.pki, days(300))).made, []);
      const { made } = await ensurePki(state.pki, days(340));
      assert.ok(made.includes("admin"));
      assert.ok(!made.includes("ca") && !made.includes("service-account"));
      assert.equal(readFileSync(pki.authority("ca").certFile, "utf8"), authority);
    });

    it("are made anew when one is damaged or does not fit its key", async () => {
      const { pki } = await ensurePki(state.pki);
      writeFileSync(pki.credentials("admin").certFile, "damaged");
      writeFileSync(pki.credentials("kwok").keyFile, readFileSync(pki.credentials("etcd").keyFile));
      assert.deepEqual((await ensurePki(state.pki)).made, ["admin", "kwok"]);
    });

    it("are all made anew with a new authority", async () => {
      const { pki } = await ensurePki(state.pki);
      rmSync(pki.authority("etcd-ca").keyFile);
      assert.deepEqual((await ensurePki(state.pki)).made, ["etcd-ca", "etcd", "etcd-client"]);
    });
  });

  describe("the lock", () => {
    const options = { what: "a test", log: silent, waitSeconds: 0 };

    it("of another running process is respected, and its holder named", async () => {
      const holder = { ...identify(start())!, what: "npm start" };
      writeFileSync(join(state.directory, "lock"), JSON.stringify(holder));
      await assert.rejects(
        withLabLock(state, options, async () => assert.fail("got the lock")),
        (error) => error instanceof LabError && error.message.includes(`${holder.pid} (npm start)`),
      );
    });

    it("of a process that is gone is taken over", async () => {
      writeFileSync(
        join(state.directory, "lock"),
        JSON.stringify({ pid: process.pid, start: "another", what: "npm start" }),
      );
      assert.equal(await withLabLock(state, options, async () => "done"), "done");
    });

    it("can be nested, and is released at the end, also of a failure", async () => {
      const inner = () =>
        withLabLock(state, options, async () => readdirSync(state.directory).includes("lock"));
      assert.equal(await withLabLock(state, options, inner), true);
      await assert.rejects(withLabLock(state, options, () => Promise.reject(new Error("failed"))));
      assert.ok(!readdirSync(state.directory).includes("lock"));
    });
  });

  describe("reset", () => {
    it("refuses a folder that is no lab's", async () => {
      const folder = join(state.directory, "photos");
      mkdirSync(folder);
      writeFileSync(join(folder, "lab.json"), "{}");
      await assert.rejects(resetLab(folder, { log: silent }), LabError);
      assert.deepEqual(readdirSync(folder), ["lab.json"]);
    });

    it("removes a lab's folder", async () => {
      await resetLab(state.directory, { log: silent });
      assert.throws(() => statSync(state.directory));
    });
  });

  describe("the command line", () => {
    const run = (...args: string[]) =>
      spawnSync(
        process.execPath,
        ["--require", "./scripts/typescript.cjs", cli, "--state-dir", state.directory, ...args],
        {
          encoding: "utf8",
        },
      );

    it("says that a lab is stopped with exit code 3", () => {
      const { status, stdout } = run("status");
      assert.equal(status, 3);
      assert.match(stdout, /stopped/);
    });

    it("names the commands in its help, and refuses an unknown one", () => {
      const { stdout } = run("--help");
      for (const command of ["start", "status", "stop", "reset", "kubectl", "logs"])
        assert.match(stdout, new RegExp(`^  ${command} `, "m"));
      assert.notEqual(run("restart").status, 0);
    });

    it("says what to do when kubectl is used before the first start", () => {
      const { status, stderr } = run("kubectl", "get", "pods");
      assert.equal(status, 1);
      assert.equal(stderr, "The lab has never been started here. Start it with: npm start\n");
    });
  });
});
