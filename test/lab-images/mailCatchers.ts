/** Runs mail catchers for tests, and talks to them as a sender and as a reader do. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { createTransport, type SendMailOptions } from "nodemailer";
import type { MessageSummary } from "../../lab/images/mailCatcher/message";
import { Bundle, StandIn } from "./standIn";

export interface Summaries {
  total: number;
  unread: number;
  count: number;
  messages_count: number;
  messages_unread: number;
  start: number;
  tags: string[];
  messages: MessageSummary[];
}

export const alert: SendMailOptions = {
  from: "Alertmanager <alertmanager@bilten.example>",
  to: "Team Bilten <team@bilten.example>, second@bilten.example",
  subject: "[FIRING 1] critical: HighErrorRate (bilten-api) – ğüş",
  text: "High error rate\nRunbook: https://runbooks.example/HighErrorRate\n",
  html: "<!DOCTYPE html><html><body><h2>High error rate</h2><script>alert(1)</script></body></html>",
};

/** The mail catchers of a group of tests, which end with each of them. */
export class MailCatchers {
  readonly bundle = new Bundle();
  private running: StandIn[] = [];

  /** To be called within `describe`. */
  useHooks(): this {
    before(() => this.bundle.make());
    after(() => this.bundle.remove());
    afterEach(async () => {
      await Promise.all(this.running.map((standIn) => standIn.stop()));
      this.running = [];
    });
    return this;
  }

  /** One that need not come to listen. */
  launch(env: Record<string, string> = {}, folder = this.bundle.folder()): StandIn {
    const standIn = new StandIn(this.bundle, { MP_DATABASE: join(folder, "mailpit.db"), ...env });
    this.running.push(standIn);
    return standIn;
  }

  start(env?: Record<string, string>, folder?: string): Promise<StandIn> {
    return this.launch(env, folder).start();
  }
}

/** Sends a mail without TLS. */
export async function send(
  { smtpPort }: StandIn,
  mail: SendMailOptions = alert,
  auth?: { user: string; pass: string; method?: string },
): Promise<void> {
  const transport = createTransport({
    host: "127.0.0.1",
    port: smtpPort,
    secure: false,
    ignoreTLS: true,
    ...(auth ? { auth: { user: auth.user, pass: auth.pass }, authMethod: auth.method } : {}),
  });
  try {
    await transport.sendMail(mail);
  } finally {
    transport.close();
  }
}

export function list(standIn: StandIn, query = ""): Promise<Summaries> {
  return standIn.json<Summaries>(`/api/v1/messages${query}`);
}

/** Subjects of the mails that a search finds. */
export async function subjects(standIn: StandIn, query: string): Promise<string[]> {
  const found = await standIn.json<Summaries>(`/api/v1/search?query=${encodeURIComponent(query)}`);
  return found.messages.map(({ Subject }) => Subject);
}

/** Fails unless the server answers a sender with this code. */
export async function rejects(sent: Promise<unknown>, code: number): Promise<void> {
  await assert.rejects(sent, (error: Error & { responseCode?: number }) => {
    assert.equal(error.responseCode, code, error.message);
    return true;
  });
}

export const mebibyte = 1024 * 1024;

/** Says the lines to a server of SMTP, each after the answer to the one before, and returns all that it says. */
export function converse(port: number, lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const left = [...lines];
    let heard = "";
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer after: ${heard}`)));
    socket.on("data", (chunk) => {
      heard += chunk.toString();
      // The last line of an answer has a space behind its code.
      if (/(^|\n)\d{3} [^\n]*\n$/.test(heard)) socket.write(left.shift() ?? "");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(heard));
  });
}
