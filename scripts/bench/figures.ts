/** Figures, what N runs of them say, and how that is shown. Pure. */

export interface Figure {
  /** As `--only` names it. */
  name: string;
  title: string;
  unit: "s" | "MB";
  /** The median should be below it. */
  goal: number;
}

/** A figure with the values of its runs. */
export interface Result extends Figure {
  /** In the order of the runs; empty when it cannot be measured here or its measurement failed. */
  values: number[];
  /** Load average of the last minute when its measurement began. */
  load: number;
  /** Why there are no values. */
  reason?: string;
}

export interface Statistics {
  min: number;
  median: number;
  max: number;
}

/** Of an even number of values, the median is the mean of the middle two. @throws RangeError without values */
export function statistics(values: readonly number[]): Statistics {
  if (values.length === 0) throw new RangeError("There is nothing to take the median of.");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const around = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return {
    min: sorted[0]!,
    median: around.reduce((sum, value) => sum + value, 0) / around.length,
    max: sorted.at(-1)!,
  };
}

/** Median divided by goal, undefined without values: below 1, the goal is reached. */
export function ratio({ values, goal }: Result): number | undefined {
  return values.length > 0 ? statistics(values).median / goal : undefined;
}

/** Those that miss their goal. What has no values does not. */
export function missed(results: readonly Result[]): Result[] {
  return results.filter((result) => (ratio(result) ?? 0) >= 1);
}

const columns = ["figure", "goal", "median", "ratio", "min", "max", "runs", "load", "what"];

/** Lines of a table, one for each figure; numbers to the right. */
export function table(results: readonly Result[]): string[] {
  const rows = [columns, ...results.map(cells)];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isText = (column: number) => column === 0 || column === columns.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}

function cells(result: Result): string[] {
  const { name, title, unit, goal, values, load, reason } = result;
  const show = (value: number) => `${value.toFixed(unit === "s" ? 2 : 0)} ${unit}`;
  const numbers = () => {
    const { min, median, max } = statistics(values);
    return [show(median), (median / goal).toFixed(2), show(min), show(max)];
  };
  const what = reason === undefined ? title : `${title} (${reason})`;
  const measured = values.length > 0 ? numbers() : ["-", "-", "-", "-"];
  return [name, `${goal} ${unit}`, ...measured, String(values.length), load.toFixed(1), what];
}

/** What `--json` prints: the results with their statistics. */
export function toJson(machine: object, results: readonly Result[]): string {
  const figures = results.map((result) => ({
    ...result,
    ...(result.values.length > 0 ? { ...statistics(result.values), ratio: ratio(result) } : {}),
  }));
  return JSON.stringify({ machine, figures }, undefined, 2);
}
