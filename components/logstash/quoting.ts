/**
 * A text in Logstash's language. There a backslash is a backslash and a quote cannot be escaped; `%{` and `${` stand
 * for fields and variables.
 * @throws when it cannot be written: with both kinds of quotes, with `%{` or `${`, or a backslash at its end
 */
export function quoted(text: string): string {
  if (/[%$]\{/.test(text) || text.endsWith("\\") || (text.includes("'") && text.includes('"'))) {
    throw new Error(
      `${JSON.stringify(text)} cannot be written in Logstash's language; leave out %{ and \${, a backslash at the ` +
        "end, and one of the two kinds of quotes.",
    );
  }
  const quote = text.includes('"') ? "'" : '"';
  return `${quote}${text}${quote}`;
}

/** A regular expression in Logstash's language; whatever `quoted` refuses has another form there. */
export function quotedPattern(pattern: string): string {
  const other = pattern
    .replaceAll("%{", "%\\{")
    .replaceAll("${", "$\\{")
    .replaceAll("'", "\\x27")
    // Only an escaped backslash can be at the end.
    .replace(/\\$/, "\\(?:)");
  return `'${other}'`;
}

/** A field in Logstash's language, of its dotted name: `[http][method]`. */
export function fieldReference(name: string): string {
  return name
    .split(".")
    .map((part) => `[${part}]`)
    .join("");
}
