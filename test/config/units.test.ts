import assert from "node:assert/strict";
import fc from "fast-check";
import * as units from "../../config/units";

describe("units of the settings", () => {
  it("reads durations as Prometheus does, in seconds", () => {
    for (const [text, seconds] of [
      ["15s", 15],
      ["200ms", 0.2],
      ["1h30m", 5400],
      ["15d", 1_296_000],
      ["1y1w", 372 * 86_400],
      ["0s", 0],
    ] as const) {
      assert.equal(units.parseDuration(text), seconds, text);
    }
  });

  it("refuses what Prometheus refuses as a duration", () => {
    for (const text of ["", "15", "1.5h", "30m1h", "1h1h", "-5m", "5 m", "5min", "400y", "5M"]) {
      assert.throws(() => units.parseDuration(text), RangeError, text);
    }
  });

  it("finds its way back from any duration in whole milliseconds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 * 365 * 86_400_000 }), (milliseconds) => {
        assert.equal(units.parseDuration(units.formatDuration(milliseconds / 1000)), milliseconds / 1000);
      }),
    );
  });

  it("reads sizes as Kubernetes does, in bytes", () => {
    for (const [text, bytes] of [
      ["10Gi", 10 * 2 ** 30],
      ["10G", 10e9],
      ["1.5Gi", 1.5 * 2 ** 30],
      ["512Mi", 2 ** 29],
      ["1k", 1000],
      ["0.3Ki", 308],
      ["1024", 1024],
    ] as const) {
      assert.equal(units.parseQuantity(text), bytes, text);
    }
  });

  it("refuses what Kubernetes refuses as a size, and thousandths of bytes", () => {
    for (const text of ["", "10GB", "10gi", "10 Gi", "-1Gi", "1e3", "100m", ".5Gi", "9999Pi", "10K"]) {
      assert.throws(() => units.parseQuantity(text), RangeError, text);
    }
  });

  it("names the right spelling of a size that is only spelled wrong", () => {
    assert.throws(
      () => units.parseQuantity("10GB"),
      /write 10Gi \(powers of 1024\) or 10G \(powers of 1000\)/,
    );
    assert.throws(() => units.parseQuantity("64kb"), /write 64Ki .* or 64k /);
    assert.equal(units.sizeHint("large"), "");
  });

  it("finds its way back from any number of bytes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 52 }), fc.integer({ min: 0, max: 20 }), (bytes, zeros) => {
        const rounded = Math.floor(bytes / 2 ** zeros) * 2 ** zeros;
        assert.equal(units.parseQuantity(units.formatQuantity(rounded)), rounded);
      }),
    );
    assert.equal(units.formatQuantity(2 ** 30), "1Gi");
  });

  it("reads amounts of CPU in cores", () => {
    assert.equal(units.parseCpu("250m"), 0.25);
    assert.equal(units.parseCpu("2"), 2);
    assert.equal(units.parseCpu("0.5"), 0.5);
    for (const text of ["", "1.5m", "2 cores", "0.0001", "-1"]) {
      assert.throws(() => units.parseCpu(text), RangeError, text);
    }
  });

  it("reads percentages as ratios without rounding noise, and only with their sign", () => {
    assert.equal(units.parsePercentage("99.9%"), 0.999);
    assert.equal(units.parsePercentage("0.1%"), 0.001);
    assert.equal(units.parsePercentage("99.95 %"), 0.9995);
    for (const text of ["99.9", "0.999", "101%", "-1%", "%", "1,5%"]) {
      assert.throws(() => units.parsePercentage(text), RangeError, text);
    }
  });

  it("finds its way back from any percentage with four decimals", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (millionths) => {
        const ratio = millionths / 1_000_000;
        assert.equal(units.parsePercentage(units.formatPercentage(ratio)), ratio);
      }),
    );
  });
});
