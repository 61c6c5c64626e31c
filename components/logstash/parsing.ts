/** How a line is understood: data that is rendered into Logstash's language, and into an ingest pipeline by the tests. */

/** Pattern of a line that is no JSON, as the platform's plain lines are. `(?m)`: a stack trace may follow. */
export const plainLinePattern =
  "(?m)\\A%{TIMESTAMP_ISO8601:timestamp} %{LOGLEVEL:level} %{GREEDYDATA:message}";

/** Levels by the names and numbers that loggers write, in lower case. What is not here is kept as it is. */
export const levelNames: Readonly<Record<string, string>> = {
  "10": "trace",
  "20": "debug",
  "30": "info",
  "40": "warn",
  "50": "error",
  "60": "fatal",
  information: "info",
  notice: "info",
  warning: "warn",
  err: "error",
  severe: "error",
  critical: "fatal",
  crit: "fatal",
  alert: "fatal",
  emerg: "fatal",
  emergency: "fatal",
};

/**
 * Fields of a JSON line that become fields of the event, and the names by which loggers call them, the first that is
 * there. All others go to `fields`, so that a line can neither overwrite what Filebeat says about it nor add to the
 * mapping.
 */
export const knownFields: Readonly<Record<string, readonly string[]>> = {
  timestamp: ["timestamp", "@timestamp", "time", "ts", "datetime"],
  level: ["level", "severity", "log.level"],
  message: ["message", "msg"],
  service: ["service"],
  version: ["version"],
  environment: ["environment"],
  trace_id: ["trace_id", "traceId"],
  span_id: ["span_id", "spanId"],
  request_id: ["request_id", "requestId"],
  http: ["http"],
  error: ["error", "err"],
};

/** Forms of a time that is a text, as Joda-Time writes them. Numbers are told apart by their digits. */
export const textTimes = ["ISO8601", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss,SSS"] as const;

/**
 * Tags on lines that something is odd about; the line is kept whatever they say.
 * `unparsed`: neither JSON nor the plain pattern. `brokenJson`: begins like JSON and is none, so that it is unparsed as
 * well. `noTime`: its time cannot be read. `farTime`: its time is too far from when it was read. Both last have the
 * time at which the container wrote it.
 */
export const tags = {
  unparsed: "_unparsed",
  brokenJson: "_jsonparsefailure",
  noTime: "_dateparsefailure",
  farTime: "_timefaraway",
} as const;

/** How far a line's own time may be from its writing: seconds back, seconds ahead. */
export const plausibleTime = { past: 7 * 86_400, future: 3600 } as const;
