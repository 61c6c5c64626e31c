/** Spans made by OpenTelemetry's SDK and sent over gRPC by its exporter, which is how services send theirs. */
import assert from "node:assert/strict";
import { ROOT_CONTEXT, SpanKind, trace, type Attributes } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

export interface SdkTrace {
  service: string;
  /** Name of the server's span. */
  name: string;
  attributes: Attributes;
  /** Name of the client's span below it. */
  child: string;
}

/** Sends a trace of two spans to the address of port 4317, and answers its id. */
export async function sendOverGrpc(
  url: string,
  { service, name, attributes, child }: SdkTrace,
): Promise<string> {
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: 30_000 });
  const results: Promise<void>[] = [];
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanProcessors: [
      new SimpleSpanProcessor({
        exporter: {
          export: (spans, done) =>
            void results.push(
              new Promise((resolve, reject) =>
                exporter.export(spans, (result) => {
                  done(result);
                  if (result.code === 0) resolve();
                  else reject(result.error ?? new Error("The spans were not taken."));
                }),
              ),
            ),
          shutdown: () => exporter.shutdown(),
        },
      }),
    ],
  });
  const tracer = provider.getTracer("test");
  const root = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, ROOT_CONTEXT);
  const below = trace.setSpan(ROOT_CONTEXT, root);
  tracer.startSpan(child, { kind: SpanKind.CLIENT }, below).end();
  root.end();
  await provider.forceFlush();
  assert.equal(results.length, 2);
  await Promise.all(results);
  await provider.shutdown();
  return root.spanContext().traceId;
}
