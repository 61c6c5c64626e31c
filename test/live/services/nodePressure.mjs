/**
 * Plays the node-exporter's metrics of processors and memory, with a load that can be set. Needs nothing but Node; PORT
 * is where it listens, CPUS the number of processors that it plays.
 *
 * POST /control {"cpu": 0.95, "memory": 0.9} sets the used part of each, 0 to 1; what is not named stays.
 */
import { createServer } from "node:http";

const cpus = Number(process.env.CPUS ?? 2);
const memoryBytes = 8 * 1024 ** 3;

const control = { cpu: 0.1, memory: 0.3 };
/** Of each processor. They start well above 0, as on a machine that has run for some time. */
const seconds = { idle: 3600, user: 360, system: 40 };
let lastTick = process.hrtime.bigint();

/** Catches up with the time. A tenth of the load is the system's. */
function tick() {
  const now = process.hrtime.bigint();
  const passed = Number(now - lastTick) / 1e9;
  lastTick = now;
  seconds.idle += passed * (1 - control.cpu);
  seconds.user += passed * control.cpu * 0.9;
  seconds.system += passed * control.cpu * 0.1;
}

function metrics() {
  tick();
  const lines = [
    "# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.",
    "# TYPE node_cpu_seconds_total counter",
  ];
  for (let cpu = 0; cpu < cpus; cpu++) {
    for (const [mode, value] of Object.entries(seconds)) {
      lines.push(`node_cpu_seconds_total{cpu="${cpu}",mode="${mode}"} ${value}`);
    }
  }
  const available = Math.round(memoryBytes * (1 - control.memory));
  for (const [name, value] of [
    ["node_memory_MemTotal_bytes", memoryBytes],
    ["node_memory_MemAvailable_bytes", available],
  ]) {
    lines.push(`# HELP ${name} Memory information field.`, `# TYPE ${name} gauge`, `${name} ${value}`);
  }
  return `${lines.join("\n")}\n`;
}

/** What is wrong with new settings, or nothing. */
function problem(changes) {
  if (typeof changes !== "object" || changes === null || Array.isArray(changes)) return "not a JSON object";
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(control, name)) return `unknown setting ${name}; known: cpu, memory`;
    if (!(typeof value === "number" && value >= 0 && value <= 1)) {
      return `${name} cannot be ${JSON.stringify(value)}; it is a ratio, 0 to 1`;
    }
  }
  return undefined;
}

async function answer(request) {
  const call = `${request.method} ${request.url.split("?")[0]}`;
  if (call === "GET /metrics") return [200, metrics()];
  if (call === "GET /healthz") return [200, { status: "ok" }];
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

if (!Number.isInteger(cpus) || cpus < 1 || cpus > 256) {
  console.error(`CPUS: "${process.env.CPUS}" is not a number from 1 to 256.`);
  process.exit(1);
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
server.listen(Number(process.env.PORT ?? 9100), () => console.log(`listening on ${server.address().port}`));
// The first process of a container ends only on signals that it handles.
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
