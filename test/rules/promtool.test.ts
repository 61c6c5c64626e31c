import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { ensureTools } from "../../lab/tools";
import { promtoolTests } from "./alertCase";
import { CASE_FILES } from "./cases";
import { type Subject, SUBJECTS } from "./groups";

const run = promisify(execFile);

describe("the rules, as promtool sees them", function () {
  let promtool: string;
  let folder: string;

  before(async function () {
    this.timeout(15 * 60_000); // the first time, promtool is built
    ({ promtool } = await ensureTools(["promtool"]));
    folder = await mkdtemp(join(tmpdir(), "bilten-rules-"));
    for (const [subject, groups] of Object.entries(SUBJECTS)) {
      await writeFile(join(folder, `${subject}.yml`), stringify({ groups }));
    }
  });

  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** What promtool prints; it is what a reader of a failed test needs. */
  async function check(args: string[]): Promise<void> {
    try {
      // It lives for seconds: collecting its garbage less often saves a sixth of its time.
      await run(promtool, args, { cwd: folder, env: { ...process.env, GOGC: "400" } });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      assert.fail(`promtool ${args.join(" ")}\n${stdout}\n${stderr}`);
    }
  }

  for (const subject of Object.keys(SUBJECTS)) {
    it(`are valid and without complaint of the linter: ${subject}`, async function () {
      this.timeout(20_000);
      await check(["check", "rules", "--lint=all", "--lint-fatal", `${subject}.yml`]);
    });
  }

  it("are refused when a group is malformed, so that the checks above mean something", async function () {
    this.timeout(20_000);
    const rules = [{ alert: "Broken", expr: "sum by (service (up)" }];
    await writeFile(join(folder, "broken.yml"), stringify({ groups: [{ name: "broken", rules }] }));
    await assert.rejects(check(["check", "rules", "broken.yml"]), /could not parse expression/);
  });

  for (const [name, file] of Object.entries(CASE_FILES)) {
    it(`raise and withhold their alerts as the cases say: ${name} (${file.cases.length} cases)`, async function () {
      this.timeout(60_000);
      const groups = SUBJECTS[file.subject as Subject];
      const tests = promtoolTests(file, (alert) => `${name}.${alert}.yml`, groups);
      for (const { alert, groups: needed, test } of tests) {
        await writeFile(join(folder, `${name}.${alert}.yml`), stringify({ groups: needed }));
        await writeFile(join(folder, `${name}.${alert}.test.yml`), stringify(test));
      }
      await check(["test", "rules", ...tests.map(({ alert }) => `${name}.${alert}.test.yml`)]);
    });
  }
});
