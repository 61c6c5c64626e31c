import assert from "node:assert/strict";
import { parse } from "yaml";
import {
  certificateFiles,
  configurationFiles,
  elasticsearchDnsNames,
  elasticsearchSettings,
  initialMasterNodes,
  jvmOptions,
  paths,
  probeFiles,
  probeUser,
} from "../../components/elasticsearch/configuration";

const args = { clusterName: "bilten-cluster", headlessHost: "elasticsearch-headless.monitoring.svc" };

// No image of Elasticsearch runs here: these look at what it is given.
describe("Elasticsearch's settings, not run", () => {
  it("find the other nodes through the headless Service, however many there are", () => {
    const settings = elasticsearchSettings(args);
    assert.deepEqual(settings["discovery.seed_hosts"], ["elasticsearch-headless.monitoring.svc"]);
    assert.equal(settings["cluster.name"], "bilten-cluster");
  });

  it("leave the founding of a cluster to the start script", () => {
    const settings = elasticsearchSettings(args);
    assert.equal("cluster.initial_master_nodes" in settings, false);
    assert.equal("discovery.type" in settings, false);
  });

  it("have TLS on both interfaces, with files below the configuration directory, which it may read", () => {
    const settings = elasticsearchSettings(args);
    for (const [layer, directory] of [
      ["http", paths.httpCertificates],
      ["transport", paths.transportCertificates],
    ] as const) {
      assert.ok(directory.startsWith(`${paths.config}/`));
      const prefix = `xpack.security.${layer}.ssl`;
      assert.equal(settings[`${prefix}.enabled`], true);
      assert.equal(settings[`${prefix}.certificate`], `${directory}/${certificateFiles.certPem}`);
      assert.equal(settings[`${prefix}.key`], `${directory}/${certificateFiles.keyPem}`);
      assert.deepEqual(settings[`${prefix}.certificate_authorities`], [
        `${directory}/${certificateFiles.caPem}`,
      ]);
    }
    assert.notEqual(paths.httpCertificates, paths.transportCertificates);
    assert.equal(settings["xpack.security.enabled"], true);
  });

  it("spread copies over zones by the attribute that the start script gives every node", () => {
    const settings = elasticsearchSettings(args);
    const attribute = String(settings["cluster.routing.allocation.awareness.attributes"]);
    assert.equal(settings[`node.attr.${attribute}`], "${ZONE}");
  });

  it("map files into memory only where that is asked for", () => {
    assert.equal(elasticsearchSettings(args)["node.store.allow_mmap"], false);
    assert.equal(elasticsearchSettings({ ...args, mmap: true })["node.store.allow_mmap"], true);
  });

  it("name the store of the snapshots, without its keys", () => {
    const s3 = (settings: object) => Object.entries(settings).filter(([key]) => key.startsWith("s3."));
    assert.deepEqual(s3(elasticsearchSettings(args)), []);
    const snapshotStore = { endpoint: "https://store.example", pathStyleAccess: true, region: "eu" };
    assert.deepEqual(s3(elasticsearchSettings({ ...args, snapshotStore })), [
      ["s3.client.default.region", "eu"],
      ["s3.client.default.endpoint", "https://store.example"],
      ["s3.client.default.path_style_access", true],
    ]);
  });

  it("are a file that reads back as they are", () => {
    const files = configurationFiles({ ...args, memory: "2Gi" });
    assert.deepEqual(parse(files["elasticsearch.yml"] ?? ""), elasticsearchSettings(args));
  });

  it("let the probe's user see the cluster's state, and nothing else", () => {
    const roles = parse(configurationFiles({ ...args, memory: "2Gi" })["roles.yml"] ?? "");
    assert.deepEqual(roles, { [probeUser]: { cluster: ["monitor"] } });
    const { users, users_roles: usersRoles } = probeFiles("password", "$2a$10$hash");
    assert.equal(users, `${probeUser}:$2a$10$hash\n`);
    assert.equal(usersRoles, `${probeUser}:${probeUser}\n`);
  });

  it("carry the scripts", () => {
    const files = configurationFiles({ ...args, memory: "2Gi" });
    for (const name of ["configure.sh", "start.sh", "ready.sh"]) {
      assert.match(files[name] ?? "", /^#!\/bin\/bash\n/, name);
    }
  });
});

describe("Elasticsearch's heap", () => {
  const heap = (memory: string) => jvmOptions(memory).match(/^-Xm[sx].*$/gm);

  it("is half of the memory, and does not grow", () => {
    assert.deepEqual(heap("2Gi"), ["-Xms1024m", "-Xmx1024m"]);
    assert.deepEqual(heap("1536Mi"), ["-Xms768m", "-Xmx768m"]);
    assert.deepEqual(heap("62Gi"), ["-Xms31744m", "-Xmx31744m"]);
  });

  it("is refused when it is too small to start, or larger than Java addresses well", () => {
    assert.throws(() => jvmOptions("1000Mi"), /memory is 1000Mi; give at least 1Gi and at most 62Gi/);
    assert.throws(() => jvmOptions("64Gi"), /memory is 64Gi/);
  });

  it("is not dumped to the volume of the data", () => {
    assert.match(jvmOptions("2Gi"), /^-XX:-HeapDumpOnOutOfMemoryError$/m);
  });
});

describe("Elasticsearch's names", () => {
  it("of the founding nodes are those of the pods", () => {
    assert.equal(initialMasterNodes("elasticsearch", 1), "elasticsearch-0");
    assert.equal(initialMasterNodes("es", 3), "es-0,es-1,es-2");
  });

  it("of the certificate are those of the Service, and that of the probe", () => {
    assert.deepEqual(elasticsearchDnsNames("elasticsearch", "monitoring"), [
      "localhost",
      "elasticsearch",
      "elasticsearch.monitoring",
      "elasticsearch.monitoring.svc",
      "elasticsearch.monitoring.svc.cluster.local",
    ]);
  });
});
