/**
 * Stands before OpenSearch, which has no security here, as Elasticsearch stands in the stack: TLS with a certificate of an
 * authority of the test's own, a password, and of the requests that Jaeger and its cleaner make those that the privileges
 * of a role allow. What it does not know, it refuses.
 */
import { request as ask, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { Role } from "../../components/elasticsearchSetup/access";
import { certificateRequest, locallySigned, selfSigned } from "../../lab/providers/tls/certificates";
import { generateKey } from "../../lab/providers/tls/keys";

export interface SecuredArgs {
  /** OpenSearch's address. */
  target: string;
  username: string;
  password: string;
  role: Role;
}

export class SecuredElasticsearch {
  /** Of the authority that signed its certificate. */
  caPem = "";
  /** What was asked for in vain: method, path, and why. */
  readonly refused: string[] = [];
  private server: Server | undefined;

  constructor(private readonly args: SecuredArgs) {}

  async start(): Promise<this> {
    const { caPem, cert, key } = await certificate();
    this.caPem = caPem;
    this.server = createServer({ cert, key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => this.answer(request, Buffer.concat(chunks), response));
    });
    await new Promise<void>((resolve) => this.server?.listen(0, "127.0.0.1", resolve));
    return this;
  }

  /** By the name that the certificate has. */
  get url(): string {
    return `https://localhost:${(this.server?.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { username, password, role, target } = this.args;
    const { method = "", url = "", headers } = request;
    const refuse = (status: number, why: string) => {
      this.refused.push(`${method} ${url} ${why}`);
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify({ error: why, status }));
    };
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    if (headers.authorization !== expected) return refuse(401, "unable to authenticate");
    const text = (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
    const missing = missingPrivilege(role, method, new URL(url, target).pathname, text);
    if (missing !== undefined) return refuse(403, missing);
    delete headers.authorization;
    delete headers.host;
    const onward = ask(target + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", (error) => response.writeHead(502).end(error.message));
    onward.end(body);
  }
}

const matches = (patterns: string[], name: string) =>
  patterns.some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name,
  );

/** Lines of a bulk or multi search request that name an index. */
function indicesIn(body: string): string[] {
  return body.split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return [];
    const parsed = JSON.parse(line) as Record<string, unknown>;
    const action = parsed.index ?? parsed.create ?? parsed.update ?? parsed.delete;
    const { _index: written } = (action ?? {}) as { _index?: string };
    return [...((parsed.indices as string[] | undefined) ?? []), ...(written === undefined ? [] : [written])];
  });
}

/** What a role lacks for a request, or undefined: https://www.elastic.co/docs/reference/elasticsearch/security-privileges */
export function missingPrivilege(role: Role, method: string, path: string, body: string): string | undefined {
  const cluster = (privilege: string) =>
    role.cluster.includes(privilege) ? undefined : `needs the cluster privilege ${privilege}`;
  const onIndices = (names: string[]) => {
    const allowed = role.indices
      .filter(({ privileges }) => privileges.includes("all"))
      .flatMap(({ names: all }) => all);
    const other = names.find((name) => !matches(allowed, name));
    if (names.length === 0) return "names no index";
    return other === undefined ? undefined : `needs a privilege on ${other}`;
  };
  const [first = "", ...rest] = decodeURIComponent(path)
    .split("/")
    .filter((part) => part !== "");
  if (first === "" && (method === "GET" || method === "HEAD")) return cluster("monitor");
  if (first === "_nodes" || first === "_cluster")
    return method === "GET" ? cluster("monitor") : "is not known";
  if (first === "_template" || first === "_index_template") return cluster("manage_index_templates");
  if (first === "_bulk" || first === "_msearch") return onIndices(indicesIn(body));
  if (first.startsWith("_")) return `is not known: ${[first, ...rest].join("/")}`;
  // The cleaner ends its list with a comma.
  return onIndices(first.split(",").filter((name) => name !== ""));
}

/** A certificate for "localhost", its key, and that of the authority that signed it. */
async function certificate(): Promise<{ caPem: string; cert: string; key: string }> {
  const key = () => generateKey({ algorithm: "ECDSA", ecdsaCurve: "P256" });
  const [authority, own] = [key(), key()];
  const options = { validityPeriodHours: 24, allowedUses: ["digital_signature", "server_auth"] };
  const ca = { ...options, allowedUses: ["cert_signing"], isCaCertificate: true };
  const caPem = await selfSigned(authority, { subject: { commonName: "test authority" } }, ca);
  const names = { subject: { commonName: "elasticsearch" }, dnsNames: ["localhost"] };
  return {
    caPem,
    cert: await locallySigned(await certificateRequest(own, names), authority, caPem, options),
    key: own.export({ type: "pkcs8", format: "pem" }) as string,
  };
}
