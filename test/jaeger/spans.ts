/** Spans as OpenTelemetry's protocol has them, and the ways to send them. */
import { randomBytes } from "node:crypto";

export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue: string } | { intValue: string } }[];
  status: { code?: number };
}

export interface SpanGiven {
  name: string;
  traceId?: string;
  parent?: Span;
  attributes?: Record<string, string | number>;
  /** Milliseconds. @default 20 */
  duration?: number;
  /** @default false */
  failed?: boolean;
  /** 2 for a server's, 3 for a client's. @default 2 */
  kind?: number;
}

const nanoseconds = (milliseconds: number): string => `${BigInt(Math.round(milliseconds * 1000)) * 1000n}`;

/** A span that ends now. */
export function span({ name, traceId, parent, attributes, duration, failed, kind }: SpanGiven): Span {
  const end = Date.now();
  return {
    traceId: traceId ?? parent?.traceId ?? randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    ...(parent && { parentSpanId: parent.spanId }),
    name,
    kind: kind ?? 2,
    startTimeUnixNano: nanoseconds(end - (duration ?? 20)),
    endTimeUnixNano: nanoseconds(end),
    attributes: Object.entries(attributes ?? {}).map(([key, value]) => ({
      key,
      value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
    })),
    status: failed ? { code: 2 } : {},
  };
}

/** A request of one service's spans. */
export function exportRequest(service: string, spans: Span[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeSpans: [{ scope: { name: "test" }, spans }],
      },
    ],
  };
}

export interface Sent {
  status: number;
  headers: Headers;
  body: string;
}

/** Sends spans over HTTP, to the address of port 4318. */
export async function sendSpans(
  url: string,
  service: string,
  spans: Span[],
  headers: Record<string, string> = {},
): Promise<Sent> {
  const answer = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(exportRequest(service, spans)),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

/** A trace as the query API has it. */
export interface FoundTrace {
  traceID: string;
  spans: {
    spanID: string;
    operationName: string;
    references: { refType: string; traceID: string; spanID: string }[];
    tags: { key: string; value: unknown }[];
    processID: string;
  }[];
  processes: Record<string, { serviceName: string }>;
}

/** The value of a tag of a span of a found trace. */
export function tagOf(trace: FoundTrace, operation: string, key: string): unknown {
  return trace.spans.find((one) => one.operationName === operation)?.tags.find((tag) => tag.key === key)
    ?.value;
}
