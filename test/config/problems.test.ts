import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parseSettings, SettingsError, type Problem } from "../../config/load";
import { api, mail, pager, critical, valueCases } from "./problemCases";
import { logRelationCases } from "./logRelationCases";
import { logValueCases } from "./logValueCases";
import { relationCases } from "./relationCases";
import { traceRelationCases, traceValueCases } from "./traceCases";

function problemsOf(raw: Record<string, unknown>, encrypted: string[] = []): SettingsError {
  try {
    parseSettings(raw, new Set(encrypted));
  } catch (error) {
    assert.ok(error instanceof SettingsError, String(error));
    return error;
  }
  assert.fail(`no problem was found in ${JSON.stringify(raw)}`);
}

function onlyProblem(raw: Record<string, unknown>, encrypted: string[] = []): Problem {
  const { problems } = problemsOf(raw, encrypted);
  assert.equal(problems.length, 1, `expected one problem:\n${JSON.stringify(problems, null, 2)}`);
  return problems[0]!;
}

describe("problems of a configuration", () => {
  for (const { what, raw, encrypted, path, value, expected, example } of [
    ...valueCases,
    ...relationCases,
    ...logValueCases,
    ...logRelationCases,
    ...traceValueCases,
    ...traceRelationCases,
  ]) {
    it(`include ${what}`, () => {
      const problem = onlyProblem(raw, encrypted);
      assert.equal(problem.path, `bilten-monitoring:${path}`);
      assert.equal(problem.value, value);
      assert.match(problem.expected, expected);
      assert.ok(problem.example.length > 0);
      if (example !== undefined) assert.equal(problem.example, example);
    });
  }

  it("include a route behind one that takes all of its alerts, and the receiver only it names", () => {
    const paths = problemsOf({
      alertReceivers: [mail, pager],
      alertRoutes: [
        { matchers: ['severity="critical"'], receiver: "team-bilten" },
        { matchers: ['service="bilten-api"', "severity=critical"], receiver: "pager" },
      ],
    }).problems.map(({ path }) => path);
    assert.deepEqual(paths, [
      "bilten-monitoring:alertRoutes[1].matchers",
      "bilten-monitoring:alertReceivers[1]",
    ]);
  });

  it("include a route whose matchers contradict each other", () => {
    const route = { matchers: ['severity="critical"', 'severity="info"'], receiver: "team-bilten" };
    assert.match(onlyProblem({ alertRoutes: [route] }).expected, /cannot be "critical" and "info" at once/);
  });

  it("do not include a narrower route after one that goes on", () => {
    parseSettings(
      {
        alertReceivers: [mail, pager],
        alertRoutes: [
          { matchers: ['severity="critical"'], receiver: "team-bilten", continue: true },
          critical,
        ],
      },
      new Set(),
    );
  });

  it("come all at once, in one message that ends with how to set a value", () => {
    const error = problemsOf(
      {
        environment: "prod",
        tracesEnabled: false,
        clustername: "x",
        prometheusReplicas: 0,
        alertmanagerReplicas: 2,
        prometheusVolumeSize: "lots",
        services: [
          { ...api, port: "http" },
          { ...api, probes: { helth: "/" } },
        ],
        alertReceivers: [{ name: "team-bilten", email: { to: "team" } }, pager],
        alertRoutes: [{ matchers: ["x"], receiver: "nowhere" }],
      },
      [],
    );
    assert.deepEqual(error.problems.map(({ path }) => path.replace("bilten-monitoring:", "")).sort(), [
      "alertReceivers[0].email.to",
      "alertReceivers[1]",
      "alertRoutes[0].matchers[0]",
      "alertRoutes[0].receiver",
      "alertmanagerReplicas",
      "clustername",
      "elasticsearchReplicas",
      "logstashReplicas",
      "prometheusReplicas",
      "prometheusVolumeSize",
      "services[0].port",
      "services[1].name",
      "services[1].probes.helth",
      "smtpPassword",
    ]);
    for (const problem of error.problems) {
      assert.ok(error.message.includes(`  ${problem.path}\n`), problem.path);
      assert.ok(error.message.includes(`expected: ${problem.expected}`), problem.expected);
      assert.ok(error.message.includes(`example:  ${problem.example}`), problem.example);
    }
    assert.match(error.message, /^The configuration has 14 problems\. Nothing was changed\./);
    assert.match(
      error.message,
      /pulumi config set --path 'services\[0\]\.port' 3000[^]*docs\/configuration\.md\.$/,
    );
  });

  it("name each value once, however much is wrong with it", () => {
    assert.equal(
      onlyProblem({ services: [{ ...api, port: 1e20 }] }).path,
      "bilten-monitoring:services[0].port",
    );
  });

  it("show of lists and objects only what they are, since either may hold anything", () => {
    assert.equal(onlyProblem({ clusterName: { a: 1 } }).value, "an object");
    assert.equal(onlyProblem({ clusterName: ["a"] }).value, "a list of 1");
  });

  it("are an error that Pulumi prints without a stack trace", () => {
    assert.ok(pulumi.RunError.isInstance(problemsOf({ mailCatcher: "yes" })));
  });

  it("never look into what is encrypted without being a secret", () => {
    const problem = onlyProblem({ alertReceivers: [{ name: "T0KEN", email: {} }] }, ["alertReceivers"]);
    assert.equal(problem.path, "bilten-monitoring:alertReceivers");
    assert.ok(!JSON.stringify(problem).includes("T0KEN"));
  });

  it("never show a secret, wherever it was put by mistake", () => {
    const token = "T0KEN-s3cret";
    const { message } = problemsOf(
      {
        smtpPassword: token,
        smtpPasword: token,
        slackWebhookUrl: `http://hooks.slack.com/${token}`,
        deadMansSwitchUrl: token,
        remoteWrite: { url: `https://user:${token}@metrics.example.com/`, password: token },
        grafanaUrl: `htps://hooks.slack.com/services/${token}`,
        alertReceivers: [
          { name: "team-bilten", webhook: { url: `hxxps://hook.example.com/${token}` } },
          { name: "x", slack: { channel: "#a", apiUrl: token } },
        ],
        resources: { grafana: { limits: token } },
        alertGroupBy: { label: token },
      },
      ["slackWebhookUrl", "deadMansSwitchUrl", "resources"],
    );
    assert.ok(!message.includes(token), message);
    assert.ok(
      message.includes("bilten-monitoring:deadMansSwitchUrl"),
      "the malformed secret itself is reported",
    );
  });
});
