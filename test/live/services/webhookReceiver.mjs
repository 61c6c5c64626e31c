/**
 * Stands at the addresses of Slack's incoming webhook and of a dead man's switch, checks what it gets as they would,
 * and keeps it. Needs nothing but Node; PORT is where it listens.
 *
 * POST /slack, POST /ping                 what Alertmanager sends
 * GET /received?kind=slack|ping&since=N   records after number N, oldest first
 * DELETE /received                        forgets them
 * POST /control {"slackStatus": 500}      Slack answers with this status; 200 is normal. Also "pingStatus".
 */
import { createServer } from "node:http";

const maxRecords = 1000;
const maxBody = 1024 * 1024;
const control = { slackStatus: 200, pingStatus: 200 };
let records = [];
let lastNumber = 0;

const string = (value) => (typeof value === "string" ? undefined : "is not a string");
const boolean = (value) => (typeof value === "boolean" ? undefined : "is not a boolean");
const url = (value) => (isUrl(value) ? undefined : "is not an http address");
const emptyOr = (check) => (value) => (value === "" ? undefined : check(value));
const time = (value) =>
  typeof value === "string" &&
  /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value) &&
  !isNaN(Date.parse(value))
    ? undefined
    : "is not a time of RFC 3339";
const anyObject = (value) => (isObject(value) ? undefined : "is not an object");
const count = (value) => (Number.isInteger(value) && value >= 0 ? undefined : "is not a count");
const oneOf =
  (...values) =>
  (value) =>
    values.includes(value) ? undefined : `is not one of ${values.join(", ")}`;
const strings = (value) =>
  isObject(value) && Object.values(value).every((one) => typeof one === "string")
    ? undefined
    : "is not an object of strings";
const list = (check) => (value) => {
  if (!Array.isArray(value)) return "is not a list";
  return value.map((one, index) => tail(`[${index}]`, check(one))).find(Boolean);
};
/** An object with these fields and no others; all that are in `required` are there. */
const object =
  (fields, required = []) =>
  (value) => {
    if (!isObject(value)) return "is not an object";
    const missing = required.find((name) => value[name] === undefined);
    if (missing) return `.${missing} is missing`;
    return Object.entries(value)
      .map(([name, one]) =>
        Object.hasOwn(fields, name) ? tail(`.${name}`, fields[name](one)) : `.${name} is unknown`,
      )
      .find(Boolean);
  };

function tail(path, wrong) {
  return wrong && `${path}${/^[.[]/.test(wrong) ? "" : " "}${wrong}`;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isUrl(value) {
  return typeof value === "string" && /^https?:\/\/[^\s/]+/.test(value) && URL.canParse(value);
}

/** https://api.slack.com/reference/messaging/attachments, as far as Alertmanager uses them. */
const attachment = object({
  title: string,
  title_link: emptyOr(url),
  pretext: string,
  text: string,
  fallback: string,
  callback_id: string,
  fields: list(object({ title: string, value: string, short: boolean }, ["title", "value"])),
  actions: list(anyObject),
  image_url: emptyOr(url),
  thumb_url: emptyOr(url),
  footer: string,
  color: emptyOr((value) =>
    ["good", "warning", "danger"].includes(value) || /^#[0-9a-fA-F]{6}$/.test(value)
      ? undefined
      : "is not a colour",
  ),
  mrkdwn_in: list(oneOf("fallback", "pretext", "text", "title", "fields")),
});
const slackMessage = object({
  channel: string,
  username: string,
  icon_emoji: string,
  icon_url: emptyOr(url),
  link_names: boolean,
  text: string,
  attachments: list(attachment),
  blocks: list(anyObject),
});

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const alertFields = {
  status: oneOf("firing", "resolved"),
  labels: strings,
  annotations: strings,
  startsAt: time,
  endsAt: time,
  generatorURL: emptyOr(url),
  fingerprint: string,
};
const pingFields = {
  version: oneOf("4"),
  groupKey: string,
  truncatedAlerts: count,
  status: oneOf("firing", "resolved"),
  receiver: string,
  groupLabels: strings,
  commonLabels: strings,
  commonAnnotations: strings,
  externalURL: url,
  alerts: list(object(alertFields, Object.keys(alertFields))),
};
const pingMessage = object(
  // Alertmanager 0.33 and later also say why they send, and what the route's labels are.
  { ...pingFields, notification_reason: string, routeLabels: strings },
  Object.keys(pingFields),
);

/** What is wrong with a message to Slack: [its own error code, the reason]; or nothing. */
function slackProblem(message) {
  const wrong = slackMessage(message);
  if (wrong) return ["invalid_payload", `message${wrong.startsWith(".") ? "" : " "}${wrong}`];
  const { text, attachments = [], blocks = [] } = message;
  const said = [message, ...attachments].some((part) =>
    [part.text, part.title, part.pretext, part.fallback].some((one) => one?.trim()),
  );
  return said || blocks.length > 0 || text?.trim()
    ? undefined
    : ["no_text", "no text, attachment or block says anything"];
}

function pingProblem(message) {
  const wrong = pingMessage(message) ?? (message.alerts.length > 0 ? undefined : ".alerts is empty");
  return wrong && ["invalid_payload", `message${wrong.startsWith(".") ? "" : " "}${wrong}`];
}

/** Records a message, and answers as the real receiver would. */
async function receive(request, kind, problemOf, statusName) {
  const text = await body(request);
  let message;
  let problem;
  if (text === undefined) problem = ["invalid_payload", "larger than 1 MiB"];
  else if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    problem = ["invalid_payload", `content type ${request.headers["content-type"]} is not application/json`];
  } else {
    try {
      message = JSON.parse(text);
      problem = problemOf(message);
    } catch {
      problem = ["invalid_payload", "not JSON"];
    }
  }
  const forced = control[statusName];
  const status = forced === 200 && problem ? 400 : forced;
  records.push({
    number: ++lastNumber,
    kind,
    time: new Date().toISOString(),
    valid: !problem,
    ...(problem ? { reason: problem[1] } : {}),
    /** With which it was answered. */
    status,
    body: message ?? text ?? null,
  });
  records = records.slice(-maxRecords);
  console.log(`${kind} ${lastNumber}: ${problem ? problem[1] : "valid"}, answered ${status}`);
  if (status === 200) return [200, "ok"];
  return [status, forced === 200 ? problem[0] : `forced status ${status}`];
}

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const call = `${request.method} ${pathname}`;
  if (call === "POST /slack") return receive(request, "slack", slackProblem, "slackStatus");
  if (call === "POST /ping") return receive(request, "ping", pingProblem, "pingStatus");
  if (call === "GET /healthz") return [200, { status: "ok" }];
  if (call === "GET /received") return received(searchParams);
  if (call === "DELETE /received") {
    records = [];
    return [200, { status: "ok" }];
  }
  if (call === "POST /control") return change(await body(request));
  return [404, { error: `no ${call}` }];
}

function received(query) {
  const kind = query.get("kind");
  const since = Number(query.get("since") ?? 0);
  if (kind !== null && kind !== "slack" && kind !== "ping") return [400, { error: `unknown kind ${kind}` }];
  if (!Number.isInteger(since)) return [400, { error: "since is not a number" }];
  return [200, records.filter((record) => record.number > since && (kind === null || record.kind === kind))];
}

function change(text) {
  let changes;
  try {
    changes = JSON.parse(text);
  } catch {
    return [400, { error: "not JSON" }];
  }
  if (!isObject(changes)) return [400, { error: "not a JSON object" }];
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(control, name)) {
      return [400, { error: `unknown setting ${name}; known: ${Object.keys(control).join(", ")}` }];
    }
    if (!Number.isInteger(value) || value < 200 || value > 599) {
      return [400, { error: `${name} cannot be ${JSON.stringify(value)}; it is a status, 200 to 599` }];
    }
  }
  Object.assign(control, changes);
  console.log(`control ${JSON.stringify(control)}`);
  return [200, control];
}

/** The whole body, or undefined when it is too large. */
async function body(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= maxBody) chunks.push(chunk);
  }
  return size > maxBody ? undefined : Buffer.concat(chunks).toString();
}

const server = createServer((request, response) => {
  answer(request).then(
    ([status, content]) => {
      const text = typeof content === "string";
      response.writeHead(status, { "content-type": text ? "text/plain" : "application/json" });
      response.end(text ? content : `${JSON.stringify(content)}\n`);
    },
    () => response.destroy(),
  );
});
server.on("error", (error) => {
  console.error(`PORT: ${error.message}`);
  process.exit(1);
});
server.listen(Number(process.env.PORT ?? 8080), () => console.log(`listening on ${server.address().port}`));
// The first process of a container ends only on signals that it handles.
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
