/** Takes measurements one after the other, several times each. */
import { loadavg } from "node:os";
import { LabError, type Log } from "../../lab/state";
import type { Figure, Result } from "./figures";

/** A value for each figure; a text instead says why this machine cannot measure it. */
export type Values<Name extends string> = Record<Name, number | string>;

/** Something that yields one or several figures in each run. */
export interface Measurement<Context> {
  figures: Figure[];
  /** What the runs need and their figures do not include. @default nothing */
  prepare?(context: Context): Promise<void>;
  /** One run: a value by each figure's name. */
  run(context: Context): Promise<Values<string>>;
}

export interface TakeOptions<Context> {
  context: Context;
  runs: number;
  log: Log;
  /** Ends it between two runs; a run is to take the signal from its context. */
  signal: AbortSignal;
}

/**
 * The measurements that yield one of these figures; all without names.
 * @throws LabError naming what there is, for a name that no figure has
 */
export function select<Context>(
  measurements: readonly Measurement<Context>[],
  names: readonly string[],
): Measurement<Context>[] {
  const known = measurements.flatMap(({ figures }) => figures.map(({ name }) => name));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new LabError(`--only: there is no ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  return measurements.filter(
    ({ figures }) => names.length === 0 || figures.some(({ name }) => names.includes(name)),
  );
}

export interface Taken {
  results: Result[];
  /** Measurements that ended with an error. */
  failures: number;
}

/** Takes the measurements. One that fails is told, and the others go on. @throws the signal's reason */
export async function take<Context>(
  measurements: readonly Measurement<Context>[],
  { context, runs, log, signal }: TakeOptions<Context>,
): Promise<Taken> {
  const taken: Taken = { results: [], failures: 0 };
  for (const { figures, prepare, run } of measurements) {
    const results = figures.map((figure): Result => ({ ...figure, values: [], load: loadavg()[0]! }));
    taken.results.push(...results);
    try {
      await prepare?.(context);
      for (let count = 1; count <= runs; count++) {
        signal.throwIfAborted();
        const values = await run(context);
        for (const result of results) add(result, values[result.name]);
        log(`${count} of ${runs}: ${results.map(lastOf).join(", ")}`);
      }
    } catch (error) {
      signal.throwIfAborted();
      taken.failures++;
      log(`Failed: ${error instanceof Error ? error.message : String(error)}`);
      for (const result of results) {
        result.values = [];
        result.reason = "failed, as told above";
      }
    }
  }
  return taken;
}

function add(result: Result, value: number | string | undefined): void {
  if (typeof value === "number") result.values.push(value);
  else if (value !== undefined) result.reason = value;
  else throw new Error(`The measurement yields no ${result.name}.`);
}

function lastOf({ name, unit, values, reason }: Result): string {
  const last = values.at(-1);
  return last === undefined ? `${name} ${reason}` : `${name} ${last.toFixed(2)} ${unit}`;
}
