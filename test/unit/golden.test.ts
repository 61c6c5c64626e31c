import assert from "node:assert/strict";
import { goldenListing, goldenStacks, keptListing } from "../../rendering/golden";
import { differences } from "./differences";

describe("the golden listing of all resources", function () {
  this.timeout(60_000);

  for (const stack of goldenStacks) {
    let now: string;
    before(async () => {
      now = await goldenListing(stack);
    });

    it(`of stack ${stack} is what the program registers`, () => {
      const kept = keptListing(stack);
      if (kept === now) return;
      assert.fail(
        `The program registers other resources than test/golden/${stack}.yaml lists:\n${differences(kept, now)}\n` +
          "If that is meant, run: npm run golden",
      );
    });

    it(`of stack ${stack} holds no machine's paths and no random values`, async () => {
      const listing = keptListing(stack);
      assert.ok(listing.length > 1000, "the listing is there");
      assert.ok(!listing.includes(process.cwd()));
      assert.equal(await goldenListing(stack), now);
    });
  }
});

describe("the difference of two listings", () => {
  it("shows what went and what came, with what stands around it", () => {
    const kept = ["a:", "  b: 1", "  c: 2", "d:", "  e: 3"].join("\n");
    const now = ["a:", "  b: 1", "  c: 5", "d:", "  e: 3", "  f: 4"].join("\n");
    assert.equal(
      differences(kept, now, 1),
      ["  ...", "    b: 1", "-   c: 2", "+   c: 5", "  d:", "    e: 3", "+   f: 4"].join("\n"),
    );
  });

  it("leaves out what is far from any change", () => {
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    const changed = lines.map((line, index) => (index === 50 ? "changed" : line));
    const shown = differences(lines.join("\n"), changed.join("\n"), 1);
    assert.equal(shown, ["  ...", "  line 49", "- line 50", "+ changed", "  line 51", "  ..."].join("\n"));
  });

  it("is cut when nearly everything differs", () => {
    const many = (word: string) => Array.from({ length: 500 }, (_, index) => `${word} ${index}`).join("\n");
    const shown = differences(many("a"), many("b")).split("\n");
    assert.ok(shown.length < 100);
    assert.match(shown.at(-1) ?? "", /more lines/);
  });
});
