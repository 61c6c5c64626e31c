import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { samplesPerSecond } from "../../config/capacity";
import { knownKeys, parseSettings, SettingsError } from "../../config/load";
import { objectSchemas } from "../../config/objects";
import { renderReference, referenceFile } from "../../config/reference";
import { scalars, secretNames } from "../../config/scalars";
import { parseStackFiles, projectFolder, readProjectFile, readStackConfig } from "../../config/stackFiles";

describe("Pulumi.yaml", () => {
  const { config } = readProjectFile();

  it("declares every scalar with the type and default the program has", () => {
    const declared = Object.fromEntries(
      Object.entries(config).map(([key, declaration]) => [
        key,
        { type: declaration.type, default: declaration.default },
      ]),
    );
    const expected = Object.fromEntries([
      ...Object.entries(scalars).map(([key, scalar]) => [
        key,
        { type: scalar.type, default: scalar.default },
      ]),
      ...secretNames.map((name) => [name, { type: "string", default: "" }]),
    ]);
    assert.deepEqual(declared, expected);
  });

  it("describes every scalar", () => {
    for (const [key, { description }] of Object.entries(config)) assert.match(description, /\.$/, key);
  });

  it("and the objects together are all keys there are", () => {
    assert.deepEqual([...knownKeys].sort(), [...Object.keys(config), ...Object.keys(objectSchemas)].sort());
  });

  it("has defaults that are valid, with examples that are, too", () => {
    for (const [key, scalar] of Object.entries(scalars)) {
      const check = scalar.check as (value: unknown) => boolean;
      assert.ok(check(scalar.default), `default of ${key}`);
      const example = scalar.type === "integer" ? Number(scalar.example) : scalar.example;
      assert.ok(check(example), `example of ${key}`);
    }
  });
});

describe("the stacks in the repository", () => {
  it("hold only what differs from the defaults, and no secret in plain text", () => {
    for (const stack of ["dev", "prod"]) {
      const file = parse(readFileSync(join(projectFolder, `Pulumi.${stack}.yaml`), "utf8")) as {
        config: Record<string, unknown>;
      };
      for (const [fullKey, value] of Object.entries(file.config)) {
        const key = fullKey.replace("bilten-monitoring:", "");
        if (key in scalars && key !== "environment") {
          assert.notEqual(value, scalars[key as keyof typeof scalars].default, `${stack}: ${key}`);
        }
        assert.ok(!(secretNames as string[]).includes(key) || typeof value === "object", `${stack}: ${key}`);
      }
    }
  });

  it("dev starts without a secret, single, small, with a mail catcher", () => {
    const { settings, secrets, notes } = parseStackFiles("dev");
    assert.equal(secrets.size, 0);
    assert.equal(settings.prometheus.replicas, 1);
    assert.equal(settings.alertmanager.replicas, 1);
    assert.equal(settings.mailCatcher.enabled, true);
    assert.equal(settings.createServiceNamespaces, true);
    assert.equal(notes.length, 1, notes.join("\n"));
  });

  it("prod is highly available and wants its two secrets", () => {
    const { settings, secrets } = parseStackFiles("prod");
    assert.equal(settings.environment, "prod");
    assert.equal(settings.prometheus.replicas, 2);
    assert.equal(settings.alertmanager.replicas, 3);
    assert.deepEqual([...secrets].sort(), ["slackWebhookUrl", "smtpPassword"]);
    const { values, secretKeys } = readStackConfig("prod");
    assert.throws(
      () => parseSettings(values, secretKeys),
      (error) => error instanceof SettingsError && error.problems.length === 2,
    );
  });
});

describe("reading a stack's files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "stack-files-"));
    cpSync(join(projectFolder, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("puts the stack's values over the defaults and a marker in place of what is encrypted", () => {
    writeFileSync(
      join(folder, "Pulumi.test.yaml"),
      [
        "encryptionsalt: v1:abc",
        "config:",
        "  bilten-monitoring:clusterName: here",
        "  kubernetes:context: kind",
        "  bilten-monitoring:smtpPassword:",
        "    secure: v1:ciphertext",
        "  bilten-monitoring:remoteWrite:",
        "    url: { secure: v1:ciphertext }",
      ].join("\n"),
    );
    const { values, secretKeys } = readStackConfig("test", folder);
    assert.equal(values.clusterName, "here");
    assert.equal(values.namespace, "bilten-monitoring");
    assert.equal(values.smtpPassword, "[secret]");
    assert.deepEqual(values.remoteWrite, { url: "[secret]" });
    assert.deepEqual([...secretKeys].sort(), ["remoteWrite", "smtpPassword"]);
    assert.ok(!("context" in values));
  });

  it("still refuses a secret in plain text where production demands one", () => {
    writeFileSync(
      join(folder, "Pulumi.test.yaml"),
      readFileSync(join(projectFolder, "Pulumi.prod.yaml"), "utf8") +
        "  bilten-monitoring:smtpPassword: hunter2\n",
    );
    assert.throws(() => parseStackFiles("test", folder), /smtpPassword[^]*a value in plain text/);
  });

  it("takes an empty file for a stack of defaults", () => {
    writeFileSync(join(folder, "Pulumi.test.yaml"), "");
    assert.equal(parseStackFiles("test", folder).settings.clusterName, "bilten");
  });

  it("names the stacks there are when asked for another", () => {
    writeFileSync(join(folder, "Pulumi.test.yaml"), "");
    assert.throws(() => readStackConfig("prd", folder), /no Pulumi\.prd\.yaml\. Stacks with a file: test\./);
  });
});

describe("docs/configuration.md", () => {
  it("is what the settings say (renew it with `npm run docs`)", () => {
    const document = readFileSync(referenceFile, "utf8");
    assert.equal(document, renderReference(document));
  });

  it("is refused when a generated part has no place in it", () => {
    assert.throws(() => renderReference("# Configuration"), /lacks <!-- begin scalars -->/);
  });

  it("gives the figures of the capacity estimate", () => {
    const rate = samplesPerSecond("15s", ["10s"]);
    assert.equal(rate, 1000);
    const document = readFileSync(referenceFile, "utf8").replace(/\s+/g, " ");
    assert.ok(document.includes(`${Math.round((rate * 1.5 * 86_400) / 2 ** 20)} MiB a day`));
    assert.ok(document.includes(`${((rate * 1.5 * 86_400 * 15) / 2 ** 30).toFixed(1)} GiB in 15 days`));
  });

  it("shows an example service that the program accepts", () => {
    const yaml = /```yaml\n([^]*?)```/.exec(readFileSync(referenceFile, "utf8"))![1]!;
    const { config } = parse(yaml) as { config: Record<string, unknown> };
    const { settings } = parseSettings({ services: config["bilten-monitoring:services"] }, new Set());
    assert.deepEqual(
      settings.services.map(({ name }) => name),
      ["bilten-api", "bilten-payments"],
    );
  });
});
