import assert from "node:assert/strict";
import type { SecretName } from "../../config/settings";
import { kubernetesObjects } from "../../rendering/objects";
import { secretMarker, type Run } from "../../rendering/record";
import { runStack } from "../../rendering/stack";
import { idOf, stacks, textsIn, type KubernetesObject } from "./cluster";

/** Values that occur nowhere else. */
const secrets: Record<SecretName, string> = {
  smtpPassword: "smtp-Tr0ub4dor-f00d",
  slackWebhookUrl: "https://hooks.slack.com/services/T0F00D/B0F00D/slack-f00d",
  deadMansSwitchUrl: "https://dead-mans-switch.example.com/ping/switch-f00d",
  remoteWritePassword: "remote-Tr0ub4dor-f00d",
  logSnapshotAccessKey: "AKIA-Tr0ub4dor-f00d",
  logSnapshotSecretKey: "snapshot-Tr0ub4dor-f00d",
};

/** All of them are used. */
const config = {
  remoteWrite: { url: "https://metrics.example.com/api/v1/write", username: "bilten" },
  mailCatcher: "false",
  logSnapshots: { bucket: "bilten-logs", region: "eu-central-1" },
};

/** How a value may be found in a text: as it is, percent-encoded, and within base64 at any of the three offsets. */
function disguises(value: string): string[] {
  const base64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(" ".repeat(offset) + value).toString("base64");
    // What the neighbours have a part in is left out.
    return encoded.slice(offset === 0 ? 0 : 4, -4);
  });
  return [value, encodeURIComponent(value), ...base64];
}

function leaks(objects: unknown[], values: string[]): string[] {
  const forbidden = values.flatMap(disguises);
  return objects.filter((object) =>
    textsIn(object).some((text) => forbidden.some((value) => text.includes(value))),
  ) as string[];
}

describe("secrets", function () {
  this.timeout(60_000);

  for (const stack of stacks) {
    describe(`of stack ${stack}`, () => {
      let revealed: Run;
      let objects: KubernetesObject[];
      const secretObjects = () => objects.filter(({ kind }) => kind === "Secret");

      before(async () => {
        revealed = await runStack(stack, { secrets, config, revealSecrets: true });
        objects = kubernetesObjects(revealed.resources);
      });

      it("are all in some Secret", () => {
        const texts = textsIn(secretObjects());
        for (const [name, value] of Object.entries(secrets)) assert.ok(texts.includes(value), name);
      });

      it("are in no other object, plain or encoded", () => {
        const others = objects.filter(({ kind }) => kind !== "Secret");
        // The generated passwords are the marker here, revealed or not.
        const found = leaks(others, [...Object.values(secrets), secretMarker]);
        assert.deepEqual((found as unknown as KubernetesObject[]).map(idOf), []);
      });

      it("are in no name, label or annotation of a Secret", () => {
        const heads = secretObjects().map(({ metadata }) => metadata);
        assert.deepEqual(leaks(heads, Object.values(secrets)), []);
      });

      it("are marked as secret wherever they are given to a resource", async () => {
        const { resources, outputs } = await runStack(stack, { secrets, config });
        assert.deepEqual(leaks([resources, outputs], Object.values(secrets)), []);
      });
    });
  }

  it("would be found in a ConfigMap, an argument, and base64", () => {
    const value = secrets.smtpPassword;
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    for (const text of [value, `--password=${value}`, base64(value), base64(`u:${value}\n`), base64(`ab${value}`)])
      assert.equal(leaks([{ data: { text } }], [value]).length, 1, text);
  });
});
