import assert from "node:assert/strict";
import { parse } from "yaml";
import { find, objectsOf, ofKind, stacks, type KubernetesObject } from "./cluster";

interface Dashboard {
  uid: string;
  title: string;
  panels: { type: string; title?: string; datasource?: { uid?: string } }[];
}

describe("dashboards, as Grafana gets them", function () {
  this.timeout(60_000);

  for (const stack of stacks) {
    describe(`of stack ${stack}`, () => {
      let objects: KubernetesObject[];
      let files: [string, Dashboard][];

      before(async () => {
        objects = await objectsOf(stack);
        files = ofKind(objects, "ConfigMap")
          .filter(({ metadata }) => metadata.name.startsWith("grafana-dashboard-"))
          .flatMap(({ data }) => Object.entries(data as Record<string, string>))
          .filter(([file]) => file.endsWith(".json"))
          .map(([file, text]) => [file, JSON.parse(text) as Dashboard]);
      });

      it("are there", () => {
        assert.ok(files.some(([, { title }]) => title === "Bilten Platform Overview"));
      });

      it("have a uid of their own, which is the name of the file", () => {
        for (const [file, { uid }] of files) assert.equal(file, `${uid}.json`);
        assert.equal(new Set(files.map(([, { uid }]) => uid)).size, files.length);
        for (const [, { uid }] of files) assert.match(uid, /^[a-z0-9-]{1,40}$/);
      });

      it("have panels, none of a type that Grafana no longer knows", () => {
        for (const [file, { panels }] of files) {
          assert.ok(panels.length > 0, file);
          for (const { type } of panels) assert.ok(type && !["graph", "singlestat"].includes(type), file);
        }
      });

      it("take their data from sources that are provisioned", () => {
        const { data } = find(objects, "ConfigMap", "grafana-provisioning");
        const { datasources } = parse((data as Record<string, string>)["datasources.yaml"] ?? "") as {
          datasources: { uid: string }[];
        };
        const known = ["-- Grafana --", "-- Mixed --", "grafana", ...datasources.map(({ uid }) => uid)];
        for (const [file, { panels }] of files)
          for (const { datasource } of panels) {
            const uid = datasource?.uid;
            assert.ok(uid === undefined || uid.startsWith("$") || known.includes(uid), `${file}: ${uid}`);
          }
      });
    });
  }
});
