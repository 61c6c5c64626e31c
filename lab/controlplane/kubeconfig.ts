import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { writePrivate } from "../state";
import type { Credentials } from "./client";

/** Name of the cluster, the context and the user in the lab's kubeconfig. */
export const contextName = "bilten-lab";

/** Writes a kubeconfig that holds its certificates itself. Unchanged content is not written again. */
export function writeKubeconfig(path: string, url: string, credentials: Credentials): void {
  const encoded = (file: string) => readFileSync(file).toString("base64");
  const content = stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": contextName,
    clusters: [
      {
        name: contextName,
        cluster: { server: url, "certificate-authority-data": encoded(credentials.caFile) },
      },
    ],
    users: [
      {
        name: contextName,
        user: {
          "client-certificate-data": encoded(credentials.certFile),
          "client-key-data": encoded(credentials.keyFile),
        },
      },
    ],
    contexts: [{ name: contextName, context: { cluster: contextName, user: contextName } }],
  });
  writePrivate(path, content);
}
