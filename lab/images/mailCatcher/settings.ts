/** mailpit's settings, as far as the stand-in knows them: https://mailpit.axllent.org/docs/configuration/runtime-options/ */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseCredentials, type Credentials } from "./credentials";

/** An error that ends the program; its message is all that a reader of the log needs. */
export class StartError extends Error {
  override name = "StartError";
}

export interface Address {
  host: string;
  port: number;
}

/** Who may send mail. */
export interface AuthenticationSettings {
  /** Passwords by user; or any user with any password; or nobody is asked. */
  accept: Credentials | "any" | "unasked";
  /** Whether passwords may be sent without TLS. */
  allowInsecure: boolean;
}

export interface Settings {
  smtp: Address;
  http: Address;
  /** Folder of the mails. */
  directory: string;
  /** The oldest mails beyond this number are deleted. */
  maxMessages: number;
  /** Bytes of the largest mail that is taken. */
  maxMessageSize: number;
  maxRecipients: number;
  authentication: AuthenticationSettings;
  /** PEM of the certificate and key for STARTTLS, which is offered only then. */
  tls?: { cert: string; key: string };
  /** What the reader of the log should know about the settings. */
  warnings: string[];
}

const mebibyte = 1024 * 1024;

/**
 * Stricter than mailpit's own limits, because the stand-in needs much more memory for the same mail: with 30 mails of
 * this size, sent and read ten at a time, it needs 110 MiB, under the 128 MiB that the component allows.
 */
export const limits = { messages: 5000, messageSize: 2 * mebibyte, storage: 64 * mebibyte };

/** NODE_OPTIONS of the image. Without them, the heap grows past the container's limit before it is cleared. */
export const nodeOptions = "--max-old-space-size=48 --max-semi-space-size=2";

/** Settings that ask for no more than the stand-in does anyway: it looks up no names and loads nothing remote. */
const harmless = [
  "MP_SMTP_DISABLE_RDNS",
  "MP_BLOCK_REMOTE_CSS_AND_FONTS",
  "MP_DISABLE_VERSION_CHECK",
  "MP_QUIET",
  "MP_VERBOSE",
];
const known = [
  "MP_DATABASE",
  "MP_MAX_MESSAGES",
  "MP_MAX_MESSAGE_SIZE",
  "MP_SMTP_BIND_ADDR",
  "MP_UI_BIND_ADDR",
  "MP_SMTP_AUTH",
  "MP_SMTP_AUTH_FILE",
  "MP_SMTP_AUTH_ACCEPT_ANY",
  "MP_SMTP_AUTH_ALLOW_INSECURE",
  "MP_SMTP_MAX_RECIPIENTS",
  "MP_SMTP_TLS_CERT",
  "MP_SMTP_TLS_KEY",
  ...harmless,
];
/** Settings that keep something closed: leaving one out unseen would open it. */
const protective = /^MP_(UI_(AUTH|TLS)|SMTP_(REQUIRE|ALLOWED_RECIPIENTS|STRICT)|WEBROOT|TENANT)/;

/**
 * Reads the environment. Defaults are mailpit's, except for the folder of the mails.
 * @throws StartError that names the setting
 */
export function readSettings(env: Record<string, string | undefined>): Settings {
  const strange = Object.keys(env).filter((name) => name.startsWith("MP_") && !known.includes(name));
  const refused = strange.filter((name) => protective.test(name));
  if (refused.length > 0) {
    throw new StartError(`The lab's stand-in for mailpit cannot do what ${refused.join(", ")} asks for.`);
  }
  const warnings = strange.map((name) => `${name} is not known to the stand-in and has no effect`);
  const wantedSize = readNumber(env, "MP_MAX_MESSAGE_SIZE", 50) * mebibyte;
  const wantedMessages = readNumber(env, "MP_MAX_MESSAGES", 500);
  if (env.MP_MAX_MESSAGE_SIZE && (wantedSize === 0 || wantedSize > limits.messageSize)) {
    warnings.push(`MP_MAX_MESSAGE_SIZE: the stand-in takes mails up to ${limits.messageSize / mebibyte} MiB`);
  }
  const tls = readTls(env);
  return {
    smtp: readAddress(env, "MP_SMTP_BIND_ADDR", "[::]:1025"),
    http: readAddress(env, "MP_UI_BIND_ADDR", "[::]:8025"),
    directory: messagesDirectory(env.MP_DATABASE ?? "/data/mailpit.db"),
    // In mailpit, 0 means that there is no limit.
    maxMessages: Math.min(wantedMessages || limits.messages, limits.messages),
    maxMessageSize: Math.min(wantedSize || limits.messageSize, limits.messageSize),
    maxRecipients: readNumber(env, "MP_SMTP_MAX_RECIPIENTS", 100),
    authentication: readAuthentication(env, tls !== undefined),
    ...(tls ? { tls } : {}),
    warnings,
  };
}

/** Beside the database that mailpit would have, so that the same volume is used. */
function messagesDirectory(database: string): string {
  return join(dirname(database), "messages");
}

function readAddress(env: Record<string, string | undefined>, name: string, fallback: string): Address {
  const text = env[name] || fallback;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65535) throw new StartError(`${name}: "${text}" is not an address such as [::]:1025.`);
  return { host: match[1] || match[2] || "::", port };
}

function readNumber(env: Record<string, string | undefined>, name: string, fallback: number): number {
  const text = env[name];
  if (!text) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new StartError(`${name}: "${text}" is not a whole number.`);
  return Number(text);
}

function readFlag(env: Record<string, string | undefined>, name: string): boolean {
  return ["1", "on", "yes", "true"].includes((env[name] ?? "").toLowerCase());
}

function readFileOf(env: Record<string, string | undefined>, name: string): string | undefined {
  const path = env[name];
  if (!path) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StartError(
      `${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"}).`,
    );
  }
}

function readTls(env: Record<string, string | undefined>): Settings["tls"] {
  const cert = readFileOf(env, "MP_SMTP_TLS_CERT");
  const key = readFileOf(env, "MP_SMTP_TLS_KEY");
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new StartError("MP_SMTP_TLS_CERT and MP_SMTP_TLS_KEY must be set together.");
  }
  return { cert, key };
}

/** The same combinations as in mailpit are refused. */
function readAuthentication(
  env: Record<string, string | undefined>,
  hasTls: boolean,
): AuthenticationSettings {
  const source = env.MP_SMTP_AUTH_FILE ? "MP_SMTP_AUTH_FILE" : "MP_SMTP_AUTH";
  const text = readFileOf(env, "MP_SMTP_AUTH_FILE") ?? env.MP_SMTP_AUTH ?? "";
  const allowInsecure = readFlag(env, "MP_SMTP_AUTH_ALLOW_INSECURE");
  const any = readFlag(env, "MP_SMTP_AUTH_ACCEPT_ANY");
  let credentials: Credentials;
  try {
    credentials = parseCredentials(text);
  } catch (error) {
    throw new StartError(`${source}: ${error instanceof Error ? error.message : String(error)}`);
  }
  // An empty file must not open what somebody meant to close.
  if (credentials.size === 0 && env.MP_SMTP_AUTH_FILE) {
    throw new StartError(`${source}: no line such as user:password is in the file.`);
  }
  if (any && credentials.size > 0) {
    throw new StartError(`${source} and MP_SMTP_AUTH_ACCEPT_ANY exclude each other.`);
  }
  const accept = credentials.size > 0 ? credentials : any ? "any" : "unasked";
  if (accept !== "unasked" && !hasTls && !allowInsecure) {
    throw new StartError(
      `${any ? "MP_SMTP_AUTH_ACCEPT_ANY" : source} needs TLS (MP_SMTP_TLS_CERT, MP_SMTP_TLS_KEY) or MP_SMTP_AUTH_ALLOW_INSECURE=true.`,
    );
  }
  return { accept, allowInsecure };
}
