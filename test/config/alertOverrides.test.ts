import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { parseSettings, SettingsError, type Problem } from "../../config/load";
import { referenceFile } from "../../config/reference";
import { api, mail, pager } from "./problemCases";

const parse = (alertOverrides: unknown, more: Record<string, unknown> = {}) =>
  parseSettings({ mailCatcher: true, alertOverrides, ...more }, new Set(["slackWebhookUrl"]));

function problemsOf(alertOverrides: unknown, more?: Record<string, unknown>): Problem[] {
  try {
    parse(alertOverrides, more);
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error.problems;
  }
  return [];
}

function onlyProblem(alertOverrides: unknown): Problem {
  const problems = problemsOf(alertOverrides);
  assert.equal(problems.length, 1, JSON.stringify(problems, null, 2));
  return problems[0]!;
}

const at = (path: string): string => `bilten-monitoring:alertOverrides${path}`;

describe("the setting alertOverrides", () => {
  it("changes nothing unless it is set", () => {
    assert.deepEqual(parse(undefined).settings.alertOverrides, {});
    assert.deepEqual(parse(null).settings.alertOverrides, {});
  });

  it("says of each alert only what is different", () => {
    const { settings, notes } = parse({
      HighCPUUsage: { for: "10m", severity: "info", keepFiringFor: "5m" },
      HighMeanResponseTime: { enabled: false },
      ServiceDown: { for: "0s", keepFiringFor: "0s" },
    });
    assert.deepEqual(settings.alertOverrides, {
      HighCPUUsage: { enabled: true, for: "10m", severity: "info", keepFiringFor: "5m" },
      HighMeanResponseTime: { enabled: false },
      ServiceDown: { enabled: true, for: "0s", keepFiringFor: "0s" },
    });
    assert.deepEqual(notes, []);
  });

  it("is shown in the reference with an example that the program accepts", () => {
    const blocks = [...readFileSync(referenceFile, "utf8").matchAll(/```yaml\n([^]*?)```/g)];
    const example = blocks.map((block) => block[1]!).find((yaml) => yaml.includes("alertOverrides"))!;
    const { config } = parseYaml(example) as { config: Record<string, unknown> };
    const { settings } = parse(config["bilten-monitoring:alertOverrides"]);
    assert.deepEqual(settings.alertOverrides.HighMeanResponseTime, { enabled: false });
  });

  it("is read from the text that Pulumi hands over", () => {
    assert.deepEqual(
      parse('{"HighCPUUsage":{"for":"10m"}}').settings,
      parse({ HighCPUUsage: { for: "10m" } }).settings,
    );
  });

  it("takes an alert that this stack does not have, so that stacks can share their overrides", () => {
    assert.deepEqual(problemsOf({ PrometheusRemoteWriteBehind: { severity: "warning" } }), []);
  });

  it("refuses an unknown alert and names the nearest", () => {
    assert.deepEqual(onlyProblem({ HighCpuUsgae: { for: "10m" } }), {
      path: at(".HighCpuUsgae"),
      value: "an unknown alert",
      expected: "the name of an alert; the nearest is HighCPUUsage",
      example: "HighCPUUsage: { for: 10m }",
    });
  });

  it("refuses an alert that resembles none, and names that every object has", () => {
    assert.match(onlyProblem({ x: {} }).expected, /docs\/runbooks\/README\.md/);
    for (const name of ["constructor", "toString", "__proto__"]) {
      assert.equal(onlyProblem(`{"${name}":{"enabled":false}}`).path, at(`.${name}`));
    }
  });

  it("refuses an unknown part of an override and names the nearest", () => {
    const problem = onlyProblem({ HighCPUUsage: { sevrity: "info" } });
    assert.equal(problem.path, at(".HighCPUUsage.sevrity"));
    assert.equal(problem.value, "an unknown key");
    assert.match(problem.expected, /^severity, the nearest known key, or another of enabled, for, severity/);
    assert.equal(problem.example, "severity: info");
  });

  const values: [string, object, Omit<Problem, "path" | "example"> & { example: string }][] = [
    ["enabled", { enabled: "no" }, { value: '"no"', expected: "true or false", example: "false" }],
    [
      "severity",
      { severity: "none" },
      { value: '"none"', expected: "critical, warning or info", example: "info" },
    ],
    [
      "for",
      { for: "ten minutes" },
      {
        value: '"ten minutes"',
        expected: "a duration, 0s for none: whole numbers with y, w, d, h, m, s or ms, largest first",
        example: "10m",
      },
    ],
    [
      "keepFiringFor",
      { keepFiringFor: 300 },
      {
        value: "300",
        expected: "a duration, 0s for none: whole numbers with y, w, d, h, m, s or ms, largest first",
        example: "5m",
      },
    ],
  ];
  for (const [key, override, problem] of values) {
    it(`refuses a wrong value of ${key}`, () => {
      assert.deepEqual(onlyProblem({ HighCPUUsage: override }), {
        path: at(`.HighCPUUsage.${key}`),
        ...problem,
      });
    });
  }

  it("refuses what is no object, at both levels", () => {
    assert.equal(onlyProblem(["HighCPUUsage"]).expected, "an object by alert name");
    const problem = onlyProblem({ HighCPUUsage: false });
    assert.equal(problem.path, at(".HighCPUUsage"));
    assert.equal(problem.expected, "an object with enabled, for, severity and keepFiringFor");
  });

  it("reports everything that is wrong at once, beside other problems", () => {
    const problems = problemsOf(
      {
        HighCPUUsage: { for: "x", severity: "fatal", enable: false },
        Watchdog: { enabled: false },
        Nothing: { for: "y" },
      },
      { services: [{ ...api, port: 0 }] },
    );
    assert.deepEqual(problems.map(({ path }) => path.replace("bilten-monitoring:", "")).sort(), [
      "alertOverrides.HighCPUUsage.enable",
      "alertOverrides.HighCPUUsage.for",
      "alertOverrides.HighCPUUsage.severity",
      "alertOverrides.Nothing",
      "alertOverrides.Nothing.for",
      "alertOverrides.Watchdog.enabled",
      "services[0].port",
    ]);
  });

  it("is not looked into when it is encrypted", () => {
    assert.throws(
      () => parseSettings({ alertOverrides: '{"T0KEN":{}}' }, new Set(["alertOverrides"])),
      (error) =>
        error instanceof SettingsError &&
        error.problems.length === 1 &&
        error.problems[0]!.path === at("") &&
        !error.message.includes("T0KEN"),
    );
  });

  describe("leaves Watchdog alone", () => {
    const changes = [{ enabled: false }, { for: "5m" }, { severity: "critical" }, { keepFiringFor: "1m" }];
    for (const change of changes) {
      const key = Object.keys(change)[0]!;
      it(`and says why when its ${key} is changed`, () => {
        const problem = onlyProblem({ Watchdog: change });
        assert.equal(problem.path, at(`.Watchdog.${key}`));
        assert.match(problem.expected, /must always fire, because the dead man's switch learns/);
        assert.equal(problem.example, "pulumi config rm --path alertOverrides.Watchdog");
      });
    }

    it("and takes what changes nothing", () => {
      assert.deepEqual(problemsOf({ Watchdog: {} }), []);
      assert.deepEqual(problemsOf({ Watchdog: { enabled: true } }), []);
    });

    it("and reports a wrong value of it once", () => {
      assert.equal(onlyProblem({ Watchdog: { enabled: "no" } }).expected, "true or false");
      assert.match(onlyProblem({ Watchdog: { enable: false } }).expected, /nearest known key/);
    });
  });

  it("leads to a note on a route that is left without its alert, and only then", () => {
    const more = {
      alertReceivers: [mail, pager],
      alertRoutes: [{ matchers: ['alertname="HighCPUUsage"', 'severity="warning"'], receiver: "pager" }],
    };
    assert.deepEqual(parse({ HighCPUUsage: { enabled: false } }, more).notes, [
      "bilten-monitoring:alertRoutes[0] takes only HighCPUUsage, which alertOverrides disables.",
    ]);
    assert.deepEqual(parse({ HighCPUUsage: { for: "10m" } }, more).notes, []);
    assert.deepEqual(parse({ HighMemoryUsage: { enabled: false } }, more).notes, []);
  });
});
