/** The HTTP server: the part of mailpit's API v1 that people and tests use, two probes, and pages to look at. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Entry, Mailbox } from "./mailbox";
import { describe, headerValues } from "./message";
import { htmlFrame, listPage, messagePage, type Page } from "./pages";
import { searchFilter, SearchError } from "./search";
import type { Counters } from "./smtp";

export interface ApiOptions {
  mailbox: Mailbox;
  counters: Counters;
  /** Where the mails are, for people. */
  directory: string;
  /** Whether both servers listen. */
  ready: () => boolean;
}

interface Reply {
  status: number;
  headers?: Record<string, string>;
  body: string | Buffer;
}

interface Call {
  /** Part of the path that the route leaves open. */
  id: string;
  query: URLSearchParams;
  body: string;
}

type Handler = (call: Call, options: ApiOptions) => Reply | Promise<Reply>;

/** What `info` says instead of a version of mailpit. */
const version = "stand-in of the lab for mailpit";
const maxBody = 1024 * 1024;
const defaultLimit = 50;

const notFound: Reply = { status: 404, body: "404 page not found" };
const ok: Reply = { status: 200, body: "ok" };

const routes: [method: string, path: RegExp, handler: Handler][] = [
  ["GET", /^\/livez$/, () => ({ status: 200, body: "" })],
  ["GET", /^\/readyz$/, (_, { ready }) => ({ status: ready() ? 200 : 503, body: "" })],
  [
    "GET",
    /^\/$/,
    (call, { mailbox }) => page(listPage(matching(call, mailbox), call.query.get("query") ?? "")),
  ],
  ["GET", /^\/view\/([^/.]+)$/, (call, options) => messageReply(call, options, (m) => page(messagePage(m)))],
  [
    "GET",
    /^\/view\/([^/.]+)\.html$/,
    (call, options) => messageReply(call, options, ({ HTML }) => (HTML ? page(htmlFrame(HTML)) : notFound)),
  ],
  [
    "GET",
    /^\/view\/([^/.]+)\.txt$/,
    (call, options) => messageReply(call, options, ({ Text }) => ({ status: 200, body: Text })),
  ],
  ["GET", /^\/api\/v1\/info$/, info],
  ["GET", /^\/api\/v1\/messages$/, (call, { mailbox }) => summary(call, mailbox, mailbox.list())],
  ["DELETE", /^\/api\/v1\/messages$/, deleteMessages],
  ["GET", /^\/api\/v1\/search$/, (call, { mailbox }) => summary(call, mailbox, searched(call, mailbox))],
  [
    "DELETE",
    /^\/api\/v1\/search$/,
    async (call, { mailbox }) => {
      await mailbox.delete(idsOf(searched(call, mailbox)));
      return ok;
    },
  ],
  ["GET", /^\/api\/v1\/message\/([^/]+)$/, (call, options) => messageReply(call, options, json)],
  [
    "GET",
    /^\/api\/v1\/message\/([^/]+)\/headers$/,
    async ({ id }, { mailbox }) => {
      const values = await mailbox.parsed(resolveId(id, mailbox), headerValues);
      return values ? json(values) : notFound;
    },
  ],
  [
    "GET",
    /^\/api\/v1\/message\/([^/]+)\/raw$/,
    async ({ id }, { mailbox }) => {
      const raw = await mailbox.raw(resolveId(id, mailbox));
      return raw ? { status: 200, body: raw } : notFound;
    },
  ],
];

/** A server that does not listen yet. */
export function createApiServer(options: ApiOptions): Server {
  const server = createServer((request, response) => {
    answer(request, options)
      .catch((error: unknown) => {
        if (error instanceof SearchError) return { status: 400, body: error.message };
        console.error(`${request.method} failed:`, error);
        return { status: 500, body: "internal error" };
      })
      .then((reply) => send(response, reply))
      .catch(() => response.destroy());
  });
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  return server;
}

async function answer(request: IncomingMessage, options: ApiOptions): Promise<Reply> {
  const url = URL.parse(request.url ?? "/", "http://localhost");
  if (!url) return { status: 400, body: "no valid address" };
  const method = request.method === "HEAD" ? "GET" : request.method;
  const found = routes.filter(([, path]) => path.test(url.pathname));
  if (found.length === 0) {
    if (!url.pathname.startsWith("/api/")) return notFound;
    return { status: 404, body: "not part of the lab's stand-in for mailpit" };
  }
  const route = found.find(([allowed]) => allowed === method);
  if (!route) return { status: 405, body: "method not allowed" };
  const body = await readBody(request);
  if (body === undefined) return { status: 413, body: "request too large" };
  const id = route[1].exec(url.pathname)?.[1] ?? "";
  return route[2]({ id, query: url.searchParams, body }, options);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBody) chunks.push(chunk);
  }
  return size > maxBody ? undefined : Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-length": Buffer.byteLength(body),
    server: "mailpit-stand-in",
    ...headers,
  });
  response.end(body);
}

function json(value: unknown): Reply {
  return { status: 200, headers: { "content-type": "application/json" }, body: `${JSON.stringify(value)}\n` };
}

function page({ html, policy }: Page): Reply {
  const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
  return { status: 200, headers, body: html };
}

function info(_: Call, { mailbox, counters, directory }: ApiOptions): Reply {
  const { messages, unread, bytes } = mailbox.size;
  return json({
    Version: version,
    LatestVersion: "disabled",
    Database: directory,
    DatabaseSize: bytes,
    Messages: messages,
    Unread: unread,
    Tags: {},
    RuntimeStats: {
      Uptime: Math.floor(process.uptime()),
      Memory: process.memoryUsage.rss(),
      MessagesDeleted: mailbox.deleted,
      SMTPAccepted: counters.accepted,
      SMTPAcceptedSize: counters.acceptedBytes,
      SMTPRejected: counters.rejected,
      SMTPIgnored: 0,
    },
  });
}

/** A page of a list, newest first; `limit` 0 is no limit, and what is no number is the default, as in mailpit. */
function summary({ query }: Call, mailbox: Mailbox, found: Entry[]): Reply {
  const start = count(query.get("start"), 0);
  const limit = count(query.get("limit"), defaultLimit);
  const messages = (limit > 0 ? found.slice(start, start + limit) : found).map((entry) => entry.summary);
  const all = mailbox.size;
  return json({
    total: all.messages,
    unread: all.unread,
    count: messages.length,
    messages_count: found.length,
    messages_unread: found.filter((entry) => !entry.summary.Read).length,
    start,
    tags: [],
    messages,
  });
}

function count(text: string | null, fallback: number): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : fallback;
}

function searched({ query }: Call, mailbox: Mailbox): Entry[] {
  return mailbox.list().filter(searchFilter(query.get("query") ?? ""));
}

function matching(call: Call, mailbox: Mailbox): Entry[] {
  return call.query.get("query")?.trim() ? searched(call, mailbox) : mailbox.list();
}

function idsOf(entries: Entry[]): string[] {
  return entries.map((entry) => entry.summary.ID);
}

/** Of the mails in the body, or of all; as in mailpit, a body that cannot be read means all. */
async function deleteMessages({ body }: Call, { mailbox }: ApiOptions): Promise<Reply> {
  const ids = idsIn(body);
  await mailbox.delete(ids.length > 0 ? ids : idsOf(mailbox.list()));
  return ok;
}

function idsIn(body: string): string[] {
  try {
    const ids = (JSON.parse(body) as { IDs?: unknown } | null)?.IDs;
    return Array.isArray(ids) ? ids.map(String) : [];
  } catch {
    return [];
  }
}

/** `latest` is the newest mail. */
function resolveId(id: string, mailbox: Mailbox): string {
  return id === "latest" ? (mailbox.list()[0]?.summary.ID ?? "") : id;
}

/** Whoever gets the whole mail has read it. */
async function messageReply(
  { id }: Call,
  { mailbox }: ApiOptions,
  reply: (message: ReturnType<typeof describe>) => Reply,
): Promise<Reply> {
  const message = await mailbox.parsed(resolveId(id, mailbox), (email, { summary: found }) => {
    found.Read = true;
    return describe(email, found);
  });
  return message ? reply(message) : notFound;
}
