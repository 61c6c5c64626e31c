/** Small workloads that really run, from the image of Node.js that the lab builds, and questions that they answer. */
import assert from "node:assert/strict";
import { nodeImage } from "../../lab/images";
import { eventually, type Lab } from "./lab";

const labels = (app: string) => ({ app });

/** A web server that tells who it is; logs each request. */
const server = `
  console.log("listening");
  require("node:http")
    .createServer((asked, answer) => { console.log(asked.method, asked.url); answer.end(process.env.WHO); })
    .listen(8080);
  process.on("SIGTERM", () => process.exit(0));
`;

/** Notes each of its starts in its volume. */
const writer = `
  require("node:fs").appendFileSync("/data/starts", process.env.HOSTNAME + "\\n");
  setInterval(() => {}, 1000);
  process.on("SIGTERM", () => process.exit(0));
`;

const container = (script: string, more: object = {}) => ({
  name: "main",
  image: nodeImage,
  command: ["node", "-e", script],
  ...more,
});

export const web = (who: string): object[] => [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      selector: { matchLabels: labels("web") },
      template: {
        metadata: { labels: labels("web") },
        spec: {
          containers: [
            container(server, {
              env: [{ name: "WHO", value: who }],
              readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
            }),
          ],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { selector: labels("web"), ports: [{ name: "http", port: 80, targetPort: 8080 }] },
  },
];

/** Runs as a user who may write into its volume only because of `fsGroup`. */
export const store: object = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "store" },
  spec: {
    serviceName: "store",
    selector: { matchLabels: labels("store") },
    template: {
      metadata: { labels: labels("store") },
      spec: {
        terminationGracePeriodSeconds: 2,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000 },
        containers: [container(writer, { volumeMounts: [{ name: "data", mountPath: "/data" }] })],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Mi" } } },
      },
    ],
  },
};

/** Runs a script of Node.js in a container, and returns what it prints. */
export async function inPod(lab: Lab, workload: string, script: string): Promise<string> {
  return (await lab.kubectl("exec", workload, "--", "node", "-e", script)).trim();
}

/** What a pod gets from a URL. */
export function fetched(lab: Lab, workload: string, url: string): Promise<string> {
  const script = `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(5000) })
    .then(async (answer) => console.log(await answer.text()), (error) => { console.error(error.cause); process.exit(1); })`;
  return inPod(lab, workload, script);
}

/** Waits until a pod gets the right answer of the Service `web` by its name: API server, kubelet, DNS and rules work. */
export async function serves(lab: Lab, who: string): Promise<void> {
  await eventually("an answer of the Service web", async () =>
    (await fetched(lab, "statefulset/store", "http://web.default.svc.cluster.local/")) === who
      ? true
      : undefined,
  );
}

/** Fails unless all parts are healthy, and nothing runs that they do not know. */
export async function healthy(lab: Lab): Promise<void> {
  const { running, parts, strays } = await lab.status();
  assert.deepEqual(
    parts.filter(({ state }) => state !== "healthy").map(({ name, state }) => `${name} is ${state}`),
    [],
  );
  assert.deepEqual(strays, []);
  assert.ok(running);
  assert.ok(parts.some(({ group }) => group === "real node"));
}

/** Waits until workloads are ready. */
export async function ready(lab: Lab, ...workloads: string[]): Promise<void> {
  for (const workload of workloads) await lab.kubectl("rollout", "status", workload, "--timeout=60s");
}
