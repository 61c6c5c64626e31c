/**
 * Stands before OpenSearch as Elasticsearch stands in the stack: TLS with the stack's own certificate, and the users and
 * passwords that the stack's set-up gives out. Needs nothing but Node.
 *
 * PORT            plain HTTP: GET /healthz; GET /users, who has logged in how often; all else goes to OpenSearch
 * TARGET          OpenSearch's address
 * CERTIFICATES    folder with tls.crt and tls.key
 * PASSWORDS       folder with a file for each user
 * On 9200, TLS: requests of users go to OpenSearch, others are refused.
 */
import { readFileSync, readdirSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";

const { PORT, TARGET, CERTIFICATES, PASSWORDS } = process.env;
const read = (folder, name) => readFileSync(join(folder, name), "utf8");
const users = new Map(
  readdirSync(PASSWORDS)
    .filter((name) => !name.startsWith("."))
    .map((name) => [`Basic ${Buffer.from(`${name}:${read(PASSWORDS, name)}`).toString("base64")}`, name]),
);
const logins = {};

function pass(request, response) {
  const headers = { ...request.headers };
  delete headers.authorization;
  delete headers.host;
  const onward = ask(TARGET + request.url, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", (error) => response.writeHead(502).end(`OpenSearch: ${error.message}\n`));
  request.pipe(onward);
}

const tls = createTlsServer(
  { cert: read(CERTIFICATES, "tls.crt"), key: read(CERTIFICATES, "tls.key") },
  (request, response) => {
    const user = users.get(request.headers.authorization);
    if (user === undefined) return response.writeHead(401, { "www-authenticate": "Basic" }).end();
    logins[user] = (logins[user] ?? 0) + 1;
    pass(request, response);
  },
).listen(9200);

const plain = createServer((request, response) => {
  if (request.url === "/healthz") return response.end("ok\n");
  if (request.url === "/users") return response.end(JSON.stringify(logins));
  pass(request, response);
}).listen(Number(PORT));

process.on("SIGTERM", () => {
  for (const server of [tls, plain]) {
    server.close();
    server.closeAllConnections();
  }
});
