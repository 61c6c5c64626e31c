/** Alerts on what Jaeger keeps traces in, and on finding them again. */
import type { JaegerDefinition } from "./jaeger";
import { matcher } from "./rule";

/**
 * Alerts on writing to Elasticsearch. Jaeger hands spans to a client that writes them later, so the exporter's own
 * counters say nothing of it. The two counters of failures are both needed: requests that get no answer are in the
 * latency alone up to Jaeger 2.13, documents that are refused are in the other.
 */
export function elasticsearchAlerts(
  of: string,
  { namespace, indexCleaner }: { namespace: string; indexCleaner: string },
): JaegerDefinition[] {
  const cleaner = `${matcher("namespace", namespace)},${matcher("cronjob", indexCleaner)}`;
  const latency = "jaeger_storage_bulk_index_latency_ok_seconds";
  return [
    {
      alert: "JaegerStorageErrors",
      expr:
        `sum by (pod) (increase(jaeger_storage_bulk_index_latency_err_seconds_count{${of}}[5m]) or ` +
        `increase(jaeger_storage_bulk_index_errors_total{${of}}[5m])) > 0`,
      for: "5m",
      severity: "critical",
      summary: "{{ $labels.pod }} cannot write to Elasticsearch",
      description:
        "{{ $value | humanize }} writes within 5 minutes failed: Elasticsearch does not answer, or refuses the spans.",
    },
    {
      alert: "JaegerStorageSlow",
      // The mean: the histogram's bounds are made for milliseconds, and its values are seconds.
      expr: `sum by (pod) (rate(${latency}_sum{${of}}[5m])) / sum by (pod) (rate(${latency}_count{${of}}[5m])) > 2`,
      for: "10m",
      severity: "warning",
      summary: "{{ $labels.pod }} writes slowly to Elasticsearch",
      description: "A write takes {{ $value | humanizeDuration }} on average.",
    },
    {
      alert: "JaegerIndexCleanerFailing",
      expr:
        `time() - max(kube_cronjob_status_last_successful_time{${cleaner}} or ` +
        `kube_cronjob_created{${cleaner}}) > 2 * 86400`,
      for: "1h",
      severity: "warning",
      summary: "Old traces are not deleted",
      description:
        "The index cleaner last succeeded {{ $value | humanizeDuration }} ago: Elasticsearch's disks fill with traces.",
    },
  ];
}

/** Alerts on Badger's volume. Jaeger looks at it every five minutes. */
export function badgerAlerts(of: string, volumeBytes: number, volumeSize: string): JaegerDefinition[] {
  return [
    {
      alert: "JaegerVolumeFilling",
      // Not the size of its files: they are made larger than what is in them.
      expr: `jaeger_storage_badger_key_log_bytes_available{${of}} / ${volumeBytes} < 0.2`,
      for: "15m",
      severity: "warning",
      summary: "The volume of {{ $labels.pod }} is filling",
      description: `{{ $value | humanizePercentage }} of ${volumeSize} are left; when it is full, no span is written.`,
    },
  ];
}

/** Alerts on finding traces. */
export function queryAlerts(of: string): JaegerDefinition[] {
  const requests = (more = "") => `sum by (pod) (rate(jaeger_storage_requests_total{${of}${more}}[5m]))`;
  const latency = (part: string) =>
    `sum by (pod, operation) (rate(jaeger_storage_latency_seconds_${part}{${of}}[5m]))`;
  return [
    {
      alert: "JaegerQueriesFailing",
      expr: `${requests(',result="err"')} / ${requests()} > 0.05`,
      for: "5m",
      severity: "warning",
      summary: "{{ $labels.pod }} fails to find traces",
      description: "{{ $value | humanizePercentage }} of its requests to the storage fail.",
    },
    {
      alert: "JaegerQueriesSlow",
      // The mean: the histogram's bounds are made for milliseconds, and its values are seconds.
      expr: `${latency("sum")} / ${latency("count")} > 5`,
      for: "10m",
      severity: "warning",
      summary: "{{ $labels.pod }} finds traces slowly",
      description: "The operation {{ $labels.operation }} takes {{ $value | humanizeDuration }} on average.",
    },
  ];
}
