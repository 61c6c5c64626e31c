/** A real OpenSearch in the place of stack dev's Elasticsearch, behind its Service, with its certificate and its users. */
import assert from "node:assert/strict";
import { startOpenSearch } from "../opensearch";
import { apply, namespace, onePod, rolledOut } from "./deploy";
import { eventually } from "./eventually";
import { lab } from "./lab";
import { elasticsearchPlace } from "./pods";
import { alertsNamed } from "./prometheus";
import { discovery, seldom, untilFiring } from "./settings";

export interface ElasticsearchsPlace {
  /** Ends it, and has Elasticsearch back, which is simulated. */
  leave(): Promise<void>;
}

const kubectl = (...args: string[]) => lab().kubectl(["-n", namespace, ...args]);

/** Puts it there. Afterwards, `lab().open()` gives its plain address as that of `opensearch`. */
export async function takeElasticsearchsPlace(): Promise<ElasticsearchsPlace> {
  // Bound to all addresses of the node's network, in which nobody else is.
  const server = await startOpenSearch({
    host: "0.0.0.0",
    within: lab().inNodeNetwork,
    log: () => undefined,
  });
  const { status } = await onePod("app.kubernetes.io/name=elasticsearch-exporter");
  const secrets = (await kubectl("get", "secrets", "-o", "name")).split("\n");
  const passwords = secrets.find((name) => name.startsWith("secret/elasticsearch-setup-passwords-"));
  await kubectl("scale", "statefulset/elasticsearch", "--replicas=0");
  await apply(
    elasticsearchPlace({
      namespace,
      target: `http://${status.hostIP}:${new URL(server.url).port}`,
      passwords: passwords!.replace("secret/", ""),
    }),
  );
  await rolledOut(namespace, "deployment/opensearch");
  return {
    leave: async () => {
      await kubectl("delete", "deployment/opensearch", "service/opensearch", "configmap/opensearch");
      await kubectl("scale", "statefulset/elasticsearch", "--replicas=1");
      await server.stop();
      // What was so before, is so for the tests that follow.
      await eventually("ElasticsearchDown fires again", discovery + untilFiring(), async () =>
        assert.deepEqual(
          (await alertsNamed("ElasticsearchDown")).map(({ state }) => state),
          ["firing"],
        ),
      );
      await eventually("TargetDown fires again for the log index", seldom(4) + untilFiring(), async () => {
        const down = (await alertsNamed("TargetDown")).filter(({ labels }) => labels["job"] === "log-index");
        assert.deepEqual(
          down.map(({ state }) => state),
          ["firing"],
        );
      });
    },
  };
}
