/** A real OpenSearch in the place of stack dev's Elasticsearch, behind its Service, with its certificate and its users. */
import { startOpenSearch } from "../opensearch";
import { apply, namespace, onePod, rolledOut } from "./deploy";
import { lab } from "./lab";
import { elasticsearchPlace } from "./pods";

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
    },
  };
}
