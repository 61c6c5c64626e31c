/** What stands on the lab: the platform's service and the receivers of messages, and the stack beside them. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { eventually } from "./eventually";
import { lab, type Pod } from "./lab";
import { control } from "./messages";
import { mailServer, program } from "./pods";
import { value } from "./prometheus";
import { discovery, intervals, receiverSecrets, shortened, slack, testNamespace } from "./settings";

export const namespace = "bilten-monitoring";
export const hostNamespace = "bilten-monitoring-host";

/** Creates objects, or makes them as given. */
export async function apply(objects: object[]): Promise<void> {
  await lab().kubectl(
    ["apply", "--filename", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
  );
}

/** Waits until a workload's pods are those of its newest template, and ready. */
export async function rolledOut(inNamespace: string, workload: string): Promise<void> {
  await lab().kubectl(["-n", inNamespace, "rollout", "status", workload, "--timeout=50s"]);
}

/** From which mail comes, and user at the tests' own mail server. */
export const mailAddress = "alerts@bilten.com";
const mailPassword = randomBytes(12).toString("hex");

/** Settings for that mail server. */
export const ownMailServer = {
  mailCatcher: "false",
  smtpHost: `mail.${testNamespace}.svc:1025`,
  // Alertmanager trusts the world's authorities alone, and none of them has signed for this server.
  smtpRequireTls: "false",
};

/** What is there beside the stack: the service that it is to monitor, and those whom it is to tell. */
async function platform(): Promise<void> {
  const own = testNamespace;
  const programs = [
    { name: "bilten-api", namespace: "bilten", file: "biltenApi.mjs", port: 3000 },
    { name: "webhooks", namespace: own, file: "webhookReceiver.mjs", port: 8080 },
    { name: "node-pressure", namespace: own, file: "nodePressure.mjs", port: 9100 },
  ];
  const mail = { name: "mail", namespace: own };
  await apply([...programs.flatMap(program), ...mailServer(mail, mailAddress, mailPassword)]);
  for (const { namespace: where, name } of [...programs, mail]) await rolledOut(where, `deployment/${name}`);
}

/** Deploys a stack, with the platform beside it. */
async function deploy(
  stack: string,
  config: Record<string, string>,
  secrets: Record<string, string>,
): Promise<void> {
  await apply(
    ["bilten", testNamespace].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  );
  await Promise.all([platform(), lab().pulumi.up(stack, { config, secrets })]);
  await lab().open();
  await measuring();
}

let deployed: Promise<void> | undefined;
let deployedAt: Date | undefined;

/** What a workload's pods have logged since stack dev was deployed and measured something. */
export async function logSinceDeployed(workload: string): Promise<string[]> {
  const since = `--since-time=${deployedAt!.toISOString()}`;
  return (await lab().kubectl(["-n", namespace, "logs", workload, since])).split("\n").filter(Boolean);
}

/** Settings of stack dev, with which it is deployed. */
export const devConfig: Record<string, string> = { ...shortened(), createServiceNamespaces: "false" };

/** Deploys stack dev, once. */
export function deployDev(): Promise<void> {
  deployed ??= deploy("dev", devConfig, receiverSecrets).then(() => void (deployedAt = new Date()));
  return deployed;
}

/** How long Alertmanager waits for each one before it in the cluster, seconds: `--cluster.peer-timeout`. */
export const peerTimeout = 15;

/** Of stack prod, seconds: what is told after waiting for two others must not be over by then. */
export const prodGroupInterval = 2 * peerTimeout + 5;

/** Deploys stack prod, with a mail server that wants a password; stack dev makes way for it. */
export async function deployProd(): Promise<void> {
  if (deployed) {
    await deployed;
    await lab().pulumi.destroy("dev", { config: devConfig, secrets: receiverSecrets });
    await control("bilten-api", { requestsPerSecond: 20, errorRatio: 0 });
    await control("webhooks", { slackStatus: 200 });
  }
  // Jaeger does not start without prod's Elasticsearch, which is simulated.
  const config = { ...shortened(prodGroupInterval), ...ownMailServer, tracesEnabled: "false" };
  await deploy("prod", config, { ...receiverSecrets, smtpPassword: mailPassword });
}

/** The only pod of the stack with these labels. */
export async function onePod(selector: string): Promise<Pod> {
  const pods = await lab().pods(namespace, selector);
  assert.equal(pods.length, 1, `${pods.length} pods ${selector}`);
  return pods[0]!;
}

/** Waits until Prometheus knows the service's share of errors. */
export async function measuring(): Promise<void> {
  // Discovery, two scrapes and an evaluation.
  const limit = discovery + 2 * intervals.scrape + intervals.evaluation + slack;
  await eventually("Prometheus measures the service", limit, async () =>
    assert.ok((await value('service:http_requests_errors:ratio_rate5m{service="bilten-api"}')) < 0.1),
  );
}
