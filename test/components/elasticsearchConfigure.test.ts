import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { type Ended, Folder, run } from "./elasticsearchScript";

// No image of Elasticsearch runs here: these run the script as the container does, with stand-ins for its programs.
describe("Elasticsearch's configure.sh, without Elasticsearch", () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  const secret = "elastic-password";

  async function configure(): Promise<Ended> {
    // As Kubernetes mounts a Secret: what is hidden is no setting.
    for (const name of ["image/jvm.options.d", "config", "settings", "users", "secure/..data"]) {
      folder.directory(name);
    }
    folder.write("image/log4j2.properties", "logging");
    folder.write("image/elasticsearch.yml", "the image's");
    for (const name of ["elasticsearch.yml", "roles.yml", "bilten.options"]) {
      folder.write(`settings/${name}`, "ours");
    }
    for (const name of ["users", "users_roles"]) folder.write(`users/${name}`, "user");
    folder.write("secure/bootstrap.password", secret);
    const keystore = folder.program(
      "keystore",
      [
        'echo "$@" >> "${0%/*}/arguments"',
        'if [[ "$1" == create ]]; then [[ ! -e "$ES_PATH_CONF/elasticsearch.keystore" ]] || exit 1',
        'else last="${@: -1}"; echo "$last=$(cat)" >> "$ES_PATH_CONF/elasticsearch.keystore"; fi',
      ].join("\n"),
    );
    return run("configure.sh", {
      IMAGE_CONFIG: folder.file("image"),
      CONFIG: folder.file("config"),
      SETTINGS: folder.file("settings"),
      USERS: folder.file("users"),
      SECURE_SETTINGS: folder.file("secure"),
      KEYSTORE: keystore,
    });
  }

  it("puts the settings over the image's, and the users beside them", async () => {
    const { code, output } = await configure();
    assert.equal(code, 0, output);
    for (const [name, text] of [
      ["log4j2.properties", "logging"],
      ["elasticsearch.yml", "ours"],
      ["roles.yml", "ours"],
      ["jvm.options.d/bilten.options", "ours"],
      ["users", "user"],
      ["users_roles", "user"],
    ] as const) {
      assert.equal(folder.read(`config/${name}`), text, name);
    }
    assert.equal(statSync(folder.file("config/users")).mode & 0o777, 0o600);
  });

  it("puts the secrets into the keystore through a pipe", async () => {
    const { output } = await configure();
    assert.equal(folder.read("config/elasticsearch.keystore"), `bootstrap.password=${secret}\n`);
    assert.equal(folder.read("arguments"), "create --silent\nadd --silent --stdin bootstrap.password\n");
    assert.equal(output, "The keystore has bootstrap.password.\n");
  });

  it("makes the keystore anew when the container is started again", async () => {
    await configure();
    const { code, output } = await configure();
    assert.equal(code, 0, output);
    assert.equal(folder.read("config/elasticsearch.keystore"), `bootstrap.password=${secret}\n`);
  });

  it("stops at a keystore that cannot be made", async () => {
    folder.program("broken", "echo no room; exit 3");
    await configure();
    const { code } = await run("configure.sh", {
      IMAGE_CONFIG: folder.file("image"),
      CONFIG: folder.file("config"),
      SETTINGS: folder.file("settings"),
      USERS: folder.file("users"),
      SECURE_SETTINGS: folder.file("secure"),
      KEYSTORE: folder.file("broken"),
    });
    assert.equal(code, 3);
  });
});
