/** The mails: their texts are files, what lists need of them is in memory as well. Survives a restart. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Email } from "postal-mime";
import { addedHeaders, parse, summarize, type Envelope, type MessageSummary } from "./message";

export interface MailboxOptions {
  directory: string;
  /** The oldest mails beyond this number are deleted. */
  maxMessages: number;
  /** The oldest mails are deleted while all together have more bytes. */
  maxBytes: number;
}

/** A mail as it is kept in memory. */
export interface Entry {
  summary: MessageSummary;
  /** The beginning of its text, for searches. */
  text: string;
}

const searchableLength = 4096;
const idPattern = /^[0-9a-f]{22}$/;

export class Mailbox {
  /** By ID, the oldest first. */
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;
  private newest = 0;
  private queue: Promise<unknown> = Promise.resolve();
  /** Mails deleted since the start, by a user or for want of room. */
  deleted = 0;

  /** Opens the folder, which is created when it is not there, and forgets what a crash left unfinished in it. */
  constructor(private readonly options: MailboxOptions) {
    const { directory } = options;
    // Only itself: above it is a volume, and where that is missing the mails would be lost.
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 });
    const files = readdirSync(directory);
    const entries = files.filter((name) => name.endsWith(".json")).flatMap((name) => this.load(name));
    entries.sort((a, b) => (a.summary.Created < b.summary.Created ? -1 : 1));
    for (const entry of entries) this.keep(entry);
    for (const name of files) {
      if (!this.entries.has(name.replace(/\.(json|eml)$/, "")))
        rmSync(join(directory, name), { force: true });
    }
  }

  /** The newest first. */
  list(): Entry[] {
    return [...this.entries.values()].reverse();
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  get size(): { messages: number; unread: number; bytes: number } {
    const unread = [...this.entries.values()].filter(({ summary }) => !summary.Read).length;
    return { messages: this.entries.size, unread, bytes: this.bytes };
  }

  /** A path for a mail that is being received. */
  temporaryFile(): string {
    return join(this.options.directory, `${randomUUID()}.tmp`);
  }

  /**
   * Takes a received mail in and removes its file.
   * @throws Error when it cannot be read as a mail, or not be written
   */
  add(temporary: string, envelope: Envelope): Promise<MessageSummary> {
    return this.oneAtATime(async () => {
      try {
        return await this.store(await readFile(temporary), envelope);
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  /** The mail as it was sent, after the headers that were added; undefined when it is gone. */
  raw(id: string): Promise<Buffer | undefined> {
    return this.oneAtATime(() => this.read(id));
  }

  /** Does something with a mail's parts; undefined when it is gone. */
  parsed<T>(id: string, use: (email: Email, entry: Entry) => T): Promise<T | undefined> {
    return this.oneAtATime(async () => {
      const raw = await this.read(id);
      const entry = this.entries.get(id);
      return raw && entry ? use(await parse(raw), entry) : undefined;
    });
  }

  /** Deletes mails; those that are gone already are passed over. */
  delete(ids: string[]): Promise<void> {
    return this.oneAtATime(() => this.remove(ids));
  }

  /** Resolves when everything under way is done. */
  settled(): Promise<unknown> {
    return this.queue;
  }

  /** A mail being parsed takes several times its size: never more than one is. */
  private oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private async store(received: Buffer, envelope: Envelope): Promise<MessageSummary> {
    const id = randomUUID().replaceAll("-", "").slice(0, 22);
    const sent = await parse(received);
    const added = Buffer.from(addedHeaders(sent, envelope, id));
    const email = { ...(await parse(added)), ...sent };
    const size = added.length + received.length;
    // No two mails have the same time, so that their order is the same after a restart.
    this.newest = Math.max(Date.now(), this.newest + 1);
    const created = new Date(this.newest);
    const summary = summarize(email, { id, created, username: envelope.username, size });
    const record = JSON.stringify({ summary, text: (email.text ?? "").slice(0, searchableLength) });
    await writeFile(this.file(id, "eml"), [added, received], { mode: 0o600 });
    const temporary = this.temporaryFile();
    await writeFile(temporary, record, { mode: 0o600 });
    await rename(temporary, this.file(id, "json"));
    // A copy: the engine keeps the whole of a text in memory as long as there is a slice of it.
    this.keep(JSON.parse(record) as Entry);
    await this.makeRoom();
    return summary;
  }

  private async makeRoom(): Promise<void> {
    const { maxMessages, maxBytes } = this.options;
    const oldest = this.entries.keys();
    while (this.entries.size > maxMessages || (this.bytes > maxBytes && this.entries.size > 1)) {
      await this.remove([oldest.next().value!]);
    }
  }

  private async remove(ids: string[]): Promise<void> {
    for (const id of ids) {
      const entry = this.entries.get(id);
      if (!entry) continue;
      this.entries.delete(id);
      this.bytes -= entry.summary.Size;
      this.deleted++;
      // The record first: a text without one is cleared away at the next start.
      await rm(this.file(id, "json"), { force: true });
      await rm(this.file(id, "eml"), { force: true });
    }
  }

  private async read(id: string): Promise<Buffer | undefined> {
    return this.entries.has(id) ? readFile(this.file(id, "eml")) : undefined;
  }

  private keep(entry: Entry): void {
    this.entries.set(entry.summary.ID, entry);
    this.bytes += entry.summary.Size;
    this.newest = Math.max(this.newest, Date.parse(entry.summary.Created));
  }

  private load(name: string): Entry[] {
    const id = name.replace(/\.json$/, "");
    if (!idPattern.test(id) || !existsSync(this.file(id, "eml"))) return [];
    try {
      const entry = JSON.parse(readFileSync(join(this.options.directory, name), "utf8")) as Entry;
      return entry.summary.ID === id && typeof entry.text === "string" ? [entry] : [];
    } catch {
      return [];
    }
  }

  private file(id: string, extension: "eml" | "json"): string {
    return join(this.options.directory, `${id}.${extension}`);
  }
}
