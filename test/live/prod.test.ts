/** Stack prod with real pods: two Prometheus and three Alertmanagers. Grafana and Elastic's programs are simulated. */
import assert from "node:assert/strict";
import { deployProd, namespace, peerTimeout, prodGroupInterval } from "./deploy";
import { eventually, measured } from "./eventually";
import { describeOnLab, lab, type Pod } from "./lab";
import { mails, slackMessages } from "./messages";
import { alertsNamed, query } from "./prometheus";
import { crossing, endErrors, startErrors } from "./service";
import { intervals, slack, untilFiring, untilTold, untilToldResolved } from "./settings";

const replicas = ["alertmanager-0", "alertmanager-1", "alertmanager-2"];

const subjectOf = (status: string) => `[${status}] critical: HighErrorRate (bilten-api) on bilten-prod`;

interface Told {
  mails: string[];
  slack: string[];
}

/** What was told about errors of the service, by each way. */
async function told(): Promise<Told> {
  return {
    mails: (await mails("HighErrorRate", "mail")).map(({ Subject }) => Subject),
    slack: (await slackMessages("HighErrorRate"))
      .filter(({ status }) => status === 200)
      .map(({ body }) => body.attachments[0]!.title)
      .filter((title) => title.includes("bilten-prod")),
  };
}

/** One message for each, by each way. */
async function assertTold(...statuses: string[]): Promise<void> {
  const subjects = statuses.map(subjectOf);
  assert.deepEqual(await told(), { mails: subjects, slack: subjects });
}

async function podNamed(name: string): Promise<Pod> {
  const pods = await lab().pods(namespace, "app.kubernetes.io/name=alertmanager");
  return pods.find(({ metadata }) => metadata.name === name) ?? assert.fail(`there is no ${name}`);
}

/** Ends it as a crash would. The kubelet starts it again. */
async function kill(name: string): Promise<void> {
  const pids = lab().processesOf(await podNamed(name));
  assert.ok(pids.length > 0, `no process of ${name}`);
  for (const pid of pids) process.kill(pid, "SIGKILL");
}

interface Status {
  cluster: { status: string; peers: unknown[] };
}

async function ask<T>(pod: string, path: string): Promise<T> {
  const url = `/api/v1/namespaces/${namespace}/pods/${pod}:9093/proxy${path}`;
  return JSON.parse(await lab().kubectl(["get", "--raw", url])) as T;
}

async function assertWhole(): Promise<void> {
  for (const pod of replicas) {
    const { cluster } = await ask<Status>(pod, "/api/v2/status");
    assert.deepEqual([pod, cluster.status, cluster.peers.length], [pod, "ready", 3]);
  }
}

describeOnLab("stack prod on real pods, with Grafana and Elastic's programs simulated", function () {
  this.timeout(240_000);
  before(deployProd);

  it("has three Alertmanagers in one cluster, and both Prometheus send to each", async () => {
    await eventually("the cluster is whole", 30, assertWhole);
    await eventually("Prometheus knows them", 2 * intervals.scrape + slack, async () => {
      const { series } = await query("prometheus_notifications_alertmanagers_discovered");
      assert.deepEqual(
        series.map(({ metric, value }) => [metric["pod"], value![1]]).sort(),
        ["prometheus-0", "prometheus-1"].map((pod) => [pod, "3"]),
      );
    });
  });

  it("loses and doubles nothing when one Alertmanager is killed before and one after the message", async () => {
    const start = await startErrors();
    await eventually("HighErrorRate fires", untilFiring() + crossing, async () => {
      const [alert] = await alertsNamed("HighErrorRate");
      assert.equal(alert?.state, "firing");
    });
    // The first of the cluster, which would send.
    await kill("alertmanager-0");
    const limit = untilTold() + crossing + 2 * peerTimeout;
    await measured(
      "prod: errors until told, with the first Alertmanager killed",
      { since: start, limit },
      () => assertTold("FIRING 1"),
    );
    await kill("alertmanager-1");
    const end = await endErrors();
    await measured(
      "prod: end of errors until told, with another one killed",
      { since: end, limit: untilToldResolved(prodGroupInterval) + crossing + 2 * peerTimeout },
      () => assertTold("FIRING 1", "RESOLVED"),
    );
    await eventually("the cluster is whole again", 60, assertWhole);
    await assertTold("FIRING 1", "RESOLVED");
  });
});
