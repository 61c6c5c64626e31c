import assert from "node:assert/strict";
import { parse } from "yaml";
import { logFields, type Mapping } from "../../components/elasticsearchSetup/mappings";
import { Kibana, type KibanaArgs, savedObjects, savedObjectsFile } from "../../components/kibana";
import { basePath, kibanaSettings, nodeOptions } from "../../components/kibana/configuration";
import { runProgram, secretMarker } from "../support/mocks";
import { assertHardened, only, pods } from "../support/workloads";

const args: KibanaArgs = {
  namespace: "monitoring",
  elasticsearchUrl: "https://elasticsearch.monitoring.svc:9200",
  caPem: "authority",
  password: "the-password",
};

async function deploy(given: Partial<KibanaArgs> = {}, revealSecrets = false) {
  const program = () => void new Kibana("kibana", { ...args, ...given });
  return (await runProgram(program, { revealSecrets })).resources;
}

const url = (externalUrl: string) =>
  kibanaSettings({ name: "kibana", externalUrl, elasticsearchUrl: "https://elasticsearch:9200" });

// No image of Kibana runs here: these look at what it is given.
describe("Kibana's settings, not run", () => {
  it("serve below the path of its address", () => {
    const settings = url("https://monitoring.example/kibana/");
    assert.equal(settings["server.publicBaseUrl"], "https://monitoring.example/kibana");
    assert.equal(settings["server.basePath"], "/kibana");
    assert.equal(settings["server.rewriteBasePath"], true);
  });

  it("name no path when there is none, because Kibana refuses an empty one", () => {
    const settings = url("http://localhost:5601/");
    assert.equal(settings["server.publicBaseUrl"], "http://localhost:5601");
    assert.equal("server.basePath" in settings, false);
    assert.equal("server.rewriteBasePath" in settings, false);
    assert.equal(basePath("http://localhost:5601/"), "");
  });

  it("send cookies over TLS alone when its address is https", () => {
    assert.equal(url("https://kibana.example")["xpack.security.secureCookies"], true);
    assert.equal(url("http://localhost:5601")["xpack.security.secureCookies"], false);
  });

  it("check Elasticsearch's certificate and its name", () => {
    const settings = url("https://kibana.example");
    assert.equal(settings["elasticsearch.ssl.verificationMode"], "full");
    assert.deepEqual(settings["elasticsearch.ssl.certificateAuthorities"], ["/mnt/secrets/ca.crt"]);
  });

  it("send nothing home", () => {
    assert.equal(url("https://kibana.example")["telemetry.optIn"], false);
  });

  it("give two thirds of the memory to the heap", () => {
    assert.equal(nodeOptions("1536Mi"), "--max-old-space-size=1024");
  });
});

describe("Kibana, not run", () => {
  it("gets its password and keys as a file, and in no other way", async () => {
    const resources = await deploy({}, true);
    const secret = parse(only(resources, "Secret").inputs.stringData["kibana.yml"]);
    assert.equal(secret["elasticsearch.password"], "the-password");
    for (const part of ["encryptedSavedObjects", "security", "reporting"]) {
      assert.equal(secret[`xpack.${part}.encryptionKey`], secretMarker, part);
    }
    const elsewhere = JSON.stringify(
      resources.filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith(":Secret")),
    );
    assert.equal(elsewhere.includes("the-password") || elsewhere.includes(secretMarker), false);
  });

  it("has a key of its own for each purpose, long enough for Kibana", async () => {
    const keys = (await deploy()).filter(({ type }) => type.endsWith(":RandomPassword"));
    assert.equal(keys.length, 3);
    for (const { inputs } of keys) assert.ok(inputs.length >= 32);
  });

  it("is told of both files that are mounted", async () => {
    const [container] = only(await deploy(), "Deployment").inputs.spec.template.spec.containers;
    const files: string[] = container.command.filter(
      (_: string, index: number, all: string[]) => all[index - 1] === "--config",
    );
    assert.equal(files.length, 2);
    for (const file of files) {
      assert.ok(
        container.volumeMounts.some(({ mountPath }: { mountPath: string }) =>
          file.startsWith(`${mountPath}/`),
        ),
        file,
      );
    }
  });

  it("restarts when a setting, the password or the authority changes", async () => {
    const resources = await deploy();
    for (const part of ["kibana-settings", "kibana-secrets"]) {
      const found = resources.find(({ name }) => name === part)?.inputs;
      assert.equal(found.immutable, true, part);
      assert.equal(found.metadata.name, undefined, part);
    }
  });

  it("is asked for its status below its path", async () => {
    const probe = async (externalUrl?: string) =>
      only(await deploy({ externalUrl }), "Deployment").inputs.spec.template.spec.containers[0].readinessProbe
        .httpGet.path;
    assert.equal(await probe(), "/api/status");
    assert.equal(await probe("https://monitoring.example/kibana"), "/kibana/api/status");
  });

  it("is opened by whom the user names and the set-up step, and reaches Elasticsearch alone", async () => {
    const allowIngressFrom = [{ app: "ingress-nginx", namespace: "ingress" }];
    const { ingress, egress } = only(await deploy({ allowIngressFrom }), "NetworkPolicy").inputs.spec;
    assert.deepEqual(
      ingress[0].from.map(
        (peer: { podSelector: { matchLabels: Record<string, string> } }) =>
          peer.podSelector.matchLabels["app.kubernetes.io/name"],
      ),
      ["kibana-setup", "ingress-nginx"],
    );
    assert.equal(egress.length, 1);
    assert.deepEqual(egress[0].ports, [{ protocol: "TCP", port: 9200 }]);
  });

  it("is hardened like every workload", async () => {
    assertHardened(pods(await deploy()));
  });

  it("hands out its address with the path", async () => {
    const externalUrl = "https://monitoring.example/kibana";
    const { outputs } = await runProgram(() => ({ ...new Kibana("kibana", { ...args, externalUrl }) }));
    assert.equal(outputs.url, "http://kibana.monitoring.svc:5601/kibana");
  });
});

describe("What people find in Kibana, not run", () => {
  const [view, ...searches] = savedObjects();

  it("is a data view of the logs with its time field", () => {
    assert.equal(view?.type, "index-pattern");
    assert.equal(view?.attributes["title"], "bilten-logs-*");
    assert.equal(view?.attributes["timeFieldName"], "@timestamp");
  });

  it("is a search for errors by service and one for a request by its trace", () => {
    assert.deepEqual(
      searches.map(({ attributes }) => attributes["title"]),
      ["Errors by service", "One request by trace id"],
    );
    assert.equal(searches[0]?.attributes["breakdownField"], "service");
  });

  it("refers to nothing that is not there", () => {
    for (const { attributes, references } of searches) {
      assert.deepEqual(
        references.map(({ type, id }) => [type, id]),
        [[view?.type, view?.id]],
      );
      const meta = attributes["kibanaSavedObjectMeta"] as { searchSourceJSON: string };
      const source = JSON.parse(meta.searchSourceJSON) as { indexRefName: string };
      assert.equal(source.indexRefName, references[0]?.name);
    }
  });

  it("shows and asks for fields that the index has", () => {
    const known = fieldNames(logFields);
    for (const { attributes } of searches) {
      const meta = attributes["kibanaSavedObjectMeta"] as { searchSourceJSON: string };
      const { query } = JSON.parse(meta.searchSourceJSON) as { query: { query: string } };
      const asked = [...query.query.matchAll(/([\w.@]+)\s*:/g)].map(([, field]) => field);
      assert.ok(asked.length > 0, query.query);
      const sorted = (attributes["sort"] as string[][]).map(([field]) => field);
      const shown = attributes["columns"] as string[];
      for (const field of [...asked, ...sorted, ...shown, attributes["breakdownField"]]) {
        assert.ok(known.includes(String(field)), String(field));
      }
    }
  });

  it("is a file with one object by line", () => {
    const lines = savedObjectsFile(savedObjects()).split("\n");
    assert.equal(lines.pop(), "");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      savedObjects(),
    );
  });
});

function fieldNames(fields: Record<string, Mapping>, prefix = ""): string[] {
  return Object.entries(fields).flatMap(([name, mapping]) =>
    "properties" in mapping
      ? fieldNames(mapping.properties as Record<string, Mapping>, `${prefix}${name}.`)
      : [`${prefix}${name}`],
  );
}
