/**
 * Arithmetic on Prometheus durations, for windows that depend on how often a service is scraped.
 */

const MILLISECONDS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/**
 * The seconds of a Prometheus duration (`15s`, `1h30m`).
 * @throws when the text is not a duration; the settings are validated before, so this is a programming error.
 */
export function seconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== duration) {
    throw new Error(`"${duration}" is not a Prometheus duration such as "30s", "5m" or "1h30m"`);
  }
  return parts.reduce((sum, part) => sum + (Number(part[1]) * (MILLISECONDS[part[2] ?? ""] ?? 0)) / 1000, 0);
}

/** Seconds in the largest unit that holds them exactly, as Prometheus prints durations in names: `300` is `5m`. */
export function duration(secs: number): string {
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ] as const) {
    if (secs >= size && secs % size === 0) return `${secs / size}${unit}`;
  }
  return `${secs}s`;
}

const WORDS: Record<string, string> = {
  ms: "millisecond",
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  y: "year",
};

/** A Prometheus duration as a text says it: `5m` is "5 minutes", `1h30m` is "1 hour 30 minutes". */
export function inWords(duration: string): string {
  return [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)]
    .map(([, count, unit]) => `${count} ${WORDS[unit!]}${Number(count) === 1 ? "" : "s"}`)
    .join(" ");
}

/**
 * The longer of a window and four sampling intervals, in whole minutes. `rate` needs two samples in its window; four
 * leave room for a failed scrape and for the window's edges.
 */
export function windowOver(minimum: string, interval: string): string {
  const needed = Math.ceil((4 * seconds(interval)) / 60) * 60;
  return duration(Math.max(seconds(minimum), needed));
}

/** A multiple of an interval, and no more than five minutes less a scrape: after five, Prometheus forgets a sample. */
export function slower(interval: string, factor: number): string {
  return duration(Math.min(factor * seconds(interval), 240));
}
