import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { imageReference, images, type ImageName } from "../../components/versions";
import { nodeImage, pauseImage, recipeFor, recipes } from "../../lab/images/recipes";
import { parseReference, versionOfTag } from "../../lab/images/reference";
import { moduleOf } from "../../lab/tools/catalogue";

/** What can be had from a registry only. */
const pulledOnly: ImageName[] = ["grafana", "elasticsearch", "logstash", "kibana", "filebeat"];

describe("the recipes for images", () => {
  for (const name of Object.keys(images) as ImageName[])
    it(`${pulledOnly.includes(name) ? "do not have" : "have"} ${name} as components/versions.ts names it`, () => {
      const recipe = recipeFor(parseReference(imageReference(name)).repository);
      assert.equal(recipe === undefined, pulledOnly.includes(name));
    });

  it("have what the lab itself needs: pause, and Node.js for its services", () => {
    for (const reference of [pauseImage, nodeImage])
      assert.ok(recipeFor(parseReference(reference).repository), reference);
  });

  it("are one for each repository", () => {
    const repositories = recipes.map(({ repository }) => repository);
    assert.deepEqual([...new Set(repositories)], repositories);
    for (const repository of repositories) assert.equal(parseReference(repository).repository, repository);
  });

  for (const { repository, layers, config, version } of recipes) {
    const ingredients = layers.flat();

    it(`start a program that is in the image: ${repository}`, () => {
      const [program = config.Cmd?.[0] ?? ""] = config.Entrypoint ?? [];
      const path = program.startsWith("/") ? program : `/usr/local/bin/${program}`;
      const found = ingredients.find(({ at }) => at === path);
      assert.ok(found && ("tool" in found || "node" in found || "bundle" in found), path);
    });

    it(`know the version of what they build from: ${repository}`, () => {
      if (version === "stand-in" || "node" in version) return;
      assert.match(moduleOf(version.tool).version, /^\d+\.\d+\.\d+$/);
      assert.ok(ingredients.some((ingredient) => "tool" in ingredient && ingredient.tool === version.tool));
    });

    it(`run as a user that the image knows, or as the official image as root: ${repository}`, () => {
      const [user = ""] = (config.User ?? "0").split(":");
      if (/^\d+$/.test(user)) return;
      const passwd = ingredients.find(({ at }) => at === "/etc/passwd");
      assert.ok(passwd && "content" in passwd && passwd.content.includes(`${user}:x:`), user);
    });

    it(`bundle only what is there: ${repository}`, () => {
      for (const ingredient of ingredients)
        if ("bundle" in ingredient) assert.ok(existsSync(ingredient.bundle), ingredient.bundle);
    });
  }

  it("bring certificates that can be read", () => {
    const layer = recipeFor("quay.io/prometheus/prometheus")?.layers.flat();
    const certificates = layer?.find(({ at }) => at.endsWith("ca-certificates.crt"));
    const pem = certificates && "content" in certificates ? certificates.content : "";
    const blocks = pem.match(/-----BEGIN[^]*?END CERTIFICATE-----/g) ?? [];
    assert.ok(blocks.length > 100, `${blocks.length} certificates`);
    assert.ok(blocks.every((block) => new X509Certificate(block).ca));
  });
});

describe("an image reference", () => {
  const cases: [string, ReturnType<typeof parseReference>][] = [
    ["quay.io/a/b:v1", { registry: "quay.io", repository: "quay.io/a/b", tag: "v1" }],
    ["localhost:5000/b:1", { registry: "localhost:5000", repository: "localhost:5000/b", tag: "1" }],
    ["localhost:5000/b", { registry: "localhost:5000", repository: "localhost:5000/b", tag: "latest" }],
    ["node:20", { registry: "docker.io", repository: "docker.io/library/node", tag: "20" }],
    ["grafana/grafana", { registry: "docker.io", repository: "docker.io/grafana/grafana", tag: "latest" }],
    [
      "quay.io/a@sha256:00",
      { registry: "quay.io", repository: "quay.io/a", tag: "latest", digest: "sha256:00" },
    ],
  ];
  for (const [reference, parts] of cases)
    it(`${reference} says what it means to Docker`, () => {
      assert.deepEqual(parseReference(reference), parts);
    });

  it("names a version by its tag, whatever the variant", () => {
    const tags = ["v3.14.0", "20.19.4-slim", "3.10", "latest"];
    assert.deepEqual(tags.map(versionOfTag), ["3.14.0", "20.19.4", "3.10", "latest"]);
  });
});
