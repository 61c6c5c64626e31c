import assert from "node:assert/strict";
import { parse } from "yaml";
import { jaegerAddresses } from "../../components/jaeger";
import {
  collectorAddresses,
  OpenTelemetryCollector,
  type OpenTelemetryCollectorArgs,
} from "../../components/openTelemetryCollector";
import {
  gatewayConfiguration,
  gatewayFile,
  type GatewayConfigurationArgs,
} from "../../components/openTelemetryCollector/configuration";
import { queueLimits } from "../../config/traceQueue";
import { parseQuantity } from "../../config/units";
import { runProgram, type RegisteredResource } from "../support/mocks";
import { assertHardened, only, pods } from "../support/workloads";

const each = jaegerAddresses({
  name: "jaeger",
  namespace: "monitoring",
  storage: "elasticsearch",
}).otlpGrpcEach;
const args: OpenTelemetryCollectorArgs = {
  namespace: "monitoring",
  replicas: 2,
  traces: { endpoint: each, peer: { app: "jaeger" } },
  volumeSize: "10Gi",
  storageClass: "fast",
  senderNamespaces: ["bilten"],
};
const run = async (given: Partial<OpenTelemetryCollectorArgs> = {}) =>
  (await runProgram(() => void new OpenTelemetryCollector("trace-gateway", { ...args, ...given }))).resources;
const policy = (resources: RegisteredResource[]) => only(resources, "NetworkPolicy").inputs.spec;

describe("the trace gateway", () => {
  it("keeps what waits on a volume of each replica, and is as restricted as all others", async () => {
    const resources = await run();
    assertHardened(pods(resources));
    const { spec } = only(resources, "StatefulSet").inputs;
    assert.equal(spec.replicas, 2);
    const [claim] = spec.volumeClaimTemplates;
    assert.deepEqual(
      [claim.metadata.name, claim.spec.resources.requests.storage, claim.spec.storageClassName],
      ["queue", "10Gi", "fast"],
    );
    assert.equal(spec.persistentVolumeClaimRetentionPolicy, undefined, "Kubernetes keeps the claims");
    const [container] = spec.template.spec.containers;
    assert.deepEqual(
      container.volumeMounts.map(({ mountPath, readOnly }: { mountPath: string; readOnly?: boolean }) => [
        mountPath,
        readOnly ?? false,
      ]),
      [
        ["/etc/otelcol-contrib", true],
        ["/var/lib/otelcol", false],
      ],
    );
    assert.equal(spec.template.spec.topologySpreadConstraints.length, 2);
    assert.equal(only(resources, "PodDisruptionBudget").inputs.spec.maxUnavailable, 1);
  });

  it("is reached by who sends and by Prometheus, and reaches Jaeger alone", async () => {
    const browsers = { origins: ["https://bilten.com"], ingressNamespace: "ingress-nginx" };
    const { ingress, egress } = policy(await run({ browsers }));
    const namespace = (name: string) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    });
    const program = (name: string) => ({ podSelector: { matchLabels: { "app.kubernetes.io/name": name } } });
    const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));
    assert.deepEqual(ingress, [
      { from: [program("prometheus")], ports: tcp(8888) },
      { from: [namespace("bilten")], ports: tcp(4317, 4318) },
      { from: [namespace("ingress-nginx")], ports: tcp(4318) },
    ]);
    assert.deepEqual(egress, [{ to: [program("jaeger")], ports: tcp(4317) }]);
  });

  it("lets nobody send when there is nobody", async () => {
    assert.equal(policy(await run({ senderNamespaces: [] })).ingress.length, 1);
  });

  it("restarts when its configuration changes, whose limits follow from memory and volume", async () => {
    const configuration = only(await run(), "ConfigMap").inputs;
    assert.equal(configuration.immutable, true);
    assert.equal(configuration.metadata.name, undefined);
    const resources = await run({ resources: { limits: { memory: "1Gi" } }, volumeSize: "2Gi" });
    const [container] = only(resources, "StatefulSet").inputs.spec.template.spec.containers;
    assert.deepEqual(container.env, [{ name: "GOMEMLIMIT", value: "870MiB" }]);
    const file = only(resources, "ConfigMap").inputs.data["config.yaml"] as string;
    assert.match(file, /limit_mib: 768\n/);
    assert.match(file, new RegExp(`queue_size: ${queueLimits("2Gi").queueBytes}\n`));
  });

  it("has an address for the services", () => {
    assert.deepEqual(collectorAddresses({ name: "trace-gateway", namespace: "monitoring" }), {
      otlpGrpc: "http://trace-gateway.monitoring.svc:4317",
      otlpHttp: "http://trace-gateway.monitoring.svc:4318",
    });
  });
});

describe("the configuration of the trace gateway", () => {
  const configured: GatewayConfigurationArgs = {
    name: "trace-gateway",
    endpoint: each,
    volumeSize: "10Gi",
    memory: "512Mi",
  };
  interface Exporter {
    sending_queue: { storage: string; sizer: string; queue_size: number; batch: Record<string, unknown> };
    retry_on_failure: { max_elapsed_time: string };
  }

  it("sends what it has taken in until it is taken, from a file", () => {
    const { exporters, extensions, service } = gatewayConfiguration(configured);
    const { sending_queue: queue, retry_on_failure: retry } = exporters["otlp_grpc/traces"] as Exporter;
    assert.equal(retry.max_elapsed_time, "0s");
    assert.ok(service.extensions.includes(queue.storage));
    assert.deepEqual(service.extensions.sort(), Object.keys(extensions).sort());
    assert.equal((extensions[queue.storage] as { fsync: boolean }).fsync, true);
  });

  it("bounds the queue below its file, and the file below the volume", () => {
    for (const size of ["1Gi", "10Gi", "1Ti"]) {
      const { fileBytes, queueBytes } = queueLimits(size);
      assert.ok(fileBytes <= 0.9 * parseQuantity(size));
      assert.ok(fileBytes / queueBytes >= 2.4, "as much as small requests take");
      const { extensions, exporters } = gatewayConfiguration({ ...configured, volumeSize: size });
      const file = extensions["file_storage/queue"] as {
        max_size: number;
        compaction: { rebound_needed_threshold_mib: number };
      };
      assert.equal(file.max_size, fileBytes);
      assert.ok(file.compaction.rebound_needed_threshold_mib * 2 ** 20 <= fileBytes);
      assert.equal((exporters["otlp_grpc/traces"] as Exporter).sending_queue.queue_size, queueBytes);
    }
  });

  it("lets no processor take spans in before there is room for them", () => {
    assert.deepEqual(gatewayConfiguration(configured).service.pipelines, {
      traces: { receivers: ["otlp"], processors: ["memory_limiter"], exporters: ["otlp_grpc/traces"] },
    });
  });

  it("lets browsers send only from the pages that are named", () => {
    assert.doesNotMatch(gatewayFile(configured), /cors/);
    assert.match(
      gatewayFile({ ...configured, corsOrigins: ["https://bilten.com"] }),
      /allowed_origins:\s+- https:\/\/bilten.com\n/,
    );
  });

  it("is YAML that reads back as what it was made of", () => {
    assert.deepEqual(parse(gatewayFile(configured)), gatewayConfiguration(configured));
  });
});
