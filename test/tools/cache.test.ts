import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cachedPrograms, cacheKey, pruneCache, toolsDirectory, withLock } from "../../lab/tools/cache";
import { Machine, twoPrograms } from "./fakes";

/** A process id that no process has: beyond what Linux gives. */
const nobody = 2 ** 22 + 1;

describe("the cache of built tools", () => {
  let machine: Machine;

  beforeEach(() => {
    machine = new Machine();
  });

  afterEach(() => machine.remove());

  describe("names an entry", () => {
    const go = "go1.26.1";

    it("the same for the same module, wherever it stands", () => {
      const [one, other] = [machine.addModule(), machine.addModule()];
      assert.equal(cacheKey(twoPrograms, one, go), cacheKey(twoPrograms, other, go));
    });

    it("after the module and its version, so that people know it", () => {
      assert.match(cacheKey(twoPrograms, machine.addModule(), go), /^prometheus-3\.14\.0-[0-9a-f]{12}$/);
    });

    const folder = () => machine.addModule();
    const changes: Record<string, () => string> = {
      "go.sum changes": () => cacheKey(twoPrograms, machine.addModule("1.25.0", "a v1.0.1 h1:b=\n"), go),
      "go.mod changes": () => cacheKey(twoPrograms, machine.addModule("1.26.0"), go),
      "the compiler's version changes": () => cacheKey(twoPrograms, folder(), "go1.26.2"),
      "a build tag is added": () => cacheKey({ ...twoPrograms, tags: ["t"] }, folder(), go),
      "a linker setting changes": () => cacheKey({ ...twoPrograms, stamps: ["a.B=c"] }, folder(), go),
      "a program is added": () => {
        const packages = { ...twoPrograms.packages, amtool: "example.com/amtool" };
        return cacheKey({ ...twoPrograms, packages }, folder(), go);
      },
    };
    for (const [change, keyAfter] of Object.entries(changes))
      it(`otherwise when ${change}`, () => {
        assert.notEqual(keyAfter(), cacheKey(twoPrograms, folder(), go));
      });
  });

  it("has an entry only when all of its programs are there", () => {
    const bin = join(toolsDirectory(), "key", "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "promtool"), "");
    assert.equal(cachedPrograms(twoPrograms, "key"), undefined);
    writeFileSync(join(bin, "prometheus"), "");
    assert.deepEqual(cachedPrograms(twoPrograms, "key"), {
      promtool: join(bin, "promtool"),
      prometheus: join(bin, "prometheus"),
    });
  });

  it("is in the folder that XDG_CACHE_HOME names", () => {
    assert.equal(toolsDirectory(), machine.tools);
  });

  it("is pruned of what is not in use and of what interrupted builds left", () => {
    assert.deepEqual(pruneCache(["kept"]), []);
    for (const entry of ["kept", "old", ".building-a"])
      mkdirSync(join(machine.tools, entry), { recursive: true });
    assert.deepEqual(pruneCache(["kept"]).sort(), [".building-a", "old"]);
    assert.deepEqual(readdirSync(machine.tools), ["kept"]);
  });

  describe("has a lock", () => {
    it("that lets one in at a time, and the next when it is done", async () => {
      const events: string[] = [];
      const work = (name: string) => () =>
        withLock(
          "key",
          () => events.push(`${name} waits`),
          async () => {
            events.push(`${name} begins`);
            await sleep(50);
            events.push(`${name} ends`);
          },
        );
      await Promise.all([work("a")(), work("b")()]);
      assert.deepEqual(events, ["a begins", "b waits", "a ends", "b begins", "b ends"]);
    });

    it("that is given back when the work fails", async () => {
      const failing = withLock(
        "key",
        () => undefined,
        () => Promise.reject(new Error("failed")),
      );
      await assert.rejects(failing, /failed/);
      assert.ok(!existsSync(join(machine.tools, "key.lock")));
    });

    it("that is taken over from a process that is gone", async () => {
      mkdirSync(machine.tools, { recursive: true });
      writeFileSync(join(machine.tools, "key.lock"), String(nobody));
      const result = await withLock(
        "key",
        () => undefined,
        () => Promise.resolve("done"),
      );
      assert.equal(result, "done");
    });
  });
});
