import type { LogRedaction } from "../../config/logSettings";

const hidden = "[REDACTED]";

/** Ends of names whose values are secrets, whatever stands in front: `password`, `userPassword`, `X-Api-Key`. */
const secretName =
  "[\\w.-]{0,40}(?:authorization|cookies?|password|passwd|pwd|passphrase|secret|token|api[_-]?key|private[_-]?key)";

/** A payment card's number by its issuer's prefix, plain or in groups. Not a point in front: a fraction is no card. */
const cardNumber =
  "(?:4\\d{3}|5[1-5]\\d{2}|2[2-7]\\d{2}|6(?:011|5\\d{2}|4[4-9]\\d))(?:[ -]?\\d{4}){3}|3[47]\\d{2}[ -]?\\d{6}[ -]?\\d{5}";

/**
 * What is always taken out of a line: authorization headers, cookies, passwords, tokens, card numbers, the local part
 * of mail addresses. In this order, on the whole text of the line before it is parsed, so that it does not matter in
 * which field, how deep or in which form it stands; replacements leave JSON what it is. It rather takes out a word too
 * many: any text of a card number's form is one, because regular expressions cannot compute its check digit.
 *
 * Written in what Ruby's, Java's and JavaScript's regular expressions have in common, `(?i)` apart, and bounded, so that
 * a long line takes time in proportion.
 */
export const standardRedactions: readonly LogRedaction[] = [
  {
    // "password": "..." in JSON. What stands there may also be a number, a flat list or a flat object.
    pattern:
      `(?i)("${secretName}"\\s*:\\s*)` +
      '(?:"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"|\\[[^\\[\\]]*\\]|\\{[^{}]*\\}|[^\\s"\\[\\]{},]+)',
    replacement: `\\1"${hidden}"`,
  },
  {
    // The same in JSON that is a text in JSON: the quotes have backslashes, one more with each level.
    pattern: `(?i)(\\\\{1,7}")(${secretName})\\1(\\s*:\\s*)\\1(?:(?!(?<!\\\\)\\1)[^\\r\\n])*\\1`,
    replacement: `\\1\\2\\1\\3\\1${hidden}\\1`,
  },
  {
    // A header and its value in a list, as Node.js has them raw.
    pattern:
      '(?i)("(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key)"\\s*,\\s*)"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"',
    replacement: `\\1"${hidden}"`,
  },
  {
    // Headers as text. A cookie header goes to its end, an authorization header has a scheme in front.
    pattern: '(?i)\\b((?:set-)?cookie2?\\s*[:=]\\s*)(?!\\s*\\[REDACTED)[^\\r\\n"\\\\]+',
    replacement: `\\1${hidden}`,
  },
  {
    pattern:
      "(?i)\\b((?:proxy-)?authorization\\s*[:=]\\s*)(?!\\s*\\[REDACTED)" +
      '(?:digest[^\\r\\n"\\\\]+|(?:(?:bearer|basic|negotiate|apikey|token)\\s+)?[^\\s"\\\\,;]+)',
    replacement: `\\1${hidden}`,
  },
  {
    pattern: "(?i)\\b(bearer|basic)(\\s+)(?=[\\w.~+/-]{0,200}[\\d=])(?:[\\w.~+/-]{8,4000}={0,2})",
    replacement: `\\1\\2${hidden}`,
  },
  // A JSON web token.
  { pattern: "eyJ[\\w-]{8,2000}\\.[\\w-]{2,4000}\\.[\\w-]{0,2000}", replacement: hidden },
  {
    // password=..., ?token=..., secret: ...
    pattern: `(?i)\\b(${secretName}\\s*[=:]\\s*)(?!\\s*\\[REDACTED)(?:'[^'\\r\\n"\\\\]*'|[^\\s"'\\\\&;,)}\\]]+)`,
    replacement: `\\1${hidden}`,
  },
  // The password in an address.
  { pattern: '(://[^\\s/:@"\\\\]{0,256}:)[^\\s/@"\\\\]{1,256}@', replacement: `\\1${hidden}@` },
  {
    // A card number as a number in JSON needs quotes when it becomes a text.
    pattern: `([:,\\[]\\s*)(?:${cardNumber})(?=\\s*[,}\\]])`,
    replacement: `\\1"${hidden}"`,
  },
  // A letter in front may be the end of an escape in JSON; digits that go on after a dash are some other number.
  {
    pattern: `(?:(?<![0-9A-Za-z.])|(?<=\\\\[nrt]))(?:${cardNumber})(?![0-9A-Za-z]|-\\d)`,
    replacement: hidden,
  },
  {
    // An escape in front is no part of the address: without its letter, the JSON would be none.
    pattern:
      "((?:\\\\(?:u[0-9A-Fa-f]{4}|.))?)[A-Za-z0-9._%+'-]{1,64}@((?:[A-Za-z0-9-]{1,63}\\.){1,8}[A-Za-z]{2,24})",
    replacement: `\\1${hidden}@\\2`,
  },
];
