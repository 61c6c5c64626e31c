/** Real pods on a real node. Takes minutes; `units.test.ts` has what needs no cluster. Each test goes on from the one before. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathsOfNode } from "../../lab/nodes/real/paths";
import { cgroupOf, processesIn } from "../../lab/parts/cgroups";
import { namespacesOf } from "./host";
import { eventually, Lab } from "./lab";
import { describeRealNode } from "./machine";
import { forwarded } from "./portForward";
import { fetched, healthy, inPod, ready, serves, store, web } from "./workloads";

/** What a lab that runs has of the machine, and must give back. */
const own = ["cgroups", "processes"];

describeRealNode("a real node", function () {
  this.timeout(240_000);
  let lab: Lab;

  before(async () => {
    lab = new Lab();
    await lab.rememberMachine();
    await lab.start();
    await lab.apply(...web("first"), store);
    await ready(lab, "deployment/web", "statefulset/store");
  });
  after(() => lab?.remove());

  const startsIn = async () =>
    (await inPod(lab, "store-0", 'console.log(require("node:fs").readFileSync("/data/starts", "utf8"))'))
      .split("\n")
      .filter(Boolean).length;
  const volumes = () => readdirSync(pathsOfNode(lab.state).volumes);

  it("is healthy in all its parts", () => healthy(lab));

  it("runs pods whose images are at hand, and leaves others to simulated nodes", async () => {
    await lab.kubectl("create", "deployment", "other", "--image=example.test/other:1");
    await ready(lab, "deployment/other");
    const path = "jsonpath={range .items[*]}{.metadata.labels.app} {.spec.nodeName}{'\\n'}{end}";
    const nodes = (await lab.kubectl("get", "pods", "-o", path)).trim().split("\n").sort();
    assert.deepEqual(
      nodes.map((line) => line.replace(/ simulated-[abc]$/, " simulated")),
      ["other simulated", "store real", "web real"],
    );
  });

  it("changes no link, address, route, firewall rule, mount, setting or file of the machine", () => {
    const changed = lab.changesOfMachine().filter((line) => !own.some((what) => line.startsWith(what)));
    assert.deepEqual(changed, []);
  });

  it("has its pods' processes in a control group of the lab, and in namespaces that are not the machine's", () => {
    const pods = processesIn(cgroupOf(lab.directory));
    assert.ok(pods.length >= 4, pods.join());
    for (const pid of pods) {
      const kinds = [...namespacesOf([pid])].map((name) => name.split(":")[0]);
      for (const kind of ["net", "mnt", "ipc", "uts"])
        assert.ok(kinds.includes(kind), `${pid}: ${kinds.join()}`);
    }
    const groups = lab.changesOfMachine().filter((line) => line.startsWith("cgroups"));
    assert.ok(
      groups.every((line) => line.includes(cgroupOf(lab.directory))),
      groups.join("\n"),
    );
  });

  it("shows what a container writes, and follows it", async () => {
    assert.match(await lab.succeeds("kubectl", "logs", "deployment/web"), /^listening\n/);
    assert.match(await lab.succeeds("kubectl", "logs", "deployment/web", "--tail=1"), /^GET \//);
  });

  it("runs a command in a container, and passes input, output and the exit code on", async () => {
    const copy = ["exec", "-i", "deployment/web", "--", "node", "-e", "process.stdin.pipe(process.stdout)"];
    assert.equal(await lab.succeedsWith("through\n", "kubectl", ...copy), "through\n");
    const { code, stderr } = await lab.run(
      ...["kubectl", "exec", "deployment/web", "--", "node", "-e", "console.error('no'); process.exit(7)"],
    );
    assert.equal(code, 7);
    assert.match(stderr, /^no$/m);
  });

  it("forwards a port of this machine to a pod", async () => {
    assert.equal(await forwarded(lab, "deployment/web", 8080), "first");
  });

  it("gives an address on this machine to a Service", async () => {
    const addresses = JSON.parse(await lab.succeeds("open", "--json")) as { name: string; url: string }[];
    assert.deepEqual(
      addresses.map(({ name }) => name),
      ["web"],
    );
    const answer = await eventually("an answer", async () => (await fetch(addresses[0]!.url)).text());
    assert.equal(answer, "first");
  });

  it("resolves a Service's name in a pod, and answers on its address", async () => {
    for (const name of ["web", "web.default", "web.default.svc.cluster.local"])
      assert.equal(await fetched(lab, "store-0", `http://${name}/`), "first");
    const ip = await lab.kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
    assert.equal(await fetched(lab, "store-0", `http://${ip}/`), "first");
    assert.equal(
      await fetched(lab, "deployment/web", `http://${ip}/`),
      "first",
      "itself, through the Service",
    );
    await assert.rejects(fetched(lab, "store-0", "http://nobody.default.svc.cluster.local/"), /ENOTFOUND/);
  });

  it("lets a pod call the API server as its service account, with the rights of that and no more", async () => {
    const script = `
      const read = (name) => require("node:fs").readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/" + name);
      const ask = (path) => new Promise((resolve, reject) => require("node:https").get(
        "https://kubernetes.default.svc" + path,
        { ca: read("ca.crt"), headers: { authorization: "Bearer " + read("token") } },
        (answer) => { answer.resume(); resolve(answer.statusCode); },
      ).on("error", reject));
      Promise.all(["/version", "/api/v1/namespaces/default/secrets"].map(ask)).then((all) => console.log(all.join()));
    `;
    assert.equal(await inPod(lab, "store-0", script), "200,403");
  });

  it("gives a user who is not root a volume by fsGroup", async () => {
    const script =
      'const { gid, mode } = require("node:fs").statSync("/data"); console.log(process.getuid(), gid, mode & 0o2070)';
    assert.equal(await inPod(lab, "store-0", script), `1000 2000 ${0o2070}`);
    const [folder] = volumes();
    assert.match(folder ?? "", /^default_data-store-0_/);
    assert.equal(statSync(join(pathsOfNode(lab.state).volumes, folder!)).gid, 2000);
  });

  it("keeps a volume's files when the pod is deleted", async () => {
    assert.equal(await startsIn(), 1);
    await lab.kubectl("delete", "pod", "store-0");
    await ready(lab, "statefulset/store");
    assert.equal(await startsIn(), 2);
  });

  it("stops with nothing left on the machine", async () => {
    const held = lab.held();
    assert.ok(held.namespaces.size > 2, [...held.namespaces].join());
    assert.doesNotMatch(await lab.stop(), /killed/);
    lab.assertNothingLeft(held);
  });

  it("starts with its pods and their volumes again", async () => {
    await lab.start();
    await serves(lab, "first");
    assert.equal(await startsIn(), 3);
    await healthy(lab);
  });

  describe("that is asked to be simulated", () => {
    it("refuses when a workload has a volume on it, and changes nothing", async () => {
      const parts = () => lab.status().then((all) => all.parts.map(({ name, pid }) => `${name} ${pid}`));
      const former = await parts();
      const { code, stdout, stderr } = await lab.run("start", "--simulated", "--no-stack", "--no-pull");
      assert.equal(code, 1, stdout);
      assert.match(stderr, /StatefulSet default\/store: data-store-0/);
      assert.deepEqual(await parts(), former);
      await healthy(lab);
      assert.match(await lab.succeeds("status"), /real node:/);
      assert.doesNotMatch(await lab.succeeds("status"), /Simulated: all nodes/);
      await serves(lab, "first");
    });

    it("also while it is stopped", async () => {
      await lab.stop();
      const { code, stderr } = await lab.run("start", "--simulated", "--no-stack", "--no-pull");
      assert.equal(code, 1);
      assert.match(stderr, /StatefulSet default\/store: data-store-0/);
      assert.deepEqual((await lab.status()).parts, []);
      assert.deepEqual(lab.changesOfMachine(), []);
      await lab.start();
      await serves(lab, "first");
    });

    it("moves everything when there is no volume, and back with the next start", async () => {
      await lab.kubectl("delete", "statefulset/store", "pvc/data-store-0");
      await eventually("the end of the volume", () => (volumes().length === 0 ? true : undefined));
      const nodeOfWeb = () =>
        lab.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].spec.nodeName}");
      const output = await lab.start("--simulated");
      assert.match(output, /There is no real node:\n +--simulated asks for it/);
      assert.match(output, /Deployment default\/web moves to simulated nodes/);
      await ready(lab, "deployment/web");
      await eventually("web on a simulated node, and no other pod of it", async () =>
        /^simulated-[abc]$/.test(await nodeOfWeb()) ? true : undefined,
      );
      assert.doesNotMatch(await lab.kubectl("get", "nodes", "-o", "name"), /real/);
      assert.deepEqual(processesIn(cgroupOf(lab.directory)), []);
      const { running, parts, strays } = await lab.status();
      assert.ok(running && strays.length === 0);
      assert.ok(!parts.some(({ group }) => group === "real node"));

      await lab.start();
      await ready(lab, "deployment/web");
      await eventually("web on the real node", async () =>
        (await nodeOfWeb()) === "real" ? true : undefined,
      );
      await healthy(lab);
    });
  });

  describe("that is reset", () => {
    it("is gone with all that it kept after a reset", async () => {
      await lab.apply(store);
      await ready(lab, "statefulset/store");
      await lab.succeeds("reset");
      assert.ok(!existsSync(lab.directory));
      assert.deepEqual(lab.changesOfMachine(), []);
    });
  });
});
