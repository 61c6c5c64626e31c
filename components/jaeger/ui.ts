import type { Duration } from "../../config/settings";
import { parseDuration } from "../../config/units";

export interface UiArgs {
  /** How far back traces can be found. */
  retention: Duration;
  /** Where people reach Grafana. */
  grafanaUrl?: string;
  /** Where people reach Kibana; undefined without logs. */
  kibanaUrl?: string;
  /** Whether the page "Monitor" has metrics to show. */
  monitor: boolean;
}

/** Kibana's page for lines that match, over the time in which there are traces. */
function linesIn(kibanaUrl: string, query: string, retention: Duration): string {
  const days = Math.max(1, Math.ceil(parseDuration(retention) / 86_400));
  return (
    `${kibanaUrl}/app/discover#/?_g=(time:(from:now-${days}d,to:now))` +
    `&_a=(query:(language:kuery,query:'${query}'))`
  );
}

/**
 * The interface's configuration: https://www.jaegertracing.io/docs/latest/deployment/frontend-ui/
 * `#{...}` is filled in by the interface.
 */
export function uiConfiguration({ retention, grafanaUrl, kibanaUrl, monitor }: UiArgs): object {
  const hours = Math.max(1, Math.floor(parseDuration(retention) / 3_600));
  return {
    archiveEnabled: false,
    dependencies: { menuEnabled: true },
    monitor: { menuEnabled: monitor },
    search: { maxLookback: { label: `${hours} hours`, value: `${hours}h` }, maxLimit: 1500 },
    menu: grafanaUrl === undefined ? [] : [{ label: "Grafana", url: grafanaUrl, anchorTarget: "_blank" }],
    linkPatterns:
      kibanaUrl === undefined
        ? []
        : [
            {
              type: "traces",
              url: linesIn(kibanaUrl, `trace_id:"#{traceID}"`, retention),
              text: "Log lines of this trace",
            },
            {
              type: "tags",
              key: "baggage.requestId",
              url: linesIn(kibanaUrl, `request_id:"#{baggage.requestId}"`, retention),
              text: "Log lines of request #{baggage.requestId}",
            },
          ],
  };
}
