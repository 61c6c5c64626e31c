import assert from "node:assert/strict";
import { parse } from "yaml";
import {
  jaegerConfiguration,
  jaegerFile,
  type JaegerConfigurationArgs,
} from "../../components/jaeger/configuration";
import { sendingQueue } from "../../components/jaeger/limits";
import { storageBackend, type ElasticsearchStorage } from "../../components/jaeger/storage";
import {
  goMemoryLimit,
  memoryLimiter,
  type CollectorConfiguration,
} from "../../components/openTelemetryCollector/pieces";
import { uiConfiguration } from "../../components/jaeger/ui";

const elasticsearch: ElasticsearchStorage = {
  kind: "elasticsearch",
  url: "https://elasticsearch.monitoring.svc:9200",
  nodes: 3,
};
const tailSampling = { decisionWait: "10s", maxTraces: 5000, slowerThan: 0.5, keep: 0.1 };
const args: JaegerConfigurationArgs = {
  role: "all",
  storage: { kind: "badger", volumeSize: "10Gi" },
  retention: "2d",
  memory: "1Gi",
  prometheusUrl: "http://prometheus:9090",
};
const of = (given: Partial<JaegerConfigurationArgs> = {}) => jaegerConfiguration({ ...args, ...given });

/** All that pipelines name, and what there is to name. */
function namesOf({ receivers, processors, connectors, exporters, service }: CollectorConfiguration) {
  const pipelines = Object.values(service.pipelines);
  const used = (key: "receivers" | "processors" | "exporters") =>
    [...new Set(pipelines.flatMap((pipeline) => pipeline[key] ?? []))].sort();
  const joined = Object.keys(connectors);
  return {
    used: [used("receivers"), used("processors"), used("exporters")],
    there: [
      [...Object.keys(receivers), ...joined].sort(),
      Object.keys(processors).sort(),
      [...Object.keys(exporters), ...joined].sort(),
    ],
  };
}

const shapes: [string, Partial<JaegerConfigurationArgs>][] = [
  ["one process", {}],
  ["one process with everything on", { thriftUdp: true, tailSampling, corsOrigins: ["https://bilten.com"] }],
  ["a collector", { role: "collector", storage: elasticsearch }],
  ["a collector with tail sampling", { role: "collector", storage: elasticsearch, tailSampling }],
  ["a query", { role: "query", storage: elasticsearch }],
];

describe("Jaeger's configuration", () => {
  for (const [what, given] of shapes) {
    it(`joins all that it has, and nothing that it has not: ${what}`, () => {
      const { used, there } = namesOf(of(given));
      assert.deepEqual(used, there);
      const { extensions, service } = of(given);
      assert.deepEqual(service.extensions, Object.keys(extensions));
    });
  }

  it("lets the memory limiter see spans first, and no processor take them in before there is room", () => {
    for (const [, given] of shapes.filter(([what]) => !what.includes("query"))) {
      const { pipelines } = of(given).service;
      const first = pipelines.traces ?? pipelines["traces/received"];
      assert.deepEqual(first?.processors, ["memory_limiter"]);
      assert.ok(!JSON.stringify(pipelines).includes('"batch"'));
    }
  });

  it("makes metrics of all spans that come in, whatever tail sampling keeps", () => {
    const { pipelines } = of({ tailSampling }).service;
    assert.deepEqual(pipelines["traces/received"]?.exporters, ["forward/complete", "spanmetrics"]);
    assert.deepEqual(pipelines["traces/complete"], {
      receivers: ["forward/complete"],
      processors: ["tail_sampling"],
      exporters: ["jaeger_storage_exporter"],
    });
  });

  it("splits what one process does between collectors and queries", () => {
    const names = (given: Partial<JaegerConfigurationArgs>) => Object.keys(of(given).extensions).sort();
    const both = ["healthcheckv2", "jaeger_storage"];
    assert.deepEqual(names({}), [...both, "jaeger_query", "remote_sampling"].sort());
    assert.deepEqual(names({ role: "collector" }), [...both, "remote_sampling"].sort());
    assert.deepEqual(names({ role: "query" }), [...both, "jaeger_query"].sort());
    assert.deepEqual(Object.keys(of({ role: "query" }).receivers), ["nop"]);
  });

  it("opens the receivers of browsers and of old clients only when they are wanted", () => {
    const text = (given: Partial<JaegerConfigurationArgs>) => jaegerFile({ ...args, ...given });
    assert.doesNotMatch(text({}), /cors|thrift_binary/);
    assert.match(
      text({ corsOrigins: ["https://bilten.com"] }),
      /allowed_origins:\s+- https:\/\/bilten.com\n/,
    );
    assert.match(text({ thriftUdp: true }), /thrift_binary:\s+endpoint: 0\.0\.0\.0:6832\n/);
  });

  it("reads the sampling strategies again when they change", () => {
    assert.deepEqual(of().extensions.remote_sampling, {
      file: {
        path: "/etc/jaeger/sampling/strategies.json",
        reload_interval: "10s",
        default_sampling_probability: 0.1,
      },
      http: { endpoint: "0.0.0.0:5778" },
      grpc: { endpoint: "0.0.0.0:5779" },
    });
  });

  it("has the page Monitor read the span metrics by the names under which they are made", () => {
    const text = JSON.stringify(of().extensions.jaeger_storage);
    assert.match(text, /"metric_namespace":"traces_span_metrics","latency_unit":"s"/);
    assert.match(
      JSON.stringify(of().connectors.spanmetrics),
      /"namespace":"traces\.span\.metrics".*"unit":"s"/,
    );
    assert.doesNotMatch(
      JSON.stringify(of({ prometheusUrl: undefined }).extensions),
      /metric_backends|"metrics":/,
    );
  });

  it("names its metrics by unit and kind, which is the default of older collectors only", () => {
    for (const [, given] of shapes)
      assert.match(
        JSON.stringify(of(given).service.telemetry),
        /"port":8888,"without_units":false,"without_type_suffix":false/,
      );
  });

  it("is YAML that reads back as what it was made of", () => {
    assert.deepEqual(parse(jaegerFile(args)), of());
  });
});

describe("where Jaeger keeps traces", () => {
  it("is a folder of the volume with Badger, which forgets what is too old", () => {
    assert.deepEqual(storageBackend(args.storage, "2d"), {
      badger: {
        directories: { keys: "/var/lib/jaeger/keys", values: "/var/lib/jaeger/values" },
        ephemeral: false,
        ttl: { spans: "172800s" },
        maintenance_interval: "5m",
        metrics_update_interval: "10s",
      },
    });
  });

  it("is indices of its prefix in Elasticsearch, with the password and the authority in files", () => {
    const text = JSON.stringify(storageBackend(elasticsearch, "30d"));
    assert.match(text, /"index_prefix":"jaeger"/);
    assert.match(text, /"auth":\{"basic":\{"username":"bilten_jaeger","password_file":"[^"]+\/password"\}\}/);
    assert.match(text, /"tls":\{"ca_file":"[^"]+\/ca.crt"\}/);
    assert.match(text, /"max_span_age":"2592000s"/);
  });

  it("is spread over the nodes, with a copy of each shard where there is more than one", () => {
    const shards = (nodes: number) =>
      JSON.stringify(storageBackend({ ...elasticsearch, nodes }, "30d")).match(/"spans":(\{[^}]*\})/)?.[1];
    assert.equal(shards(3), '{"shards":3,"replicas":1}');
    assert.equal(shards(1), '{"shards":1,"replicas":0}');
  });

  it("names nothing that Jaeger refuses from 2.20 on, though 2.13 would take it", () => {
    assert.doesNotMatch(
      JSON.stringify(storageBackend(elasticsearch, "30d")),
      /date_layout|rollover_frequency|use_aliases|use_ilm|max_actions|rotation/,
    );
  });
});

describe("the limits of Jaeger's memory", () => {
  it("follow from the container's: the limiter below Go's, Go's below the kernel's", () => {
    assert.deepEqual(memoryLimiter("1Gi"), {
      check_interval: "200ms",
      limit_mib: 768,
      spike_limit_mib: 154,
    });
    assert.equal(goMemoryLimit("1Gi"), "870MiB");
    assert.deepEqual(memoryLimiter("512Mi"), {
      check_interval: "200ms",
      limit_mib: 384,
      spike_limit_mib: 77,
    });
  });

  it("bound the queue in bytes, and what it cannot hold is refused at once", () => {
    const queue = sendingQueue("1Gi") as Record<string, unknown>;
    assert.equal(queue.sizer, "bytes");
    assert.equal(queue.queue_size, 81 * 2 ** 20);
    assert.equal(queue.block_on_overflow, false);
  });
});

describe("Jaeger's interface", () => {
  it("leads from a trace to its log lines, and back to Grafana", () => {
    const ui = JSON.stringify(
      uiConfiguration({
        retention: "2d",
        grafanaUrl: "https://grafana.example.com",
        kibanaUrl: "https://example.com/kibana",
        monitor: true,
      }),
    );
    assert.match(
      ui,
      /https:\/\/example\.com\/kibana\/app\/discover#.*from:now-2d.*trace_id:\\"#\{traceID\}\\"/,
    );
    assert.match(ui, /"menu":\[\{"label":"Grafana","url":"https:\/\/grafana\.example\.com"/);
    assert.match(ui, /"maxLookback":\{"label":"48 hours","value":"48h"\}/);
  });

  it("has no links to log lines where there are none", () => {
    assert.match(JSON.stringify(uiConfiguration({ retention: "2d", monitor: true })), /"linkPatterns":\[\]/);
  });
});
