/** How much a Prometheus is expected to store, to tell a retention that its volume cannot hold. */
import { parseDuration } from "./units";

/** Share of a volume that samples may fill; the rest is for the write-ahead log, the head and compaction's copies. */
export const usableShare = 0.85;

/** Bytes a compressed sample takes on disk; Prometheus' documentation says one to two. */
export const bytesPerSample = 1.5;

/**
 * Series of everything that is scraped besides the services, for a cluster of three nodes: node-exporter 3 x 900, the
 * kubelets' containers 3 x 2000, kube-state-metrics 2000, Prometheus, Alertmanager, Grafana and the probes 1300.
 */
export const platformSeries = 12_000;

/** Series of one service: two pods with a thousand each (histograms by method, route and status code, and process metrics). */
export const seriesPerService = 2_000;

/** Samples per second of the platform's targets every `scrapeInterval` and each service at its own interval. */
export function samplesPerSecond(scrapeInterval: string, serviceIntervals: string[]): number {
  return serviceIntervals.reduce(
    (sum, interval) => sum + seriesPerService / parseDuration(interval),
    platformSeries / parseDuration(scrapeInterval),
  );
}

/** Bytes that `retention` is expected to take in one Prometheus. */
export function expectedBytes(retention: string, scrapeInterval: string, serviceIntervals: string[]): number {
  return parseDuration(retention) * samplesPerSecond(scrapeInterval, serviceIntervals) * bytesPerSample;
}
