import type { DataSource } from "../contribution";
import { jaegerAddresses, type JaegerPlace } from "./addresses";

/** Uid of the data source; those of metrics and logs lead to it. */
export const traceDataSource = "jaeger";

export interface JaegerDataSourceArgs extends JaegerPlace {
  /** Path of the query API. @default "/" */
  basePath?: string;
  /** Uid of the data source of log lines. @default no way from a trace to them */
  logDataSource?: string;
}

/**
 * Grafana's data source. It leads from a span to the log lines of its trace, and to the metrics of its service; `$__tags`
 * are the span's tags, by the labels that metrics have for them.
 */
export function jaegerDataSource({
  basePath = "/",
  logDataSource,
  ...place
}: JaegerDataSourceArgs): DataSource {
  const around = { spanStartTimeShift: "-5m", spanEndTimeShift: "5m" };
  return {
    name: "Jaeger",
    uid: traceDataSource,
    type: "jaeger",
    url: `${jaegerAddresses(place).query}${basePath === "/" ? "" : basePath}`,
    access: "proxy",
    jsonData: {
      nodeGraph: { enabled: true },
      spanBar: { type: "Duration" },
      // A trace that is asked for by its id alone is looked for in the time that is shown.
      traceIdTimeParams: { enabled: true },
      ...(logDataSource !== undefined && {
        tracesToLogsV2: {
          datasourceUid: logDataSource,
          ...around,
          customQuery: true,
          query: 'trace_id:"${__trace.traceId}"',
        },
      }),
      tracesToMetrics: {
        datasourceUid: "prometheus",
        ...around,
        tags: [{ key: "service.name", value: "service" }],
        queries: [
          {
            name: "Requests by status code",
            query: "sum by (status_code) (rate(http_requests_total{$__tags}[$__rate_interval]))",
          },
          {
            name: "95th percentile of the spans",
            query:
              "histogram_quantile(0.95, sum by (le, span_name) " +
              "(rate(traces_span_metrics_duration_seconds_bucket{$__tags}[$__rate_interval])))",
          },
        ],
      },
    },
  };
}
