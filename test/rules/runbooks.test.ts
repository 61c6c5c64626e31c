import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recordedSeries, unknownSelectors } from "../../metrics/check";
import { CATALOGUE } from "../../metrics/exporters";
import { ALL_GROUPS, alertsOf } from "./groups";

const FOLDER = join(__dirname, "../../docs/runbooks");
const SECTIONS = ["Meaning", "Impact", "Check", "Mend", "Silence"];

describe("the runbooks", () => {
  const alerts = [...new Set(alertsOf(ALL_GROUPS).map((rule) => rule.alert))];
  const pages = readdirSync(FOLDER).filter((page) => page !== "README.md");

  for (const alert of alerts) {
    it(`explain ${alert}: meaning, impact, how to check, mend and silence it`, () => {
      const page = readFileSync(join(FOLDER, `${alert}.md`), "utf8");
      assert.equal(page.split("\n")[0], `# ${alert}`);
      assert.deepEqual(
        [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]),
        SECTIONS,
      );
      for (const section of page.split(/^## /m).slice(1)) {
        assert.ok(
          section.split("\n").slice(1).join("").trim().length > 40,
          `"${section.split("\n")[0]}" is empty`,
        );
      }
      assert.match(page, /```/, "a page needs a command or a query to check with");
      assert.match(page, new RegExp(`alertname="?${alert}\\b`), "the silence must be for this alert");
    });
  }

  it("ask Prometheus only for what the catalogue knows", () => {
    const recorded = recordedSeries(ALL_GROUPS, CATALOGUE);
    const queries = pages.flatMap((page) => {
      const blocks = readFileSync(join(FOLDER, page), "utf8").matchAll(/```promql\n(.*?)```/gs);
      return [...blocks].flatMap((block) => (block[1] ?? "").trim().split("\n"));
    });
    assert.ok(queries.length > pages.length);
    assert.deepEqual(
      queries.flatMap((query) => unknownSelectors(query, CATALOGUE, recorded)),
      [],
    );
  });

  it("link only to pages that exist", () => {
    for (const page of [...pages, "README.md"]) {
      const text = readFileSync(join(FOLDER, page), "utf8");
      for (const [, target] of text.matchAll(/\]\((\w+\.md)\)/g)) {
        assert.ok(pages.includes(target ?? ""), `${page} links to ${target}`);
      }
    }
  });

  it("are about alerts that exist", () => {
    assert.deepEqual(
      pages.filter((page) => !alerts.includes(page.replace(/\.md$/, ""))),
      [],
    );
  });

  it("are all in the list", () => {
    const list = readFileSync(join(FOLDER, "README.md"), "utf8");
    assert.deepEqual(
      alerts.filter((alert) => !list.includes(`(${alert}.md)`)),
      [],
    );
  });
});
