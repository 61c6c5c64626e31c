/** The server that takes mail. */
import { open, rm } from "node:fs/promises";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { matches } from "./credentials";
import type { Mailbox } from "./mailbox";
import type { AuthenticationSettings, Settings } from "./settings";

/** What has happened since the start. */
export interface Counters {
  accepted: number;
  acceptedBytes: number;
  rejected: number;
}

export interface SmtpOptions {
  settings: Pick<Settings, "maxMessageSize" | "maxRecipients" | "authentication" | "tls">;
  mailbox: Mailbox;
  counters: Counters;
  /** Gets a line for each mail, and for each that was refused; never its content. */
  log: (line: string) => void;
}

/** With the largest mail of each on its way, they fit on the volume beside the mails that are kept. */
const maxClients = 10;

/** An error that the sender is told with this code of SMTP. */
function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** A server that does not listen yet. */
export function createSmtpServer({ settings, mailbox, counters, log }: SmtpOptions): SMTPServer {
  const { authentication, tls } = settings;
  const reject = (session: SMTPServerSession, error: Error) => {
    counters.rejected++;
    log(`refused mail from ${session.remoteAddress}: ${error.message}`);
    return error;
  };
  return new SMTPServer({
    name: "mailpit",
    banner: "Stand-in of the lab for mailpit",
    size: settings.maxMessageSize,
    rejectOversized: true,
    maxRecipients: settings.maxRecipients,
    maxClients,
    socketTimeout: 60_000,
    closeTimeout: 3_000,
    disableReverseLookup: true,
    logger: false,
    ...(tls ? { cert: tls.cert, key: tls.key } : {}),
    disabledCommands: [
      ...(tls ? [] : ["STARTTLS"]),
      ...(authentication.accept === "unasked" ? ["AUTH"] : []),
    ],
    // In this order: many senders take the first, and some refuse PLAIN without TLS. mailpit has no fixed order.
    authMethods: ["LOGIN", "PLAIN"],
    authOptional: typeof authentication.accept === "string",
    allowInsecureAuth: authentication.allowInsecure,
    onAuth({ username = "", password }, session, callback) {
      isAllowed(authentication, username, password ?? "").then(
        (allowed) => {
          if (allowed) return callback(null, { user: username });
          log(`refused login of ${JSON.stringify(username.slice(0, 100))} from ${session.remoteAddress}`);
          callback(refusal(535, "Authentication credentials invalid"));
        },
        (error: Error) => callback(error),
      );
    },
    onData(stream, session, callback) {
      receive(stream, session, mailbox, settings.maxMessageSize).then(
        ({ id, size }) => {
          counters.accepted++;
          counters.acceptedBytes += size;
          const recipients = session.envelope.rcptTo.length;
          log(`mail ${id} from ${session.remoteAddress}: ${size} bytes, ${recipients} recipients`);
          callback(null, `Ok: queued as ${id}`);
        },
        (error: Error) => callback(reject(session, error)),
      );
    },
  });
}

async function isAllowed(
  { accept }: AuthenticationSettings,
  username: string,
  password: string,
): Promise<boolean> {
  return typeof accept === "string" || matches(accept, username, password);
}

/** Writes what comes to a file, so that a mail is in memory only while it is parsed. */
async function receive(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  mailbox: Mailbox,
  maxSize: number,
): Promise<{ id: string; size: number }> {
  const temporary = mailbox.temporaryFile();
  try {
    const file = await open(temporary, "wx", 0o600);
    let failure: unknown;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        // To the end in any case: only then may an answer be given.
        if (failure || stream.sizeExceeded) continue;
        await file.write(chunk).catch((error: unknown) => (failure = error));
      }
    } finally {
      await file.close();
    }
    if (failure) throw failure;
  } catch (error) {
    stream.resume();
    await rm(temporary, { force: true });
    throw refusal(452, `cannot be written (${(error as NodeJS.ErrnoException).code ?? "error"})`);
  }
  if (stream.sizeExceeded) {
    await rm(temporary, { force: true });
    throw refusal(552, `is larger than ${maxSize} bytes`);
  }
  const { mailFrom, rcptTo } = session.envelope;
  const envelope = {
    from: mailFrom ? mailFrom.address : "",
    to: rcptTo.map(({ address }) => address),
    username: typeof session.user === "string" ? session.user : "",
  };
  try {
    const { ID, Size } = await mailbox.add(temporary, envelope);
    return { id: ID, size: Size };
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    throw errno ? refusal(452, `cannot be kept (${code})`) : refusal(554, "cannot be read as a mail");
  }
}
