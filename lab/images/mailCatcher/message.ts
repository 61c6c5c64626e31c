/** A mail in the shapes of mailpit's API: https://mailpit.axllent.org/docs/api-v1/ */
import { createHash } from "node:crypto";
import PostalMime, { type Address, type Email, type Attachment as Part } from "postal-mime";

export interface Mailbox {
  Name: string;
  Address: string;
}

/** An entry of a list. */
export interface MessageSummary {
  ID: string;
  MessageID: string;
  Read: boolean;
  From: Mailbox;
  To: Mailbox[];
  Cc: Mailbox[];
  Bcc: Mailbox[];
  ReplyTo: Mailbox[];
  Subject: string;
  /** When it was received, RFC 3339. */
  Created: string;
  /** With which the sender logged in; empty without a login. */
  Username: string;
  Tags: string[];
  /** Bytes. */
  Size: number;
  Attachments: number;
  /** The first words. */
  Snippet: string;
}

export interface Attachment {
  PartID: string;
  FileName: string;
  ContentType: string;
  ContentID: string;
  Size: number;
  Checksums: { MD5: string; SHA1: string; SHA256: string };
}

/** A whole mail. */
export interface Message {
  ID: string;
  MessageID: string;
  From: Mailbox;
  To: Mailbox[];
  Cc: Mailbox[];
  Bcc: Mailbox[];
  ReplyTo: Mailbox[];
  ReturnPath: string;
  Subject: string;
  ListUnsubscribe: { Header: string; Links: string[]; Errors: string; HeaderPost: string };
  /** When it was sent as it says itself, else when it was received, RFC 3339. */
  Date: string;
  Tags: string[];
  Username: string;
  Text: string;
  HTML: string;
  Size: number;
  Inline: Attachment[];
  Attachments: Attachment[];
}

/** What the SMTP conversation says about a mail, beside its text. */
export interface Envelope {
  from: string;
  to: string[];
  username: string;
}

const snippetLength = 200;
/** Keeps one mail from filling the memory with headers, of which lists of mails are made. */
const maxHeadersSize = 256 * 1024;

/** @throws Error when the headers are too large or the parts too deep */
export function parse(raw: Buffer): Promise<Email> {
  return PostalMime.parse(raw, { maxHeadersSize, maxNestingDepth: 50 });
}

/**
 * Header lines that mailpit adds to a mail: the sender of the envelope, recipients that the headers do not name
 * (Bcc), and a Message-ID.
 */
export function addedHeaders(email: Email, envelope: Envelope, id: string): string {
  const has = (name: string) => email.headers.some(({ key }) => key === name);
  const named = new Set(
    [email.to, email.cc, email.bcc]
      .flatMap((list) => mailboxes(list))
      .map(({ Address }) => Address.toLowerCase()),
  );
  const hidden = envelope.to.filter((address) => !named.has(address.toLowerCase()));
  return [
    ...(has("return-path") ? [] : [`Return-Path: <${envelope.from}>`]),
    ...(has("message-id") ? [] : [`Message-ID: <${id}@mailpit>`]),
    ...(has("bcc") || hidden.length === 0 ? [] : [`Bcc: ${hidden.join(", ")}`]),
  ]
    .map((line) => `${line}\r\n`)
    .join("");
}

/** @param size bytes of the whole mail */
export function summarize(
  email: Email,
  { id, created, username, size }: { id: string; created: Date; username: string; size: number },
): MessageSummary {
  return {
    ID: id,
    Read: false,
    ...headersOf(email),
    Created: created.toISOString(),
    Username: username,
    Tags: [],
    Size: size,
    Attachments: email.attachments.filter((part) => !isInline(part)).length,
    Snippet: snippet(email),
  };
}

/** The whole mail that a summary is about. */
export function describe(email: Email, summary: MessageSummary): Message {
  const parts = email.attachments.map((part, index) => ({ part, described: attachment(part, index) }));
  const sent = new Date(email.date ?? "");
  const header = (name: string) => email.headers.find(({ key }) => key === name)?.value ?? "";
  return {
    ID: summary.ID,
    ...headersOf(email),
    ReturnPath: header("return-path").replace(/^<|>$/g, ""),
    ListUnsubscribe: {
      Header: header("list-unsubscribe"),
      Links: [...header("list-unsubscribe").matchAll(/<([^>]+)>/g)].map(([, link = ""]) => link),
      Errors: "",
      HeaderPost: header("list-unsubscribe-post"),
    },
    Date: Number.isNaN(sent.getTime()) ? summary.Created : sent.toISOString(),
    Tags: [],
    Username: summary.Username,
    Text: email.text ?? "",
    HTML: email.html ?? "",
    Size: summary.Size,
    Inline: parts.filter(({ part }) => isInline(part)).map(({ described }) => described),
    Attachments: parts.filter(({ part }) => !isInline(part)).map(({ described }) => described),
  };
}

/** Headers by their canonical name, each with all its values, as Go's net/mail has them. */
export function headerValues(email: Email): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const { key, value } of email.headers) {
    const name = key.replace(/(^|-)([a-z])/g, (letters) => letters.toUpperCase());
    (values[name] ??= []).push(value);
  }
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function headersOf(email: Email) {
  return {
    MessageID: (email.messageId ?? "").replace(/^<|>$/g, ""),
    From: mailboxes(email.from ? [email.from] : [])[0] ?? { Name: "", Address: "" },
    To: mailboxes(email.to),
    Cc: mailboxes(email.cc),
    Bcc: mailboxes(email.bcc),
    ReplyTo: mailboxes(email.replyTo),
    Subject: email.subject ?? "",
  };
}

/** Groups are replaced by their members. */
function mailboxes(addresses: Address[] = []): Mailbox[] {
  return addresses
    .flatMap((address) => address.group ?? [address])
    .map(({ name, address }) => ({ Name: name, Address: address }));
}

function isInline({ disposition, related }: Part): boolean {
  return related === true || disposition === "inline";
}

function attachment({ filename, mimeType, contentId, content }: Part, index: number): Attachment {
  const bytes = typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
  const sum = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
  return {
    PartID: String(index + 1),
    FileName: filename ?? "",
    ContentType: mimeType,
    ContentID: (contentId ?? "").replace(/^<|>$/g, ""),
    Size: bytes.byteLength,
    Checksums: { MD5: sum("md5"), SHA1: sum("sha1"), SHA256: sum("sha256") },
  };
}

function snippet(email: Email): string {
  const text = (email.text ?? "")
    .slice(0, 20 * snippetLength)
    .replace(/\s+/g, " ")
    .trim();
  return text.length > snippetLength ? `${text.slice(0, snippetLength)}...` : text;
}
