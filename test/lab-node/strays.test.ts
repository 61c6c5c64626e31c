/** Which processes of a lab nobody looks after. Real processes, but no cluster. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordFile } from "../../lab/parts/part";
import { findMarked, identify, programOf, stateVariable } from "../../lab/parts/process";
import { findStrays, stopStrays } from "../../lab/parts/strays";
import { openState, type LabState } from "../../lab/state";
import { eventually } from "./lab";

(process.platform === "linux" ? describe : describe.skip)("strays of a lab", () => {
  let state: LabState;

  beforeEach(() => {
    state = openState(mkdtempSync(join(tmpdir(), "bilten-strays-")));
  });
  afterEach(() => {
    for (const { pid } of findMarked(state.directory)) process.kill(pid, "SIGKILL");
    rmSync(state.directory, { recursive: true, force: true });
  });

  /** A shell that has started a `sleep`, both with the lab's mark. */
  async function family(): Promise<{ parent: number; child: number }> {
    const file = join(state.directory, "child");
    rmSync(file, { force: true });
    const script = `sleep 100 & echo $! >'${file}.new' && mv '${file}.new' '${file}'; wait`;
    const env = { PATH: process.env.PATH, [stateVariable]: state.directory };
    const parent = spawn("sh", ["-c", script], { env, stdio: "ignore" }).pid!;
    const child = await eventually("the child", () => {
      const pid = Number(readFileSync(file, "utf8"));
      return programOf(pid) === "sleep" ? pid : undefined;
    });
    return { parent, child };
  }
  function writeRecord(pid: number, more: object = {}): void {
    writeFileSync(recordFile(state, "part"), JSON.stringify({ ...identify(pid), name: "part", ...more }));
  }
  const strays = () =>
    findStrays(state)
      .map(({ pid }) => pid)
      .sort();

  it("are all that carry its mark, when there is no record", async () => {
    const { parent, child } = await family();
    assert.deepEqual(strays(), [parent, child].sort());
  });

  it("are not what a part that runs has started, such as the programs that set firewall rules", async () => {
    const { parent } = await family();
    writeRecord(parent);
    assert.deepEqual(strays(), []);
  });

  it("are what a part that was killed has started", async () => {
    const { parent, child } = await family();
    writeRecord(parent);
    process.kill(parent, "SIGKILL");
    await eventually("its end", () => (identify(parent) ? undefined : true));
    assert.deepEqual(strays(), [child]);
  });

  it("are not what may outlive its part, as long as there is a record of that", async () => {
    const { parent, child } = await family();
    writeRecord(parent, { offspring: { cgroup: "/none", program: "sleep" } });
    process.kill(parent, "SIGKILL");
    await eventually("its end", () => (identify(parent) ? undefined : true));
    assert.deepEqual(strays(), []);
    rmSync(recordFile(state, "part"));
    assert.deepEqual(strays(), [child]);
  });

  it("are not what another command is doing that changes the lab, until that is killed", async () => {
    const { parent, child } = await family();
    writeFileSync(join(state.directory, "lock"), JSON.stringify({ ...identify(parent), what: "lab start" }));
    assert.deepEqual(strays(), []);
    process.kill(parent, "SIGKILL");
    await eventually("its end", () => (identify(parent) ? undefined : true));
    assert.deepEqual(strays(), [child]);
  });

  it("are ended with what they start while they end", async () => {
    const script = "trap 'sleep 100 & exit' TERM; while :; do sleep 0.05; done";
    const env = { PATH: process.env.PATH, [stateVariable]: state.directory };
    const { pid } = spawn("sh", ["-c", script], { env, stdio: "ignore" });
    await eventually("its loop", () =>
      findMarked(state.directory).some((found) => found.pid !== pid) ? true : undefined,
    );
    await stopStrays(state, () => undefined);
    assert.deepEqual(findMarked(state.directory), []);
  });
});
