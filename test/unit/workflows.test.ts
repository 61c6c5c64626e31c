import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Job {
  uses?: string;
  steps?: Step[];
  permissions?: Record<string, string>;
  environment?: string;
  needs?: string | string[];
  if?: string;
  strategy?: { matrix?: { include?: { stack?: string }[] } };
}

interface Workflow {
  on: Record<string, { inputs?: { stack?: { options?: string[] } } } | null>;
  permissions?: Record<string, string>;
  concurrency?: object;
  jobs: Record<string, Job>;
}

const project = join(__dirname, "..", "..");
const folder = join(project, ".github", "workflows");
const files = readdirSync(folder)
  .filter((file) => /\.ya?ml$/.test(file))
  .sort();
const text = (file: string) => readFileSync(join(folder, file), "utf8");
const workflows = new Map(files.map((file) => [file, parse(text(file)) as Workflow]));
const stacks = readdirSync(project)
  .flatMap((file) => /^Pulumi\.(dev|prod)\.yaml$/.exec(file)?.[1] ?? [])
  .sort();
const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
const workflow = (file: string): Workflow => workflows.get(file) ?? assert.fail(`no ${file}`);
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps = [] }) => steps);

/** Scripts of package.json that a step's commands call. */
function scriptsIn(run: string): string[] {
  return [...run.matchAll(/\bnpm (?:run )?([\w:-]+)/g)]
    .map(([, script = ""]) => script)
    .filter((script) => script !== "ci");
}

/** What a step does to a stack. */
const pulumiCommand = ({ uses, with: inputs }: Step) =>
  uses?.startsWith("pulumi/actions@") ? inputs?.["command"] : undefined;
const deploys = (step: Step) =>
  ["up", "update", "destroy", "refresh"].includes(String(pulumiCommand(step))) ||
  /\bpulumi (up|update|destroy|refresh)\b/.test(step.run ?? "");

describe("workflows", () => {
  for (const [file, { on, permissions, concurrency, jobs }] of workflows) {
    describe(file, () => {
      it("calls only scripts that package.json has, and workflows that are there", () => {
        for (const { run = "" } of stepsOf(workflow(file)))
          for (const script of scriptsIn(run)) assert.ok(script in scripts, `npm run ${script}`);
        for (const { uses } of Object.values(jobs))
          if (uses) assert.ok(existsSync(join(project, uses)), uses);
      });

      it("declares its permissions, and writes to nothing but the comment on a pull request", () => {
        assert.deepEqual(permissions, { contents: "read" });
        for (const [name, job] of Object.entries(jobs))
          for (const [scope, access] of Object.entries(job.permissions ?? {}))
            assert.ok(access === "read" || scope === "pull-requests", `${name}: ${scope}: ${access}`);
      });

      it("does not run twice at a time for the same thing, unless it is a part of others", () => {
        assert.ok(concurrency !== undefined || "workflow_call" in on);
      });

      it("uses actions at a pinned commit, with the version beside it", () => {
        for (const [, action = ""] of text(file).matchAll(/^\s*(?:- )?uses: (.*)$/gm)) {
          if (action.startsWith("./")) continue;
          assert.match(action, /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
        }
      });

      it("does not deploy by itself", () => {
        const byHand = Object.keys(on).every((event) => event === "workflow_dispatch");
        for (const job of Object.values(jobs)) {
          const deploying = (job.steps ?? []).some(deploys);
          assert.ok(!deploying || (byHand && job.environment !== undefined), "only by hand, and approved");
        }
      });

      it("puts no value from outside into a shell command, and gives a fork no secrets", () => {
        for (const { run = "" } of stepsOf(workflow(file))) assert.ok(!run.includes("${{"), run);
        assert.ok(!("pull_request_target" in on));
      });
    });
  }

  it("run the same tests on a pull request, on main and before a deployment", () => {
    const callers = [...workflows].filter(([, { jobs }]) =>
      Object.values(jobs).some(({ uses }) => uses === "./.github/workflows/tests.yaml"),
    );
    assert.deepEqual(
      callers.map(([file]) => file),
      ["deploy.yaml", "main.yaml", "pull-request.yaml"],
    );
    const commands = stepsOf(workflow("tests.yaml")).flatMap(({ run }) => run ?? []);
    assert.deepEqual(commands, ["npm ci", "npm test", "npm run test:lab", "npm run test:live"]);
  });

  it("start when they should", () => {
    const events = (file: string) => Object.keys(workflow(file).on);
    assert.deepEqual(events("pull-request.yaml"), ["pull_request"]);
    assert.deepEqual(events("main.yaml"), ["push"]);
    assert.deepEqual(events("deploy.yaml"), ["workflow_dispatch"]);
  });

  it("preview every stack, as a comment, where there are secrets to do it with", () => {
    const { preview } = workflow("pull-request.yaml").jobs;
    assert.deepEqual(
      preview?.strategy?.matrix?.include?.map(({ stack }) => stack),
      stacks,
    );
    const step = preview?.steps?.find((each) => pulumiCommand(each) === "preview");
    assert.equal(step?.with?.["comment-on-pr"], true);
    assert.equal(preview?.permissions?.["pull-requests"], "write");
    assert.match(preview?.if ?? "", /head\.repo\.full_name == github\.repository/);
  });

  it("deploy main only, tested, to a stack that is chosen and asks for approval", () => {
    const { on, jobs } = workflow("deploy.yaml");
    assert.deepEqual(on["workflow_dispatch"]?.inputs?.stack?.options, stacks);
    assert.deepEqual(jobs["deploy"]?.needs, ["approval", "tests"]);
    assert.equal(jobs["deploy"]?.if, "github.ref == 'refs/heads/main'");
    assert.equal(jobs["deploy"]?.environment, "${{ inputs.stack }}");
    assert.ok(jobs["deploy"]?.steps?.some(deploys));
    assert.match(jobs["approval"]?.steps?.[0]?.run ?? "", /required_reviewers/);
  });
});
