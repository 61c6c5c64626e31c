/** Who may talk to Jaeger, and whom it talks to. */
import { allowFrom, allowFromNamespaces, allowTo, type Peer } from "../kubernetes/networkPolicy";
import { ports, type JaegerRole } from "./addresses";
import type { JaegerArgs } from "./jaeger";

/**
 * Rules without peers are left out: they would let everybody in. With a gateway, spans in OTLP come from it alone; it
 * neither answers for the sampling nor takes old clients' spans.
 */
export function ingressOf(role: JaegerRole, args: JaegerArgs, prometheus: Peer) {
  const { senderNamespaces, browsers, gateway, clients = [], probers = [], thriftUdp } = args;
  const collects = role !== "query";
  return [
    allowFrom([prometheus], collects ? [ports.metrics, ports.spanMetrics] : [ports.metrics]),
    ...(collects && senderNamespaces.length > 0
      ? [
          allowFromNamespaces(senderNamespaces, {
            tcp: [...(gateway ? [] : [ports.otlpGrpc, ports.otlpHttp]), ports.sampling, ports.samplingGrpc],
            udp: thriftUdp ? [ports.thriftBinary] : [],
          }),
        ]
      : []),
    ...(collects && gateway ? [allowFrom([gateway], [ports.otlpGrpc])] : []),
    ...(collects && browsers && !gateway
      ? [allowFromNamespaces([browsers.ingressNamespace], { tcp: [ports.otlpHttp] })]
      : []),
    ...(collects && probers.length > 0 ? [allowFrom(probers, [ports.sampling])] : []),
    ...(role !== "collector" && clients.length > 0 ? [allowFrom(clients, [ports.query])] : []),
  ];
}

/** Its storage and, for the page "Monitor", Prometheus. */
export function egressOf(role: JaegerRole, args: JaegerArgs, prometheus: { peer: Peer; url: string }) {
  const portOf = (url: string) => Number(new URL(url).port || (url.startsWith("https:") ? 443 : 80));
  const { storage, elasticsearch } = args;
  return [
    ...(storage.kind === "elasticsearch"
      ? [allowTo([elasticsearch?.peer ?? { app: "elasticsearch" }], [portOf(storage.url)])]
      : []),
    ...(role === "collector" ? [] : [allowTo([prometheus.peer], [portOf(prometheus.url)])]),
  ];
}
