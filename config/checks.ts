/** Checks on single texts: names, addresses and Alertmanager matchers. Each answers true when the text is usable. */

/** Runs a parser that throws on bad input and says whether it accepted. */
export function accepts(parse: (text: string) => number, test: (value: number) => boolean = () => true) {
  return (text: string): boolean => {
    try {
      return test(parse(text));
    } catch {
      return false;
    }
  };
}

/** A DNS-1123 label: namespaces. At most 63 of a-z 0-9 -, beginning and ending with a letter or digit. */
export function isDnsLabel(text: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
}

/** A DNS-1035 label: names of Kubernetes Services, which may not begin with a digit. */
export function isServiceName(text: string): boolean {
  return isDnsLabel(text) && /^[a-z]/.test(text);
}

/** A DNS-1123 subdomain: names of StorageClasses. Labels joined by dots, 253 characters at most. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && text.split(".").every(isDnsLabel);
}

/** A Prometheus label name of the classic character set. */
export function isLabelName(text: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text);
}

/** An absolute http or https URL without credentials: those belong in a secret. */
export function isHttpUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s]+$/.test(text)) return false;
  try {
    const url = new URL(text);
    return url.hostname !== "" && url.username === "" && url.password === "";
  } catch {
    return false;
  }
}

/** The address of a Service of the cluster by its name within the cluster, `<name>.<namespace>.svc`: it leaves it not. */
export function isServiceUrl(text: string): boolean {
  return isHttpUrl(text) && /^[^.]+\.[^.]+\.svc(\.cluster\.local)?$/.test(new URL(text).hostname);
}

/** `host:port` with a host name, an IPv4 address or an IPv6 address in brackets, and a port from 1 to 65535. */
export function isHostPort(text: string): boolean {
  const parts = /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text);
  return parts !== null && isPort(Number(parts[3]));
}

/** A TCP port somebody can listen on. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/** One mail address, without a display name: `team@bilten.com`. */
export function isMailAddress(text: string): boolean {
  return /^[^\s@<>,;"]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(
    text,
  );
}

/** One or more mail addresses, separated by commas: what Alertmanager takes as `to`. */
export function isMailAddressList(text: string): boolean {
  return text.split(",").every((address) => isMailAddress(address.trim()));
}

/** An absolute path of an HTTP request, without query or fragment. */
export function isUrlPath(text: string): boolean {
  return /^\/[^\s?#]*$/.test(text);
}

/** A key of W3C baggage, which is a token of HTTP. */
export function isBaggageKey(text: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text);
}

/** The origin of a page as CORS names it, without a path; `*` stands for any part of the host. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\/[A-Za-z0-9*]([A-Za-z0-9.*-]*[A-Za-z0-9*])?(:\d{1,5})?$/.test(text);
}

/** A bucket's name as S3 takes it: 3 to 63 of a-z, 0-9, `-` and `.`, no two dots beside each other, no IP address. */
export function isBucketName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]$/.test(text) && !text.includes("..") && !/^[\d.]+$/.test(text);
}

/**
 * When snapshots are taken, as Elasticsearch's cron reads it: second, minute, hour, day of month, month, day of week and
 * perhaps a year. Second and minute are one number each, so that it is once an hour at most: Elasticsearch refuses more
 * than one snapshot in 15 minutes. Exactly one of the two days is `?`.
 */
export function isSnapshotSchedule(text: string): boolean {
  const fields = text.split(" ");
  if (fields.length < 6 || fields.length > 7) return false;
  const [second, minute, hour, dayOfMonth, month, dayOfWeek, year = "*"] = fields as [string, ...string[]];
  const isMinute = (value: string): boolean => /^[0-5]?\d$/.test(value);
  const isList = (value: string, item: string): boolean =>
    new RegExp(`^(\\*|${item}(-${item})?)(/\\d{1,2})?(,${item}(-${item})?(/\\d{1,2})?)*$`).test(value);
  const day = "(?:[12]?\\d|3[01])";
  const weekday = "(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)";
  const months = "(?:1[0-2]|[1-9]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)";
  return (
    isMinute(second) &&
    isMinute(minute!) &&
    isList(hour!, "(?:1?\\d|2[0-3])") &&
    (dayOfMonth === "?") !== (dayOfWeek === "?") &&
    (dayOfMonth === "?" || dayOfMonth === "L" || isList(dayOfMonth!, day)) &&
    isList(month!, months) &&
    (dayOfWeek === "?" || isList(dayOfWeek!, weekday)) &&
    isList(year, "\\d{4}")
  );
}

/**
 * A regular expression that can take something out of a text: one line, and no match of nothing, which would put the
 * replacement between all characters. JavaScript's engine stands in for Ruby's; both know what such patterns need.
 */
export function isRedactionPattern(text: string): boolean {
  if (text === "" || /[\r\n]/.test(text)) return false;
  try {
    return !new RegExp(text.replace(/^\(\?i\)/, "")).test("");
  } catch {
    return false;
  }
}

/** The parts of an Alertmanager matcher. */
export interface Matcher {
  label: string;
  operator: "=" | "!=" | "=~" | "!~";
  value: string;
}

/**
 * Reads one Alertmanager matcher such as `severity="critical"` or `service=~"bilten-.*"`. The value may stand without
 * quotes when it holds none of `{}!=~,\"'` and no space. Answers undefined when Alertmanager would refuse it, including a
 * regular expression with what RE2 does not have (lookaround, backreferences).
 */
export function parseMatcher(text: string): Matcher | undefined {
  const parts =
    /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\["\\n])*)"|([^\s{}!=~,\\"'`]*))\s*$/.exec(
      text,
    );
  if (!parts) return undefined;
  const quoted = parts[3];
  if (quoted === undefined && parts[4] === "") return undefined;
  const value =
    quoted === undefined ? parts[4]! : quoted.replace(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));
  const operator = parts[2] as Matcher["operator"];
  if (operator.endsWith("~") && !isRe2(value)) return undefined;
  return { label: parts[1]!, operator, value };
}

/** Whether RE2 takes the expression. JavaScript's engine checks the shape; what only JavaScript knows is refused. */
function isRe2(expression: string): boolean {
  if (/\(\?(?:<?[=!])|\\[1-9k]/.test(expression)) return false;
  const translated = expression.replace(/^\(\?[imsU]+\)/, "").replaceAll("(?P<", "(?<");
  try {
    new RegExp(translated);
    return true;
  } catch {
    return false;
  }
}
