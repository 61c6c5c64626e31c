/** What is left of the measurements of stack dev with real pods when Prometheus ends. Grafana and Elastic's programs are simulated. */
import assert from "node:assert/strict";
import { deployDev, namespace, onePod, rolledOut } from "./deploy";
import { eventually, measured } from "./eventually";
import { describeOnLab, lab } from "./lab";
import { firing, labelText, query } from "./prometheus";
import { discovery, untilFiring } from "./settings";

const prometheus = () => onePod("app.kubernetes.io/name=prometheus");

describeOnLab("stack dev, with Grafana and Elastic's programs simulated, when Prometheus ends", function () {
  this.timeout(240_000);
  before(deployDev);
  before(() =>
    eventually("the alerts on what is simulated fire", untilFiring() + discovery, async () =>
      // Watchdog, Grafana, and the kubelet, cAdvisor and Filebeat of three nodes.
      assert.equal((await lasting()).length, 11),
    ),
  );

  for (const { how, limit, kill } of [
    { how: "is killed", limit: 30, kill: killPrometheus },
    { how: "loses its pod", limit: 60, kill: deletePrometheus },
  ]) {
    it(`has all measurements, and the same alerts again, when Prometheus ${how}`, async () => {
      // Of one scrape job, everything of two minutes.
      const instant = Date.now() / 1000 - 1;
      const samples = async () =>
        (await query('{job="node-exporter"}[2m]', instant)).series.map(sorted).sort();
      const before = await samples();
      assert.ok(before.length > 100, `${before.length} series`);
      const alerting = await lasting();
      const since = performance.now();
      await kill();
      await measured(`Prometheus ${how} until it answers`, { since, limit }, async () =>
        assertSame(await samples(), before),
      );
      // Patience begins anew: it is shorter than what Prometheus remembers over a restart (--rules.alert.for-grace-period).
      await eventually("the same alerts fire again", untilFiring() + discovery, async () =>
        assert.deepEqual(await lasting(), alerting),
      );
    });
  }
});

/** Says how many differ, and one of them: all would fill the screen. */
function assertSame(found: string[], expected: string[]): void {
  const missing = expected.filter((one) => !found.includes(one));
  assert.equal(missing.length, 0, `${missing.length} of ${expected.length} series differ: ${missing[0]}`);
  assert.equal(found.length, expected.length);
}

/** The alerts on what does not change here: Watchdog, and targets that are simulated. */
async function lasting(): Promise<string[]> {
  const simulated = ({ node, job }: Record<string, string>) =>
    node?.startsWith("simulated-") || job === "grafana";
  const found = (await firing()).filter(
    (labels) =>
      labels["alertname"] === "Watchdog" || (labels["alertname"] === "TargetDown" && simulated(labels)),
  );
  return found.map(labelText).sort();
}

function sorted({ metric, values }: { metric: object; values?: unknown[] }): string {
  return JSON.stringify([Object.entries(metric).sort(), values]);
}

async function killPrometheus(): Promise<void> {
  const pod = await prometheus();
  const restarts = pod.status.containerStatuses[0]!.restartCount;
  const pids = lab().processesOf(pod);
  assert.ok(pids.length > 0, "no process of Prometheus");
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await eventually("the kubelet starts it again", 30, async () =>
    assert.equal((await prometheus()).status.containerStatuses[0]!.restartCount, restarts + 1),
  );
}

async function deletePrometheus(): Promise<void> {
  const { metadata } = await prometheus();
  await lab().kubectl(["-n", namespace, "delete", "pod", metadata.name]);
  await rolledOut(namespace, "statefulset/prometheus");
  assert.notEqual((await prometheus()).metadata.uid, metadata.uid);
}
