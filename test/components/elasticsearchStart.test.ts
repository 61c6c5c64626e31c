import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { initialMasterNodes } from "../../components/elasticsearch/configuration";
import { Folder, run } from "./elasticsearchScript";

// No image of Elasticsearch runs here: these run the script as the container does, with stand-ins for its programs.
describe("Elasticsearch's start.sh, without Elasticsearch", () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.remove());

  /** What Elasticsearch is started with: its arguments, and the zone it is told. */
  async function start(pod: string, replicas = 3, zone?: string): Promise<string[]> {
    folder.write("initial", initialMasterNodes("elasticsearch", replicas));
    const elasticsearch = folder.program(
      "elasticsearch",
      'printf "%s\\n" "$@" "zone=$ZONE" > "${0%/*}/started-with"',
    );
    const { code, output } = await run("start.sh", {
      POD_NAME: pod,
      DATA: folder.file("data"),
      STATE: folder.file("state"),
      INITIAL_MASTER_NODES: folder.file("initial"),
      ELASTICSEARCH: elasticsearch,
      ...(zone !== undefined && { ZONE: zone }),
    });
    assert.equal(code, 0, output);
    return folder.read("started-with").trim().split("\n");
  }
  const founding = (started: string[]) => started.find((word) => word.includes("initial_master_nodes"));

  it("lets pod 0 with an empty volume found a cluster of all pods", async () => {
    assert.equal(
      founding(await start("elasticsearch-0")),
      "-Ecluster.initial_master_nodes=elasticsearch-0,elasticsearch-1,elasticsearch-2",
    );
    assert.equal(
      founding(await start("elasticsearch-0", 1)),
      "-Ecluster.initial_master_nodes=elasticsearch-0",
    );
  });

  it("does not let it again once it has been in a cluster", async () => {
    folder.write("data/joined-cluster", "");
    assert.equal(founding(await start("elasticsearch-0")), undefined);
  });

  it("lets it again when the first start failed, though that left files", async () => {
    folder.directory("data/_state");
    folder.write("data/_state/node-0.st", "state");
    folder.write("data/node.lock", "");
    assert.ok(founding(await start("elasticsearch-0")));
  });

  it("lets no other pod, so that one that becomes three stays one cluster", async () => {
    for (const pod of ["elasticsearch-1", "elasticsearch-2", "elasticsearch-10"]) {
      assert.equal(founding(await start(pod)), undefined, pod);
    }
  });

  it("tells the pod's zone, and one zone for all when pods do not know theirs", async () => {
    assert.ok((await start("elasticsearch-1", 3, "eu-1a")).includes("zone=eu-1a"));
    assert.ok((await start("elasticsearch-1", 3, "")).includes("zone=unknown"));
    assert.ok((await start("elasticsearch-1", 3)).includes("zone=unknown"));
  });

  it("makes a restarted container become ready again", async () => {
    folder.write("state/ready", "");
    await start("elasticsearch-1");
    assert.equal(existsSync(folder.file("state/ready")), false);
    assert.match(folder.read("state/started"), /^\d+\n$/);
  });

  it("does not start without the pod's name", async () => {
    const { code, output } = await run("start.sh", {});
    assert.notEqual(code, 0);
    assert.match(output, /POD_NAME/);
  });
});
