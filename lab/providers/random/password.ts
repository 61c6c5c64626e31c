import { randomInt } from "node:crypto";

/** Characters to choose from, and how many of each there must be. Defaults as the official plugin. */
export interface PasswordOptions {
  length: number;
  special?: boolean;
  upper?: boolean;
  lower?: boolean;
  numeric?: boolean;
  minSpecial?: number;
  minUpper?: number;
  minLower?: number;
  minNumeric?: number;
  /** Special characters to choose from. @default "!@#$%&*()-_=+[]{}<>:?" */
  overrideSpecial?: string;
}

export const defaultSpecial = "!@#$%&*()-_=+[]{}<>:?";
const lower = "abcdefghijklmnopqrstuvwxyz";
const upper = lower.toUpperCase();
const digits = "0123456789";

/** What is wrong with the options, for the user. */
export function passwordProblems(options: PasswordOptions): string[] {
  const { length, minSpecial = 0, minUpper = 0, minLower = 0, minNumeric = 0 } = options;
  if (!Number.isInteger(length) || length < 1) return ["length: expected a whole number of at least 1."];
  const least = minSpecial + minUpper + minLower + minNumeric;
  if (least > length) return [`length: ${length} is less than the ${least} characters that min* demand.`];
  if (choices(options).all === "") return ["special, upper, lower, numeric: at least one must be true."];
  return [];
}

/** A random text, each character from a cryptographic source, without a bias. */
export function randomText(options: PasswordOptions): string {
  const { minSpecial = 0, minUpper = 0, minLower = 0, minNumeric = 0, length } = options;
  const { special, all } = choices(options);
  const characters = [
    ...pick(special, minSpecial),
    ...pick(upper, minUpper),
    ...pick(lower, minLower),
    ...pick(digits, minNumeric),
  ];
  characters.push(...pick(all, length - characters.length));
  // Otherwise the demanded characters would always come first.
  for (let index = characters.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [characters[index], characters[other]] = [characters[other]!, characters[index]!];
  }
  return characters.join("");
}

function choices(options: PasswordOptions): { special: string; all: string } {
  const special = options.overrideSpecial || defaultSpecial;
  const all = [
    options.special === false ? "" : special,
    options.upper === false ? "" : upper,
    options.lower === false ? "" : lower,
    options.numeric === false ? "" : digits,
  ].join("");
  return { special, all };
}

function pick(characters: string, count: number): string[] {
  return Array.from({ length: Math.max(0, count) }, () => characters[randomInt(characters.length)]!);
}
