/** Puts the settings about traces together. */
import type { Reading } from "./relations";
import type { ScalarValues } from "./scalars";
import type { TraceSettings } from "./traceSettings";

/** The settings about traces, of a reading without problems. */
export function traceSettings(reading: Reading): TraceSettings {
  const values = reading.scalars as ScalarValues;
  return {
    enabled: values.tracesEnabled,
    storage: values.traceStorage as TraceSettings["storage"],
    retention: values.traceRetention,
    volumeSize: values.jaegerVolumeSize,
    collectorReplicas: values.jaegerCollectorReplicas,
    queryReplicas: values.jaegerQueryReplicas,
    gateway: { replicas: values.traceGatewayReplicas, volumeSize: values.traceGatewayVolumeSize },
    externalUrl: values.jaegerUrl.replace(/\/+$/, ""),
    thriftUdp: values.jaegerThriftUdp,
    sampling: reading.traceSampling!,
    tailSampling: reading.traceTailSampling,
    baggage: reading.traceBaggage!,
    browsers: reading.traceBrowsers,
  };
}
