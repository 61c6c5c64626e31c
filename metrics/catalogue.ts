/**
 * Every metric of the Bilten services, declared once. The instrumentation registers from it; rules and dashboards are
 * checked against it.
 */
import type { LabelDefinition, MetricDefinition } from "./types";

/** Methods that are told apart; any other is `OTHER`, so that a client cannot invent values. */
export const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"] as const;

/** Value of `route` for a request that no route took. */
export const UNMATCHED_ROUTE = "unmatched";

const STATUS_CODES = Array.from({ length: 500 }, (_, index) => String(index + 100));

const method: LabelDefinition = { description: "HTTP method", values: HTTP_METHODS };
const route: LabelDefinition = {
  description: `Template of the mounted route, e.g. /api/events/:id, never the path itself; "${UNMATCHED_ROUTE}" when none took the request`,
};
const statusCode: LabelDefinition = { description: "HTTP status code of the answer", values: STATUS_CODES };
const operation: LabelDefinition = {
  description: "Kind of statement",
  values: ["select", "insert", "update", "delete", "transaction", "other"],
};
const table: LabelDefinition = { description: "Table that the statement is about; a name out of the schema" };
const outcome: LabelDefinition = { description: "How it ended", values: ["success", "error"] };
const currency: LabelDefinition = {
  description: "ISO 4217 code of the currency",
  values: ["EUR", "GBP", "TRY", "USD", "other"],
};

/** HTTP, as every service reports it. */
const HTTP: readonly MetricDefinition[] = [
  {
    name: "http_requests_total",
    type: "counter",
    unit: "requests",
    help: "HTTP requests answered.",
    labels: { method, route, status_code: statusCode },
  },
  {
    name: "http_request_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Duration of HTTP requests in seconds, from the first byte read to the last byte written.",
    labels: { method, route, status_code: statusCode },
    // Bounds at both limits that matter, 0.2 s (objective of the mean) and 0.5 s (HighResponseTime): a quantile is
    // interpolated within a bucket, and is exact only at its bounds.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10],
  },
];

/** Business, from the service that owns the fact. */
const BUSINESS: readonly MetricDefinition[] = [
  {
    name: "active_users",
    type: "gauge",
    unit: "users",
    help: "Users active now (named active_users_total in the architecture document; _total is for counters).",
    labels: {},
  },
  {
    name: "events_created_total",
    type: "counter",
    unit: "events",
    help: "Events created by organisers.",
    labels: {},
  },
  {
    name: "event_views_total",
    type: "counter",
    unit: "views",
    help: "Views of an event's page; with ticket_purchases_total the conversion rate.",
    labels: {},
  },
  {
    name: "ticket_purchases_total",
    type: "counter",
    unit: "purchases",
    help: "Purchases, each of one or more tickets.",
    labels: { outcome },
  },
  { name: "tickets_sold_total", type: "counter", unit: "tickets", help: "Tickets sold.", labels: {} },
  {
    name: "revenue_generated_total",
    type: "counter",
    unit: "currency units",
    help: "Revenue from ticket sales, in whole units of the currency.",
    labels: { currency },
  },
  {
    name: "user_registrations_total",
    type: "counter",
    unit: "registrations",
    help: "New users registered.",
    labels: {},
  },
];

/** What a service depends on, and how it fails. */
const DEPENDENCIES: readonly MetricDefinition[] = [
  {
    name: "db_query_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Duration of database statements in seconds.",
    labels: { operation, table, outcome },
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  {
    name: "cache_requests_total",
    type: "counter",
    unit: "requests",
    help: "Look-ups in a cache.",
    labels: {
      cache: { description: "Name of the cache, out of the code" },
      result: { description: "Whether the value was there", values: ["hit", "miss"] },
    },
  },
  {
    name: "health_check_up",
    type: "gauge",
    unit: "boolean",
    help: "1 when the dependency was healthy at the last check, else 0.",
    labels: { check: { description: "Dependency", values: ["database", "redis", "external"] } },
  },
  {
    name: "errors_total",
    type: "counter",
    unit: "errors",
    help: "Errors by kind, whether or not a request failed of them.",
    labels: {
      type: {
        description: "Kind of error",
        values: ["validation", "authentication", "not_found", "database", "cache", "external", "internal"],
      },
    },
  },
  {
    name: "page_load_duration_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Time until a page of the frontend is loaded, as browsers report it, in seconds.",
    labels: { page: { description: "Template of the page's route" } },
    buckets: [0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 4, 6, 10],
  },
];

/** All metrics of the services. */
export const SERVICE_METRICS: readonly MetricDefinition[] = [...HTTP, ...BUSINESS, ...DEPENDENCIES];
