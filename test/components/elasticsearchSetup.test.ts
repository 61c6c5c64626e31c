import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  ElasticsearchSetup,
  KibanaSetup,
  programUsers,
  type ElasticsearchSetupArgs,
  type KibanaSetupArgs,
} from "../../components/elasticsearchSetup";
import { runProgram, secretMarker, type RegisteredResource } from "../support/mocks";
import { only } from "../support/workloads";

const passwords = Object.fromEntries(
  programUsers.map((user) => [user, `password-of-${user}`]),
) as ElasticsearchSetupArgs["passwords"];

function setupArgs(over: Partial<ElasticsearchSetupArgs> = {}): ElasticsearchSetupArgs {
  return {
    namespace: "monitoring",
    url: "https://elasticsearch.monitoring.svc:9200",
    caPem: "-----BEGIN CERTIFICATE-----",
    password: pulumi.secret("password-of-elastic"),
    passwords,
    retention: "30d",
    nodes: 3,
    ...over,
  };
}

async function setUp(over?: Partial<ElasticsearchSetupArgs>, revealSecrets = false) {
  const { resources } = await runProgram(
    () => void new ElasticsearchSetup("elasticsearch-setup", setupArgs(over)),
    { revealSecrets },
  );
  return resources;
}

const kibanaArgs: KibanaSetupArgs = {
  namespace: "monitoring",
  url: "http://kibana.monitoring.svc:5601/logs",
  password: "password-of-elastic",
  objects: [{ type: "index-pattern", id: "logs", attributes: {} }],
};

/** The one resource of a kind whose name ends so. */
function named(resources: RegisteredResource[], kind: string, ending: string): RegisteredResource {
  return only(
    resources.filter(({ name }) => name.endsWith(ending)),
    kind,
  ) as RegisteredResource;
}

const jobOf = (resources: RegisteredResource[]) => only(resources, "Job").inputs.spec;
const containerOf = (resources: RegisteredResource[]) => jobOf(resources).template.spec.containers[0];
const stepsOf = (resources: RegisteredResource[]) =>
  named(resources, "ConfigMap", "-steps").inputs.data as Record<string, string>;

describe("the set-up of Elasticsearch", () => {
  it("is a Job that is named anew whenever what it applies is", async () => {
    const resources = await setUp();
    // Without names of ours, and immutable, they get other names with other content; the Job mounts them by name.
    for (const [kind, ending] of [
      ["ConfigMap", "-steps"],
      ["Secret", "-passwords"],
    ] as const) {
      const { inputs } = named(resources, kind, ending);
      assert.equal(inputs.metadata.name, undefined);
      assert.equal(inputs.immutable, true);
    }
    assert.equal(only(resources, "Job").inputs.metadata.name, undefined);
    const volumes = jobOf(resources).template.spec.volumes as {
      name: string;
      configMap?: { name: string };
      secret?: { secretName: string };
    }[];
    assert.deepEqual(
      volumes.map(({ name }) => name),
      ["steps", "passwords", "ca"],
    );
    assert.match(volumes[0]?.configMap?.name ?? "", /elasticsearch-setup-steps/);
    assert.match(volumes[1]?.secret?.secretName ?? "", /elasticsearch-setup-passwords/);
  });

  const changes: Record<string, Partial<ElasticsearchSetupArgs>> = {
    "the retention": { retention: "60d" },
    "the number of nodes": { nodes: 1 },
    "the snapshots": { snapshots: { type: "fs", settings: { location: "daily" } } },
  };
  for (const [what, change] of Object.entries(changes))
    it(`has other steps when ${what} change`, async () => {
      assert.notDeepEqual(stepsOf(await setUp(change)), stepsOf(await setUp()));
    });

  it("has the same steps with other passwords and another authority, and other passwords", async () => {
    const other = { passwords: { ...passwords, bilten_grafana: "other" }, caPem: "renewed" };
    const [before, after] = [await setUp({}, true), await setUp(other, true)];
    assert.deepEqual(stepsOf(after), stepsOf(before));
    const secret = (resources: RegisteredResource[]) => only(resources, "Secret").inputs.stringData;
    assert.deepEqual(secret(after), { ...secret(before), bilten_grafana: "other" });
    // Of the Job itself nothing changes with the authority: it is a file by a name of ours.
    assert.deepEqual(jobOf(after), jobOf(before));
    assert.equal(
      named(after, "ConfigMap", "-authority").inputs.metadata.name,
      "elasticsearch-setup-authority",
    );
  });

  it("keeps passwords in its Secret and nowhere else", async () => {
    const resources = await setUp({}, true);
    const { stringData } = only(resources, "Secret").inputs;
    assert.deepEqual(Object.keys(stringData).sort(), ["elastic", ...programUsers].sort());
    assert.equal(stringData.bilten_exporter, "password-of-bilten_exporter");
    const others = resources.filter(({ type, custom }) => custom && !type.endsWith(":Secret"));
    assert.ok(others.length >= 5);
    assert.ok(!JSON.stringify(others).includes("password-of-"));
    const hidden = only(await setUp(), "Secret").inputs;
    assert.ok(JSON.stringify(hidden).includes(secretMarker), "the Secret is not secret in the state");
  });

  it("is hardened as every program here", async () => {
    const { spec } = jobOf(await setUp()).template;
    assert.equal(spec.automountServiceAccountToken, false);
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.deepEqual(spec.securityContext.seccompProfile, { type: "RuntimeDefault" });
    const [container] = spec.containers;
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    assert.equal(container.securityContext.allowPrivilegeEscalation, false);
    assert.deepEqual(container.securityContext.capabilities, { drop: ["ALL"] });
    assert.deepEqual(Object.keys(container.resources.limits).sort(), ["cpu", "memory"]);
    assert.ok(container.volumeMounts.every((mount: { readOnly: boolean }) => mount.readOnly));
  });

  it("talks to Elasticsearch alone, and nobody to it", async () => {
    const { spec } = only(await setUp(), "NetworkPolicy").inputs;
    assert.deepEqual(spec.ingress, []);
    assert.deepEqual(spec.egress, [
      {
        to: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "elasticsearch" } } }],
        ports: [{ protocol: "TCP", port: 9200 }],
      },
    ]);
    const template = jobOf(await setUp()).template;
    for (const [label, value] of Object.entries(spec.podSelector.matchLabels))
      assert.equal(template.metadata.labels[label], value);
  });

  it("tells the script where everything is mounted", async () => {
    const resources = await setUp();
    const { command, env, volumeMounts } = containerOf(resources) as {
      command: string[];
      env: { name: string; value: string }[];
      volumeMounts: { name: string; mountPath: string }[];
    };
    const value = (variable: string) => env.find(({ name }) => name === variable)?.value;
    const at = (volume: string) => volumeMounts.find(({ name }) => name === volume)?.mountPath;
    assert.equal(value("SETUP_STEPS"), at("steps"));
    assert.equal(value("SETUP_PASSWORDS"), at("passwords"));
    assert.equal(value("SETUP_CA"), `${at("ca")}/ca.crt`);
    assert.deepEqual(command, ["bash", `${at("steps")}/setup.sh`]);
    assert.ok("setup.sh" in stepsOf(resources) && "steps.tsv" in stepsOf(resources));
    // What the script cannot do without.
    const needed = [...stepsOf(resources)["setup.sh"]!.matchAll(/\$\{(SETUP_[A-Z_]+):\?\}/g)].map(
      ([, name]) => name!,
    );
    assert.ok(needed.length >= 4);
    for (const name of needed) assert.ok(value(name), name);
  });

  it("has more time for all attempts than the script for one wait", async () => {
    const { activeDeadlineSeconds, backoffLimit } = jobOf(await setUp());
    const env = containerOf(await setUp()).env as { name: string; value: string }[];
    const wait = Number(env.find(({ name }) => name === "SETUP_WAIT_SECONDS")?.value);
    assert.ok(backoffLimit > 0 && activeDeadlineSeconds > 2 * wait);
  });

  it("is not tried again when another try cannot help", async () => {
    const spec = jobOf(await setUp());
    const [rule] = spec.podFailurePolicy.rules;
    assert.equal(rule.action, "FailJob");
    assert.equal(rule.onExitCodes.containerName, spec.template.spec.containers[0].name);
    const script = stepsOf(await setUp())["setup.sh"]!;
    const used = new Set([...script.matchAll(/\bfail (\d)/g)].map(([, code]) => Number(code)));
    assert.deepEqual([...used].sort(), [1, 2, 3, 4, 5]);
    assert.deepEqual(rule.onExitCodes.values, [2, 4, 5]);
  });
});

describe("the set-up of Kibana", () => {
  const setUpKibana = async () =>
    (await runProgram(() => void new KibanaSetup("kibana-setup", kibanaArgs))).resources;

  it("imports the objects through Kibana alone", async () => {
    const resources = await setUpKibana();
    assert.match(stepsOf(resources)["01.ndjson"]!, /^\{"type":"index-pattern","id":"logs"/);
    const [egress] = only(resources, "NetworkPolicy").inputs.spec.egress;
    assert.deepEqual(egress.ports, [{ protocol: "TCP", port: 5601 }]);
    assert.equal(egress.to[0].podSelector.matchLabels["app.kubernetes.io/name"], "kibana");
  });

  it("needs no authority for plain HTTP, and only the password of the one who imports", async () => {
    const resources = await setUpKibana();
    assert.deepEqual(Object.keys(only(resources, "Secret").inputs.stringData), ["elastic"]);
    const env = containerOf(resources).env as { name: string }[];
    assert.ok(!env.some(({ name }) => name === "SETUP_CA"));
    assert.deepEqual(
      jobOf(resources).template.spec.volumes.map(({ name }: { name: string }) => name),
      ["steps", "passwords"],
    );
  });
});
