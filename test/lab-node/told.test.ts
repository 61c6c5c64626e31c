/** What people are told of a lab's nodes, and where to look. Needs no cluster. */
import assert from "node:assert/strict";
import { summary, whatIsSimulated, whichPlugins } from "../../lab/commands/summary";
import { nodeImage, pauseImage, type Image } from "../../lab/images";
import { forwardLines } from "../../lab/network/forwards";
import { targetsOf, type EndpointSlice, type Service } from "../../lab/network/open";
import type { NodeChoice } from "../../lab/nodes/choose";

describe("addresses on this machine", () => {
  const service = (
    name: string,
    ports: object[],
    { namespace = "a", clusterIP = "10.96.0.9" } = {},
  ): Service => ({
    metadata: { name, namespace },
    spec: { clusterIP, ports: ports as never },
  });
  const slice = (name: string, endpoints: EndpointSlice["endpoints"], namespace = "a"): EndpointSlice => ({
    metadata: { namespace, labels: { "kubernetes.io/service-name": name } },
    endpoints,
  });
  const real = [{ nodeName: "real", conditions: { ready: true } }];
  const names = (services: Service[], slices: EndpointSlice[]) =>
    targetsOf(services, slices).map(({ name, targetPort }) => `${name}:${targetPort}`);

  it("are of Services with a ready pod on the real node, and of no others", () => {
    const port = [{ port: 80 }];
    const services = ["here", "simulated", "starting", "none"].map((name) => service(name, port));
    const slices = [
      slice("here", [{ nodeName: "simulated-a" }, ...real]),
      slice("simulated", [{ nodeName: "simulated-a", conditions: { ready: true } }]),
      slice("starting", [{ nodeName: "real", conditions: { ready: false } }]),
    ];
    assert.deepEqual(names(services, slices), ["here:80"]);
  });

  it("lead to the port called http, or to the first one over TCP", () => {
    const ports = [{ port: 53, protocol: "UDP" }, { port: 81 }, { name: "http", port: 82 }];
    assert.deepEqual(names([service("x", ports)], [slice("x", real)]), ["x:82"]);
    assert.deepEqual(names([service("x", ports.slice(0, 2))], [slice("x", real)]), ["x:81"]);
    assert.deepEqual(names([service("x", ports.slice(0, 1))], [slice("x", real)]), []);
  });

  it("say whether TLS is spoken there, by the port's name", () => {
    const ports = [
      { name: "transport", port: 9300 },
      { name: "https", port: 9200 },
    ];
    const [target] = targetsOf([service("x", ports)], [slice("x", real)]);
    assert.deepEqual([target?.scheme, target?.targetPort], ["https", 9200]);
    const line = forwardLines([
      { name: "x", scheme: "https", port: 1 },
      { name: "longer", scheme: "http", port: 2 },
    ]);
    assert.deepEqual(line, ["x       https://127.0.0.1:1", "longer  http://127.0.0.1:2"]);
  });

  it("are not of a headless Service", () => {
    assert.deepEqual(names([service("x", [{ port: 1 }], { clusterIP: "None" })], [slice("x", real)]), []);
  });

  it("have the namespace in their name where two Services have the same", () => {
    const port = [{ port: 80 }];
    const services = [service("x", port), service("x", port, { namespace: "b" }), service("y", port)];
    const slices = [slice("x", real), slice("x", real, "b"), slice("y", real)];
    assert.deepEqual(names(services, slices), ["a/x:80", "b/x:80", "y:80"]);
    assert.deepEqual(names(services, slices.slice(0, 1)), ["x:80"], "only one of them is open");
  });
});

describe("what the lab tells of its nodes", () => {
  const image = (reference: string, version: string): Image => ({
    ...{ reference, version, pinnedVersion: "3.1.0", origin: "built", archive: "", id: "", size: 1 },
  });
  const choice = (more: Partial<NodeChoice>): NodeChoice => ({
    ...{ simulatedBecause: [], images: [], missing: [], ...more },
  });

  it("is why all are simulated", () => {
    const lines = whatIsSimulated(choice({ simulatedBecause: ["no root", "no bridges"] }));
    assert.match(lines[0]!, /^Simulated: all nodes\./);
    assert.deepEqual(lines.slice(1), ["  no root", "  no bridges"]);
  });

  it("is nothing when all is real and of the version that is meant", () => {
    const images = [image("r/p:v3.1.0", "3.1.0"), image(pauseImage, "stand-in")];
    assert.deepEqual(whatIsSimulated(choice({ images })), []);
  });

  it("is which images are missing, of another version, or played by the lab", () => {
    const images = [image("r/p:v3.1.0", "3.0.9"), image("r/mail:1", "stand-in"), image(nodeImage, "3.1.0")];
    const lines = whatIsSimulated(choice({ images, missing: [{ reference: "r/g:1", reason: "no recipe" }] }));
    assert.deepEqual(lines, [
      "Simulated, because their images cannot be had:",
      "  r/g:1: no recipe",
      "In another version than the stack names:",
      "  r/p:v3.1.0: built from version 3.0.9",
      "  r/mail:1: a stand-in of the lab",
    ]);
  });

  const changes = { created: 3, updated: 0, replaced: 0, deleted: 0, same: 4 };
  const args = {
    stack: "dev",
    record: { changes, changed: [], errors: [] } as never,
    outputs: { urls: { prometheus: "http://prometheus.a.svc:9090" } },
    plugins: [],
    kubeconfig: "/state/kubeconfig",
    choice: choice({}),
    addresses: [],
    seconds: 61.4,
  };

  it("is where to look, when something answers, else where it would", () => {
    const addresses = [
      { name: "prometheus", scheme: "http" as const, port: 20001, host: "10.96.0.9", targetPort: 9090 },
    ];
    const real = summary({ ...args, addresses }).join("\n");
    assert.match(real, /prometheus +http:\/\/127\.0\.0\.1:20001/);
    assert.match(real, /and the pods above/);
    const simulated = summary(args).join("\n");
    assert.match(simulated, /Where it would answer.*\n +prometheus +http:\/\/prometheus\.a\.svc:9090/);
    assert.doesNotMatch(simulated, /127\.0\.0\.1|the pods above/);
    assert.match(simulated, /Stack dev is deployed \(61 s\): 3 resources created/);
  });

  it("is which plugins are official, of which version, and which ones the lab plays", () => {
    const why = "could not be installed: no network";
    const lines = whichPlugins([
      { name: "kubernetes", version: "4.34.2", kind: "built", why, builtVersion: "4.25.0" },
      { name: "random", version: "4.21.2", kind: "official", why: "on PATH, in /bin" },
      { name: "tls", version: "5.6.1", kind: "stand-in", why },
    ]);
    assert.deepEqual(lines, [
      "Pulumi plugin random 4.21.2: the official one (on PATH, in /bin).",
      "Pulumi plugin kubernetes: the official one, of version 4.25.0, built from its module. " +
        `Version 4.34.2, of the program's package, ${why}.`,
      `Pulumi plugins played by the lab: tls 5.6.1 (${why}).`,
    ]);
    assert.deepEqual(whichPlugins([]), []);
  });
});
