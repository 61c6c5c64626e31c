/**
 * Plays the platform's API as the monitoring sees it: metrics as the catalogue declares them, health paths, and traffic
 * that it makes itself. Needs nothing but Node; PORT is where it listens.
 *
 * POST /control {"requestsPerSecond": 20, "errorRatio": 0.2, "seconds": 0.05, "healthy": true, "activeUsers": 42}
 * changes what is named and answers with all of it.
 */
import { createServer } from "node:http";

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10];
const method = "GET";
const route = "/api/events";
const statusCodes = { good: "200", bad: "500" };

/** What the next requests are like. */
const control = { requestsPerSecond: 20, errorRatio: 0, seconds: 0.05, healthy: true, activeUsers: 42 };
/** For each setting, whether a value is one. */
const checks = {
  requestsPerSecond: (value) => isNumber(value) && value <= 10_000,
  errorRatio: (value) => isNumber(value) && value <= 1,
  seconds: (value) => isNumber(value) && value <= 60,
  healthy: (value) => typeof value === "boolean",
  activeUsers: (value) => isNumber(value) && Number.isInteger(value),
};

/** By status code. Both are there from the start: a rate needs a sample before the first error. */
const series = Object.fromEntries(
  Object.values(statusCodes).map((code) => [code, { count: 0, sum: 0, buckets: buckets.map(() => 0) }]),
);
/** Requests that are due but not whole yet, by status code. */
const due = { good: 0, bad: 0 };
let lastTick = process.hrtime.bigint();

/** Catches up with the time: counters are right whenever they are looked at, however slow the machine is. */
function tick() {
  const now = process.hrtime.bigint();
  const requests = (Number(now - lastTick) / 1e9) * control.requestsPerSecond;
  lastTick = now;
  due.bad += requests * control.errorRatio;
  due.good += requests * (1 - control.errorRatio);
  for (const kind of ["good", "bad"]) {
    const whole = Math.floor(due[kind]);
    due[kind] -= whole;
    const one = series[statusCodes[kind]];
    one.count += whole;
    one.sum += whole * control.seconds;
    buckets.forEach((bound, index) => {
      if (control.seconds <= bound) one.buckets[index] += whole;
    });
  }
}

function metrics() {
  tick();
  const lines = ["# HELP http_requests_total HTTP requests answered.", "# TYPE http_requests_total counter"];
  const entries = Object.entries(series).map(([code, one]) => [
    `method="${method}",route="${route}",status_code="${code}"`,
    one,
  ]);
  for (const [labels, { count }] of entries) lines.push(`http_requests_total{${labels}} ${count}`);
  const name = "http_request_duration_seconds";
  lines.push(`# HELP ${name} Duration of HTTP requests in seconds.`, `# TYPE ${name} histogram`);
  for (const [labels, one] of entries) {
    const bounds = [...buckets.map((bound, index) => [bound, one.buckets[index]]), ["+Inf", one.count]];
    for (const [bound, value] of bounds) lines.push(`${name}_bucket{${labels},le="${bound}"} ${value}`);
    lines.push(`${name}_sum{${labels}} ${one.sum}`, `${name}_count{${labels}} ${one.count}`);
  }
  lines.push(
    "# HELP active_users Users active now.",
    "# TYPE active_users gauge",
    `active_users ${control.activeUsers}`,
  );
  return `${lines.join("\n")}\n`;
}

/** What is wrong with new settings, or nothing. */
function problem(changes) {
  if (typeof changes !== "object" || changes === null || Array.isArray(changes)) return "not a JSON object";
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(checks, name))
      return `unknown setting ${name}; known: ${Object.keys(checks).join(", ")}`;
    if (!checks[name](value)) return `${name} cannot be ${JSON.stringify(value)}`;
  }
  return undefined;
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

async function answer(request) {
  const path = request.url.split("?")[0];
  const call = `${request.method} ${path}`;
  const health = [control.healthy ? 200 : 503, { status: control.healthy ? "ok" : "failing" }];
  if (call === "GET /metrics") return [200, metrics()];
  // The process is fine even when the service says that it is not.
  if (call === "GET /healthz" || call === "GET /health/live") return [200, { status: "ok" }];
  if (call === "GET /health" || call === "GET /ready") return health;
  if (call === "GET /control") return [200, control];
  if (call !== "POST /control") return [404, { error: `no ${call}` }];
  let changes;
  try {
    changes = JSON.parse(await body(request));
  } catch {
    return [400, { error: "not JSON" }];
  }
  const wrong = problem(changes);
  if (wrong) return [400, { error: wrong }];
  // What was before counts as before.
  tick();
  Object.assign(control, changes);
  console.log(`control ${JSON.stringify(control)}`);
  return [200, control];
}

async function body(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    if (text.length < 65_536) text += chunk;
  }
  return text;
}

const server = createServer((request, response) => {
  answer(request).then(
    ([status, content]) => {
      const text = typeof content === "string";
      response.writeHead(status, {
        "content-type": text ? "text/plain; version=0.0.4; charset=utf-8" : "application/json",
      });
      response.end(text ? content : `${JSON.stringify(content)}\n`);
    },
    () => response.destroy(),
  );
});
server.on("error", (error) => {
  console.error(`PORT: ${error.message}`);
  process.exit(1);
});
server.listen(Number(process.env.PORT ?? 3000), () => console.log(`listening on ${server.address().port}`));
// The first process of a container ends only on signals that it handles.
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
