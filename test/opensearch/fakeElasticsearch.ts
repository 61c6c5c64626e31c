/** A server that takes what the set-up sends and remembers it, with the checks that Elasticsearch would make first. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface Request {
  method: string;
  path: string;
  type: string;
  body: string;
}

export interface Answer {
  status: number;
  body: unknown;
}

export interface FakeOptions {
  /** Of the user `elastic`. @default "secret" */
  password?: string;
  /** Answers instead of the server; undefined lets the server answer. */
  answer?: (request: Request) => Answer | undefined;
  /** Keys for TLS, PEM. */
  tls?: { key: string; cert: string };
  /** @default any free one */
  port?: number;
}

export class FakeElasticsearch {
  /** All that it was asked and did not refuse for its user, in order. */
  readonly requests: Request[] = [];
  /** What was put, by path. */
  readonly state = new Map<string, unknown>();
  private readonly server: Server;

  constructor(private readonly options: FakeOptions = {}) {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      void read(request).then((body) => {
        const { status, body: content } = this.answerTo(request, body);
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
      });
    };
    this.server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen({ port: this.options.port ?? 0, host: "127.0.0.1" }, resolve);
    });
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.options.tls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  /** The requests that change something. */
  get changes(): Request[] {
    return this.requests.filter(({ method }) => method !== "GET");
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answerTo({ method = "", url = "", headers }: IncomingMessage, body: string): Answer {
    const [path = ""] = url.split("?");
    const request = { method, path: url, type: headers["content-type"] ?? "", body };
    const credentials = Buffer.from(`elastic:${this.options.password ?? "secret"}`).toString("base64");
    if (headers.authorization !== `Basic ${credentials}`) {
      return { status: 401, body: { error: { reason: "unable to authenticate user [elastic]" } } };
    }
    this.requests.push(request);
    const own = this.options.answer?.(request);
    if (own) return own;
    if (method === "GET") return { status: 200, body: { status: "green" } };
    if (method === "DELETE") return { status: this.state.delete(path) ? 200 : 404, body: {} };
    if (request.type.startsWith("multipart/form-data")) {
      if (headers["kbn-xsrf"] === undefined)
        return { status: 400, body: { message: "must contain a kbn-xsrf header" } };
      this.state.set(path, body);
      return { status: 200, body: { success: true } };
    }
    if (request.type !== "application/json") return { status: 406, body: { error: "no JSON" } };
    try {
      this.state.set(path, JSON.parse(body));
    } catch (error) {
      return { status: 400, body: { error: String(error) } };
    }
    return { status: 200, body: { acknowledged: true } };
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}
