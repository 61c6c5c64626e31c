/** Strict schemas of the settings about traces that are objects or lists. */
import { z } from "zod";
import * as checks from "./checks";
import {
  durationSeconds,
  durationText,
  field,
  flag,
  namespaceName,
  shareRatio,
  text,
  wholeNumber,
} from "./fields";

const operationSchema = z.strictObject({
  operation: text((name) => name.trim() === name && name !== "", {
    expected: "the name of an operation: the path of a route, or of a span to the letter",
    example: "/api/events",
    description: "The path of a route, by any method, or the name of a span to the letter.",
  }),
  sampling: shareRatio("Share of its traces that are recorded.", "50%"),
});

const operationsSchema = (description: string) =>
  field(
    z.array(
      field(operationSchema, {
        expected: "an operation and its share",
        example: "{ operation: /api/events, sampling: 50% }",
      }),
    ),
    {
      expected: "a list of operations and their shares",
      example: "[{ operation: /api/events, sampling: 50% }]",
      description,
    },
  );

/** Shares of traces that all services record; the defaults are what the platform asks for. */
export const traceSamplingSchema = field(
  z.strictObject({
    default: shareRatio("Share of the traces that are recorded.", "10%").prefault("10%"),
    operations: operationsSchema("Operations of any service with a share of their own.").prefault([
      { operation: "/api/events", sampling: "50%" },
    ]),
  }),
  {
    expected: "an object with default and operations",
    example: "{ default: 10%, operations: [{ operation: /api/events, sampling: 50% }] }",
    description:
      "Which traces services record, decided where they begin; a service may have its own shares. Changes reach the " +
      "services within minutes, without a restart.",
  },
);

/** The defaults of what is kept of a tenth of all traces. */
export const traceTailSamplingSchema = field(
  z.strictObject({
    decisionWait: durationText("How long after its first span a trace counts as complete.", "10s").default(
      "10s",
    ),
    maxTraces: wholeNumber(
      100,
      "Traces that wait for their decision at once; each is expected to take 32 KiB of memory.",
      "5000",
    ).default(5000),
    slowerThan: durationSeconds("From which duration on a trace is always kept.", "500ms").prefault("500ms"),
    keep: shareRatio("Share of the traces kept that have no error and are not slow.", "10%").prefault("10%"),
  }),
  {
    expected: "an object with decisionWait, maxTraces, slowerThan and keep",
    example: "{ decisionWait: 10s, maxTraces: 5000, slowerThan: 500ms, keep: 10% }",
    description:
      "Keeps all recorded traces with errors and all slow ones, and a share of the rest, in one collector; without it, " +
      "all that are recorded. To see every error, let services record all (`traceSampling.default: 100%`).",
  },
);

export const traceBaggageSchema = field(
  z.array(
    field(
      z.strictObject({
        name: text(checks.isBaggageKey, {
          expected: "a key of baggage: letters, digits and !#$%&'*+-.^_`|~",
          example: "requestId",
          description: "Key of W3C baggage.",
        }),
        hashed: flag("Replace the value by a hash of it before it leaves the service.").default(false),
      }),
      { expected: "a key of baggage", example: "{ name: requestId }" },
    ),
  ),
  {
    expected: "a list of baggage keys",
    example: "[{ name: requestId }, { name: userId, hashed: true }]",
    description:
      "What requests carry along from service to service, and spans tell; services drop any other key. `userId` only " +
      "hashed.",
  },
);

export const traceBrowsersSchema = field(
  z.strictObject({
    origins: field(
      z
        .array(
          text(checks.isOrigin, {
            expected: "an origin: http:// or https://, host and perhaps port, * for any part of the host",
            example: "https://bilten.com",
            description: "Origin of a page.",
          }),
        )
        .min(1),
      {
        expected: "a list of origins, at least one",
        example: "[https://bilten.com]",
        description: "Pages whose browsers may send spans (CORS).",
      },
    ),
    ingressNamespace: namespaceName(
      "Namespace of the ingress controller that hands browsers' requests on to port 4318.",
      "ingress-nginx",
    ),
  }),
  {
    expected: "an object with origins and ingressNamespace",
    example: "{ origins: [https://bilten.com], ingressNamespace: ingress-nginx }",
    description: "Lets browsers send spans over HTTP; without it, none may.",
  },
);

/** How one service is traced. */
export const serviceTracingSchema = field(
  z
    .strictObject({
      sampling: shareRatio(
        "Share of its traces that are recorded; that of `traceSampling` unless set.",
        "20%",
      ).optional(),
      operations: operationsSchema(
        "Operations of this service with a share of their own, over those of `traceSampling`.",
      ).default([]),
      spansPerSecond: wholeNumber(
        1,
        "Spans of all its requests before sampling, the mean of a day; volumes are checked against it.",
        "50",
      ).default(50),
      jaegerHeader: flag(
        "Understand and send the header uber-trace-id as well, for clients from before traceparent.",
      ).default(false),
    })
    .prefault({}),
  {
    expected: "an object with sampling, operations, spansPerSecond and jaegerHeader",
    example: "{ sampling: 20%, operations: [{ operation: /api/orders, sampling: 100% }] }",
  },
);
