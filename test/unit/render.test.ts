import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { renderCommand } from "../../rendering/render";

const project = join(__dirname, "..", "..");

interface Result {
  status: number | null;
  output: string;
}

async function render(...args: string[]): Promise<Result> {
  let output = "";
  const collect = (text: string) => void (output += text);
  const status = await renderCommand(args, { out: collect, error: collect });
  return { status, output };
}

function renderProcess(...args: string[]): Result {
  const command = ["--require", "./scripts/typescript.cjs", join(project, "rendering", "render.ts"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: project, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

/** Name and content of each file. */
function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((file) => [file, readFileSync(join(folder, file), "utf8")]),
  );
}

describe("npm run render", function () {
  this.timeout(60_000);
  let temporary: string;

  before(() => {
    temporary = mkdtempSync(join(tmpdir(), "bilten-render-"));
  });

  after(() => rmSync(temporary, { recursive: true, force: true }));

  describe("into a new folder", () => {
    let folder: string;
    let result: Result;

    before(() => {
      folder = join(temporary, "a", "prod");
      result = renderProcess("prod", folder);
    });

    it("writes every object as a file that is named after it", () => {
      assert.equal(result.status, 0, result.output);
      const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
      assert.ok(files.includes("statefulset-bilten-monitoring-prometheus.yaml"), files.join());
      assert.ok(files.includes("namespace-bilten-monitoring.yaml"), files.join());
      assert.match(result.output, new RegExp(`^${files.length} objects of stack prod in `, "m"));
    });

    it("writes objects that an API server takes: apiVersion, kind, name", () => {
      for (const [file, content] of Object.entries(contents(folder))) {
        if (!file.endsWith(".yaml")) continue;
        const object = parse(content) as { apiVersion: string; kind: string; metadata: { name: string } };
        assert.match(object.apiVersion, /^([a-z0-9.]+\/)?v\d/, file);
        assert.match(object.kind, /^[A-Z]/, file);
        assert.match(object.metadata.name, /^[a-z0-9][a-z0-9.-]*$/, file);
      }
    });

    it("writes the marker where a secret would be", () => {
      const secrets = Object.entries(contents(folder)).filter(([file]) => file.startsWith("secret-"));
      assert.ok(secrets.length >= 2);
      for (const [file, content] of secrets) {
        const { stringData } = parse(content) as { stringData: Record<string, string> };
        for (const value of Object.values(stringData)) assert.equal(value, "<secret>", file);
      }
    });

    it("changes no byte when it runs again", async () => {
      const before_ = contents(folder);
      const again = await render("prod", folder);
      assert.equal(again.status, 0, again.output);
      assert.deepEqual(contents(folder), before_);
    });

    it("removes what it wrote for another stack", async () => {
      const dev = await render("dev", folder);
      assert.equal(dev.status, 0, dev.output);
      const files = readdirSync(folder);
      assert.ok(files.includes("deployment-bilten-monitoring-mailpit.yaml"));
      assert.ok(!files.some((file) => file.startsWith("poddisruptionbudget-")), files.join());
    });
  });

  it("leaves a folder untouched that holds something else, and says so", async () => {
    const folder = join(temporary, "foreign");
    mkdirSync(folder);
    writeFileSync(join(folder, "mine.yaml"), "mine\n");
    const { mtimeMs } = statSync(join(folder, "mine.yaml"));
    const { status, output } = await render("dev", folder);
    assert.equal(status, 1);
    assert.match(output, /mine\.yaml.*name a new or empty folder/);
    assert.ok(!output.includes("    at "), "no stack trace");
    assert.deepEqual(contents(folder), { "mine.yaml": "mine\n" });
    assert.equal(statSync(join(folder, "mine.yaml")).mtimeMs, mtimeMs);
  });

  it("leaves a file untouched that is where the folder should be", async () => {
    const file = join(temporary, "file");
    writeFileSync(file, "mine\n");
    const { status, output } = await render("dev", file);
    assert.equal(status, 1);
    assert.match(output, /is a file; name a folder/);
    assert.equal(readFileSync(file, "utf8"), "mine\n");
  });

  it("names the stacks there are when there is none of that name", async () => {
    const folder = join(temporary, "unknown");
    const { status, output } = await render("prdo", folder);
    assert.equal(status, 1);
    assert.match(output, /Pulumi\.prdo\.yaml/);
    assert.match(output, /\bdev\b/);
    assert.match(output, /\bprod\b/);
    assert.ok(!output.includes("    at "), "no stack trace");
    assert.ok(!existsSync(folder));
  });

  it("says what is missing when it is called without a folder", async () => {
    const { status, output } = await render("dev");
    assert.equal(status, 1);
    assert.match(output, /missing required argument 'folder'/);
  });

  it("writes nothing when the settings are wrong, and says which", async () => {
    const stack = `wrong-${process.pid}`;
    const file = join(project, `Pulumi.${stack}.yaml`);
    const folder = join(temporary, "wrong");
    writeFileSync(
      file,
      "config:\n  bilten-monitoring:prometheusRetention: soon\n  bilten-monitoring:grafanaVolumeSize: big\n",
    );
    try {
      const { status, output } = await render(stack, folder);
      assert.equal(status, 1);
      assert.match(output, /prometheusRetention/);
      assert.match(output, /grafanaVolumeSize/);
      assert.ok(!output.includes("    at "), "no stack trace");
      assert.ok(!existsSync(folder));
    } finally {
      rmSync(file);
    }
  });
});
