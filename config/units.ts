/**
 * The units of the settings: what people write (`15d`, `10Gi`, `99.9%`, `250m`) and the plain numbers it stands for.
 * Each parser refuses what the program that finally reads the text would refuse, so a slip is found before anything
 * is registered.
 */

/** Milliseconds of each unit, largest first: the order in which Prometheus wants them written. */
const DURATION_UNITS = [
  ["y", 365 * 86_400_000],
  ["w", 7 * 86_400_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Prometheus keeps durations in 64-bit nanoseconds; more milliseconds than this overflow there (about 292 years). */
const LONGEST_DURATION_MS = 9_223_372_036_854;

/**
 * Seconds of a duration as Prometheus and Alertmanager write it: whole numbers with the units y w d h m s ms, largest
 * first, each at most once (`1h30m`, `15d`, `200ms`). A year counts 365 days, a day 24 hours.
 * @throws RangeError when the text is not such a duration.
 */
export function parseDuration(text: string): number {
  const parts = text === "" ? null : DURATION.exec(text);
  if (!parts) {
    throw new RangeError(`${JSON.stringify(text)} is not a duration such as "30s", "5m", "1h30m" or "15d"`);
  }
  const milliseconds = DURATION_UNITS.reduce(
    (sum, [, size], index) => sum + Number(parts[index + 1] ?? 0) * size,
    0,
  );
  if (milliseconds > LONGEST_DURATION_MS) {
    throw new RangeError(`${JSON.stringify(text)} is longer than Prometheus can hold (about 292 years)`);
  }
  return milliseconds / 1000;
}

/**
 * The duration text of a number of seconds, whole milliseconds: `5400` is `1h30m`. Uses no unit above a day, because
 * weeks and years read worse than days in a retention. The inverse of `parseDuration`.
 * @throws RangeError for a negative or non-finite number.
 */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) {
    throw new RangeError(`${seconds} is not a length of time in seconds`);
  }
  let rest = Math.round(seconds * 1000);
  if (rest === 0) return "0s";
  let text = "";
  for (const [unit, size] of DURATION_UNITS.slice(2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/** Bytes of each suffix that makes sense for a size; Kubernetes' `m` (thousandths) does not. */
const BYTE_SUFFIXES: Record<string, number> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/**
 * Bytes of a Kubernetes quantity: `10Gi` (10 x 2^30), `10G` (10 x 10^9), `512Mi`, `1.5Gi`, plain bytes. A fraction of a
 * byte is rounded up, as Kubernetes does.
 * @throws RangeError for anything else; for `10GB`, `10gb` or `10 Gi` the message names the right spelling, since
 *   Prometheus' own `GB` means 2^30 and Kubernetes' `G` means 10^9.
 */
export function parseQuantity(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)([kMGTP]|[KMGTP]i)?$/.exec(text);
  if (!parts) {
    throw new RangeError(`${JSON.stringify(text)} is not a size such as "512Mi" or "10Gi"${sizeHint(text)}`);
  }
  const bytes = Math.ceil(Number(parts[1]) * BYTE_SUFFIXES[parts[2] ?? ""]!);
  if (!Number.isSafeInteger(bytes)) {
    throw new RangeError(`${JSON.stringify(text)} is larger than any volume`);
  }
  return bytes;
}

/** For a size that is only spelled wrong, the two Kubernetes spellings it can mean; otherwise nothing. */
export function sizeHint(text: string): string {
  const parts = /^(\d+(?:\.\d+)?) ?([kmgtp])(i?b?)$/i.exec(text.trim());
  if (!parts) return "";
  const letter = parts[2]!.toUpperCase();
  const decimal = letter === "K" ? "k" : letter;
  return `; write ${parts[1]}${letter}i (powers of 1024) or ${parts[1]}${decimal} (powers of 1000)`;
}

/**
 * The shortest exact quantity of a whole number of bytes, with binary suffixes: `1073741824` is `1Gi`. The inverse of
 * `parseQuantity`.
 * @throws RangeError for a negative number or a fraction of a byte.
 */
export function formatQuantity(bytes: number): string {
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new RangeError(`${bytes} is not a whole number of bytes`);
  }
  for (const suffix of ["Pi", "Ti", "Gi", "Mi", "Ki"]) {
    const size = BYTE_SUFFIXES[suffix]!;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${suffix}`;
  }
  return String(bytes);
}

/**
 * Cores of a Kubernetes CPU quantity: `250m` is 0.25, `2` is 2, `0.5` is 0.5.
 * @throws RangeError for anything else, and for more precision than a thousandth of a core, which Kubernetes refuses.
 */
export function parseCpu(text: string): number {
  const parts = /^(?:(\d+)m|(\d+(?:\.\d{1,3})?))$/.exec(text);
  if (!parts) {
    throw new RangeError(`${JSON.stringify(text)} is not an amount of CPU such as "250m" or "2"`);
  }
  return parts[1] === undefined ? Number(parts[2]) : Number(parts[1]) / 1000;
}

/**
 * Ratio of a percentage: `99.9%` is 0.999. The sign is required, because a bare `0.1` could be meant either way.
 * @throws RangeError when the text is not a number from 0 to 100 followed by `%`.
 */
export function parsePercentage(text: string): number {
  const parts = /^(\d{1,3}(?:\.\d+)?) ?%$/.exec(text);
  const percent = Number(parts?.[1]);
  if (!parts || percent > 100) {
    throw new RangeError(`${JSON.stringify(text)} is not a percentage such as "99.9%"`);
  }
  // Dividing by 100 leaves noise such as 0.9990000000000001; twelve digits are more than anybody writes.
  return Number((percent / 100).toPrecision(12));
}

/** The percentage text of a ratio: 0.999 is `99.9%`. The inverse of `parsePercentage`. */
export function formatPercentage(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(12))}%`;
}
