/** mailpit's search, its simple part: https://mailpit.axllent.org/docs/usage/search-filters/ */
import type { Entry } from "./mailbox";
import type { Mailbox } from "./message";

/** An error of whoever searches. */
export class SearchError extends Error {
  override name = "SearchError";
}

const text = (boxes: Mailbox[]) => boxes.map(({ Name, Address }) => `${Name} ${Address}`).join(" ");

const fields: Record<string, (entry: Entry) => string> = {
  subject: ({ summary }) => summary.Subject,
  from: ({ summary }) => text([summary.From]),
  to: ({ summary }) => text(summary.To),
  cc: ({ summary }) => text(summary.Cc),
  bcc: ({ summary }) => text(summary.Bcc),
  "reply-to": ({ summary }) => text(summary.ReplyTo),
  addressed: ({ summary: { From, To, Cc, Bcc, ReplyTo } }) => text([From, ...To, ...Cc, ...Bcc, ...ReplyTo]),
  "message-id": ({ summary }) => summary.MessageID,
};
/** Filters of mailpit that the stand-in would otherwise take for words. */
const unsupported = ["tag", "has", "before", "after", "larger", "smaller"];

/**
 * Whether a mail fits all terms of a query: words and "quoted phrases" that the subject, an address or the beginning
 * of the text contains, `subject:`, `from:`, `to:`, `cc:`, `bcc:`, `reply-to:`, `addressed:`, `message-id:`,
 * `is:read`, `is:unread`; a leading `-` or `!` negates. Case does not matter.
 * @throws SearchError when the query is empty, or names a filter that the stand-in does not have
 */
export function searchFilter(query: string): (entry: Entry) => boolean {
  const terms = query.match(/[-!]?(?:[a-z-]+:)?"[^"]*"|\S+/gi) ?? [];
  if (terms.length === 0) throw new SearchError("Error: no search query");
  const tests = terms.map(termFilter);
  return (entry) => tests.every((fits) => fits(entry));
}

function termFilter(term: string): (entry: Entry) => boolean {
  const negated = /^[-!]./.test(term);
  const positive = (negated ? term.slice(1) : term).replaceAll('"', "").toLowerCase();
  const [, field = "", value = ""] = /^([a-z-]+):(.+)$/s.exec(positive) ?? [];
  if (unsupported.includes(field) || (field === "is" && value !== "read" && value !== "unread")) {
    throw new SearchError(`Error: the lab's stand-in for mailpit cannot search for ${field}:`);
  }
  const fits = testOf(field, value, positive);
  return (entry) => fits(entry) !== negated;
}

function testOf(field: string, value: string, whole: string): (entry: Entry) => boolean {
  if (field === "is") return ({ summary }) => summary.Read === (value === "read");
  const valueOf = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (valueOf) return (entry) => valueOf(entry).toLowerCase().includes(value);
  return (entry) =>
    [fields.subject!(entry), fields.addressed!(entry), entry.text].some((part) =>
      part.toLowerCase().includes(whole),
    );
}
