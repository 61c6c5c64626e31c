/** What the stack has told people: mails, messages to Slack, and pings of the dead man's switch. */
import assert from "node:assert/strict";
import { lab } from "./lab";

export interface Mail {
  ID: string;
  Subject: string;
  To: { Address: string }[];
  From: { Address: string };
  Text: string;
  HTML: string;
  /** When it was received, RFC 3339. */
  Created: string;
}

export interface Received<T> {
  number: number;
  time: string;
  valid: boolean;
  reason?: string;
  status: number;
  body: T;
}

export interface SlackMessage {
  channel: string;
  attachments: { title: string; title_link: string; text: string; color: string }[];
}

export interface Ping {
  status: string;
  receiver: string;
  alerts: { labels: Record<string, string>; status: string }[];
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  assert.equal(response.status, 200, url);
  return (await response.json()) as T;
}

/** Sends new settings to a program of test/live/services. */
export async function control(service: string, settings: object): Promise<void> {
  const response = await fetch(`${lab().url(service)}/control`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(settings),
    signal: AbortSignal.timeout(5000),
  });
  assert.equal(response.status, 200, await response.text());
}

/** The mails whose subject has this text, oldest first. */
export async function mails(text: string, service = "mailpit"): Promise<Mail[]> {
  const base = `${lab().url(service)}/api/v1`;
  const { messages } = await get<{ messages: Mail[] }>(`${base}/messages?limit=500`);
  const wanted = messages.filter(({ Subject }) => Subject.includes(text)).reverse();
  return Promise.all(
    wanted.map(async ({ ID, Created }) => ({ ...(await get<Mail>(`${base}/message/${ID}`)), Created })),
  );
}

/** The messages to Slack whose title has this text, oldest first. */
export async function slackMessages(text: string): Promise<Received<SlackMessage>[]> {
  const all = await get<Received<SlackMessage>[]>(`${lab().url("webhooks")}/received?kind=slack`);
  return all.filter(({ body }) => body.attachments?.some(({ title }) => title.includes(text)));
}

export async function pings(): Promise<Received<Ping>[]> {
  return get(`${lab().url("webhooks")}/received?kind=ping`);
}
