import assert from "node:assert/strict";
import { logPipeline, monitoringHealth, platformOverview, traces } from "../../dashboards";
import { analyse, recordedSeries } from "../../metrics/check";
import { CATALOGUE } from "../../metrics/exporters";
import { serviceRuleGroups } from "../../alerts";
import { ALL_GROUPS, alertsOf, BILTEN_API, LINKS } from "../rules/groups";

interface Target {
  expr: string;
  legendFormat: string;
  refId: string;
  datasource: unknown;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: { unit?: string } };
  targets?: Target[];
}

interface Model {
  uid: string;
  title: string;
  panels: Panel[];
  templating: { list: { name: string; multi: boolean; includeAll: boolean; query: unknown }[] };
}

/** A service that is scraped so seldom that its rates have another window. */
const SELDOM = { ...BILTEN_API, name: "bilten-seldom", scrapeInterval: "2m" };
const recorded = recordedSeries([...ALL_GROUPS, ...serviceRuleGroups(SELDOM, LINKS)], CATALOGUE);

/** An expression with Grafana's variables put in, as Prometheus gets it. */
function filled(expr: string): string {
  return expr
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$__range", "6h")
    .replaceAll('"$service"', '".+"');
}

const dashboards = [
  () => platformOverview([BILTEN_API, SELDOM]),
  monitoringHealth,
  logPipeline,
  () => traces({ collectorJob: "jaeger-collector", gatewayJob: "trace-gateway" }),
];

for (const make of dashboards) {
  const dashboard = make();
  const model = dashboard.model as Model;
  const panels = model.panels.filter((panel) => panel.type !== "row");

  describe(`the dashboard "${dashboard.title}"`, () => {
    for (const panel of panels) {
      for (const target of panel.targets ?? []) {
        it(`queries what the catalogue knows: ${panel.title} ${target.refId}`, () => {
          const { problems, labels } = analyse(filled(target.expr), CATALOGUE, recorded);
          assert.deepEqual(problems, []);
          const named = [...target.legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "");
          assert.deepEqual(
            named.filter((label) => !labels.has(label)),
            [],
            "labels in the legend that the series do not have",
          );
        });
      }

      it(`tells what it shows, in which unit, from which source: ${panel.title}`, () => {
        assert.match(panel.description ?? "", /\.$/);
        assert.ok(panel.fieldConfig?.defaults.unit);
        assert.ok((panel.targets ?? []).length > 0);
        for (const target of panel.targets ?? []) {
          assert.deepEqual(target.datasource, { type: "prometheus", uid: "prometheus" });
          assert.notEqual(target.legendFormat, "");
        }
        const refs = (panel.targets ?? []).map((target) => target.refId);
        assert.equal(new Set(refs).size, refs.length);
      });
    }

    it("uses no type of panel that Grafana has removed", () => {
      for (const panel of panels) assert.ok(["timeseries", "stat"].includes(panel.type), panel.type);
    });

    it("has panels that neither overlap nor leave the grid, numbered for links", () => {
      model.panels.forEach((panel, index) => {
        const a = panel.gridPos;
        assert.equal(panel.id, index + 1);
        assert.ok(a.x >= 0 && a.x + a.w <= 24, panel.title);
        for (const other of model.panels.slice(index + 1)) {
          const b = other.gridPos;
          const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
          assert.ok(apart, `${panel.title} and ${other.title} overlap`);
        }
      });
    });

    it("names alerts only that exist", () => {
      const text = model.panels.map((panel) => panel.description ?? "").join(" ");
      const known = new Set(alertsOf(ALL_GROUPS).map((rule) => rule.alert));
      for (const [, name] of text.matchAll(/(\w+) (?:warns|watches)/g))
        assert.ok(known.has(name ?? ""), name);
    });

    it("is the same each time, and has nothing in it that Grafana counts or dates", () => {
      assert.equal(JSON.stringify(make()), JSON.stringify(dashboard));
      for (const key of ["id", "version", "iteration", "gnetId"]) assert.ok(!(key in model), key);
      assert.equal(model.uid, dashboard.uid);
    });
  });
}

describe("the platform overview", () => {
  const model = platformOverview([BILTEN_API]).model as Model;
  const panel = (title: string): Panel | undefined => model.panels.find((each) => each.title === title);

  it("lets its reader choose services, several or all", () => {
    const variable = model.templating.list.find(({ name }) => name === "service");
    assert.ok(variable?.multi && variable.includeAll);
    assert.match(JSON.stringify(variable?.query), /label_values\(up, service\)/);
  });

  it("shows the request rate by method and route, and the 95th percentile, as the document has them", () => {
    assert.deepEqual(
      panel("Request Rate")?.targets?.map((target) => target.legendFormat),
      ["{{method}} {{route}}"],
    );
    assert.match(panel("Response Time")?.targets?.[0]?.legendFormat ?? "", /^95th percentile/);
  });

  it("shows only the chosen services", () => {
    const machines = ["CPU Usage", "Memory Usage"];
    for (const each of model.panels.filter((one) => one.type !== "row" && !machines.includes(one.title))) {
      for (const target of each.targets ?? []) assert.match(target.expr, /service=~"\$service"/, each.title);
    }
  });

  it("is where the alerts on services lead", () => {
    const link = alertsOf(ALL_GROUPS).find((rule) => rule.alert === "HighErrorRate")?.annotations
      .dashboard_url;
    assert.equal(link, `https://grafana.example.com/d/${model.uid}?var-service=bilten-api`);
  });
});
