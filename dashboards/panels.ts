/** Small functions that make panels, so that the dashboards look alike and every panel has a unit and a description. */
import {
  GraphGradientMode,
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  ReduceDataOptionsBuilder,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  DashboardCursorSync,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort,
  type Dashboard as DashboardModel,
  type Threshold,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** The Prometheus data source of every panel; Grafana's provisioning gives it this uid. */
export const DATA_SOURCE = { type: "prometheus", uid: "prometheus" } as const;

/** Folder of the platform's dashboards in Grafana. */
export const FOLDER = "Bilten";

/** Units by their name in Grafana. */
export const UNITS = {
  requestsPerSecond: "reqps",
  perSecond: "cps",
  seconds: "s",
  /** A ratio from 0 to 1, shown in percent. */
  ratio: "percentunit",
  bytes: "bytes",
  count: "short",
} as const;

export interface Query {
  expr: string;
  /** Grafana's template, e.g. `{{method}} {{route}}`. */
  legend: string;
}

export interface PanelDefinition {
  title: string;
  /** What is shown, in a sentence, for somebody who sees it for the first time. */
  description: string;
  unit: (typeof UNITS)[keyof typeof UNITS];
  queries: Query[];
  /** Columns of 24. */
  width: number;
  /** Rows of 30 pixels. */
  height?: number;
  /** Also show single requests of which there is a trace, as points that lead to it. @default false */
  exemplars?: boolean;
}

function query({ expr, legend }: Query, index: number, instant: boolean): DataqueryBuilder {
  const builder = new DataqueryBuilder()
    .refId(String.fromCharCode("A".charCodeAt(0) + index))
    .datasource(DATA_SOURCE)
    .expr(expr)
    .legendFormat(legend);
  return instant ? builder.instant() : builder.range();
}

/** Lines over time, with a table of the last, mean and greatest value beneath. */
export function timeseries(definition: PanelDefinition): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .title(definition.title)
    .description(definition.description)
    .datasource(DATA_SOURCE)
    .unit(definition.unit)
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .gradientMode(GraphGradientMode.None)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(["lastNotNull", "mean", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .span(definition.width)
    .height(definition.height ?? 8)
    .targets(
      definition.queries.map((each, index) => {
        const target = query(each, index, false);
        return definition.exemplars ? target.exemplar(true) : target;
      }),
    );
}

/** One figure per series, as it is now, coloured by thresholds. The first threshold's value is null: it is the base. */
export function stat(
  definition: PanelDefinition & { thresholds?: Threshold[]; decimals?: number },
): StatBuilder {
  const panel = new StatBuilder()
    .title(definition.title)
    .description(definition.description)
    .datasource(DATA_SOURCE)
    .unit(definition.unit)
    .colorMode(definition.thresholds === undefined ? BigValueColorMode.None : BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .span(definition.width)
    .height(definition.height ?? 4)
    .targets(definition.queries.map((each, index) => query(each, index, true)));
  if (definition.decimals !== undefined) panel.decimals(definition.decimals);
  if (definition.thresholds !== undefined) {
    panel.thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(definition.thresholds),
    );
  }
  return panel;
}

/** A multiple choice of services, all at first, filled from the targets that Prometheus has. */
export function serviceVariable(): QueryVariableBuilder {
  return new QueryVariableBuilder("service")
    .label("Service")
    .datasource(DATA_SOURCE)
    .query({ qryType: 1, query: "label_values(up, service)", refId: "service" })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".+")
    .current({ selected: true, text: ["All"], value: ["$__all"] });
}

/** A dashboard with what all of ours share. Carries no id, version or date, so equal input gives equal output. */
export function dashboard(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["bilten"])
    .timezone("browser")
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-6h", to: "now" })
    .refresh("30s");
}

/**
 * The finished model. Panels are numbered in their order: without numbers Grafana makes some up at each load, and a
 * link to one panel leads nowhere.
 */
export function numbered(builder: DashboardBuilder): DashboardModel {
  const model = builder.build();
  return { ...model, panels: model.panels?.map((panel, index) => ({ ...panel, id: index + 1 })) };
}
