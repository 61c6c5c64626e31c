import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { missed, ratio, statistics, table, toJson, type Result } from "../../scripts/bench/figures";
import { measurements } from "../../scripts/bench/measurements";
import { isProgramHost, peakOf } from "../../scripts/bench/memory";
import { select, take, type Measurement, type Values } from "../../scripts/bench/runs";

const figure = { name: "preview", title: "pulumi preview", unit: "s", goal: 6 } as const;
const result = (...values: number[]): Result => ({ ...figure, values, load: 1.25 });

describe("the statistics of runs", () => {
  it("have the middle value, whatever the order, and the ends", () => {
    assert.deepEqual(statistics([10, 9, 2]), { min: 2, median: 9, max: 10 });
  });

  it("have the mean of the two in the middle of an even number", () => {
    assert.deepEqual(statistics([4, 1, 3, 100]), { min: 1, median: 3.5, max: 100 });
  });

  it("leave the values in the order of the runs", () => {
    const values = [3, 1, 2];
    statistics(values);
    assert.deepEqual(values, [3, 1, 2]);
  });

  it("are refused without values", () => assert.throws(() => statistics([]), RangeError));
});

describe("a figure and its goal", () => {
  it("compare by the median: one slow run misses nothing", () => {
    assert.equal(ratio(result(3, 3, 60)), 0.5);
    assert.deepEqual(missed([result(3, 3, 60)]), []);
  });

  it("miss when the median is the goal or above", () => {
    const [at, above] = [result(6), result(6.1, 6.2)];
    assert.deepEqual(missed([at, result(5.9), above]), [at, above]);
  });

  it("neither reach nor miss without values", () => {
    assert.equal(ratio(result()), undefined);
    assert.deepEqual(missed([result()]), []);
  });
});

describe("the table of figures", () => {
  it("has a line for each, with goal, ratio, load and what it is", () => {
    assert.deepEqual(table([result(3, 4, 2)]), [
      "figure   goal  median  ratio     min     max  runs  load  what",
      "preview   6 s  3.00 s   0.50  2.00 s  4.00 s     3   1.3  pulumi preview",
    ]);
  });

  it("shows memory in whole megabytes", () => {
    const memory: Result = { ...result(230.4, 231.6), unit: "MB", goal: 500 };
    assert.match(table([memory])[1] ?? "", /500 MB +231 MB +0\.46 +230 MB +232 MB/);
  });

  it("says why there is nothing to show", () => {
    const line = table([{ ...result(), reason: "needs Linux' /proc" }])[1] ?? "";
    assert.match(line, /6 s +- +- +- +- +0 .* pulumi preview \(needs Linux' \/proc\)$/);
  });

  it("is JSON for programs, with all values", () => {
    const json = JSON.parse(toJson({ cores: 2 }, [result(3, 4, 2), result()])) as object;
    assert.deepEqual(json, {
      machine: { cores: 2 },
      figures: [
        { ...figure, values: [3, 4, 2], load: 1.25, min: 2, median: 3, max: 4, ratio: 0.5 },
        { ...figure, values: [], load: 1.25 },
      ],
    });
  });
});

describe("taking measurements", () => {
  const measurement = (name: string, run: () => Promise<Values<string>>): Measurement<object> => ({
    figures: [{ ...figure, name }],
    run,
  });
  const lines: string[] = [];
  const options = {
    context: {},
    runs: 3,
    log: (line: string) => void lines.push(line),
    signal: new AbortController().signal,
  };

  beforeEach(() => void (lines.length = 0));

  it("runs each as often as it is told, and tells of each run", async () => {
    let count = 0;
    const counting = measurement("a", () => Promise.resolve({ a: ++count }));
    const { results, failures } = await take([counting], options);
    assert.deepEqual(results[0]?.values, [1, 2, 3]);
    assert.equal(failures, 0);
    assert.deepEqual(lines, ["1 of 3: a 1.00 s", "2 of 3: a 2.00 s", "3 of 3: a 3.00 s"]);
  });

  it("prepares once, and not as part of a run", async () => {
    const calls: string[] = [];
    const run = () => Promise.resolve({ a: calls.push("run") });
    const prepare = () => Promise.resolve(void calls.push("prepare"));
    await take([{ ...measurement("a", run), prepare }], options);
    assert.deepEqual(calls, ["prepare", "run", "run", "run"]);
  });

  it("goes on after one that fails, and has no values of that one", async () => {
    let count = 0;
    const failing = measurement("a", () =>
      ++count < 2 ? Promise.resolve({ a: 1 }) : Promise.reject(new Error("no cluster\nat all")),
    );
    const sound = measurement("b", () => Promise.resolve({ b: 1 }));
    const { results, failures } = await take([failing, sound], options);
    assert.equal(failures, 1);
    assert.deepEqual(
      results.map(({ name, values, reason }) => [name, values, reason]),
      [
        ["a", [], "failed, as told above"],
        ["b", [1, 1, 1], undefined],
      ],
    );
    assert.ok(lines.includes("Failed: no cluster\nat all"));
  });

  it("takes a text for what cannot be measured here, which is no failure", async () => {
    const { results, failures } = await take(
      [measurement("a", () => Promise.resolve({ a: "needs /proc" }))],
      options,
    );
    assert.deepEqual([results[0]?.values, results[0]?.reason, failures], [[], "needs /proc", 0]);
  });

  it("fails a measurement that does not yield what it promises", async () => {
    const { failures } = await take([measurement("a", () => Promise.resolve({ b: 1 }))], options);
    assert.equal(failures, 1);
    assert.match(lines[0] ?? "", /yields no a/);
  });

  it("ends when it is interrupted, also within a run", async () => {
    for (const settle of [() => Promise.resolve({ a: 1 }), () => Promise.reject(new Error("killed"))]) {
      const controller = new AbortController();
      const reason = new Error("Interrupted.");
      let count = 0;
      const interrupted = measurement("a", () => {
        count++;
        controller.abort(reason);
        return settle();
      });
      await assert.rejects(take([interrupted], { ...options, signal: controller.signal }), reason);
      assert.equal(count, 1);
    }
  });
});

describe("the choice of measurements", () => {
  it("is all of them without names", () =>
    assert.equal(select(measurements, []).length, measurements.length));

  it("is those that yield the named figures", () => {
    const names = select(measurements, ["preview-memory", "control-plane"]).map(({ figures }) =>
      figures.map(({ name }) => name),
    );
    assert.deepEqual(names, [["control-plane"], ["preview", "preview-memory"]]);
  });

  it("names those that there are when one is unknown", () => {
    assert.throws(
      () => select(measurements, ["start", "preveiw"]),
      /no preveiw\. There are: .*control-plane.*preview/,
    );
  });

  it("has a name of its own for each figure", () => {
    const names = measurements.flatMap(({ figures }) => figures.map(({ name }) => name));
    assert.equal(new Set(names).size, names.length);
  });
});

describe("the memory of a program", () => {
  it("is the peak that the kernel keeps, in bytes", () => {
    assert.equal(peakOf("VmPeak:\t 9 kB\nVmHWM:\t  225088 kB\nVmRSS:\t 100 kB\n"), 225088 * 1024);
    assert.equal(peakOf("Name:\tkthreadd\n"), undefined);
  });

  it("is that of the SDK's process, not of the engine, the language host or a plugin", () => {
    const host = "/c/node_modules/@pulumi/pulumi/cmd/run/index.js";
    assert.ok(isProgramHost(["/usr/bin/node", host, "--monitor", "127.0.0.1:1", "."]));
    for (const other of [
      ["/t/bin/pulumi", "preview", "--stack", "dev"],
      ["/t/bin/pulumi-language-nodejs", "127.0.0.1:1"],
      ["/usr/bin/node", "/s/stand-ins/kubernetes-0a1b.cjs", "4.34.2"],
    ])
      assert.ok(!isProgramHost(other), other.join(" "));
  });
});

describe("npm run bench", function () {
  this.timeout(30_000);

  function bench(...args: string[]) {
    const project = join(__dirname, "..", "..");
    const command = ["--require", "./scripts/typescript.cjs", join(project, "scripts", "bench.ts"), ...args];
    return spawnSync(process.execPath, command, { cwd: project, encoding: "utf8" });
  }

  it("explains itself, with the names of all figures", () => {
    const { status, stdout } = bench("--help");
    assert.equal(status, 0);
    for (const { name } of measurements.flatMap(({ figures }) => figures))
      assert.ok(stdout.includes(name), name);
  });

  it("refuses what it does not know before it measures anything", () => {
    const { status, stdout, stderr } = bench("--only", "nonsense");
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^--only: there is no nonsense\. There are: /);
    assert.equal(bench("--runs", "0").status, 1);
  });
});
