/** What a browser shows: a list of the mails, and each mail. */
import { createHash } from "node:crypto";
import type { Entry } from "./mailbox";
import type { Mailbox, Message } from "./message";

/** A page with the Content-Security-Policy that it needs. */
export interface Page {
  html: string;
  policy: string;
}

const maxListed = 500;
const style = `
body { font: 15px system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem; padding: 0 1rem; }
.note { background: #fff3cd; border: 1px solid #e0c36a; padding: .5rem .8rem; }
table { border-collapse: collapse; width: 100%; }
td, th { border-bottom: 1px solid #ddd; padding: .4rem .6rem; text-align: left; vertical-align: top; }
.unread td { font-weight: bold; }
.snippet { color: #555; font-weight: normal; }
iframe { border: 1px solid #bbb; height: 32rem; width: 100%; }
pre { background: #f6f6f6; overflow-wrap: anywhere; padding: .8rem; white-space: pre-wrap; }
`;
const styleHash = createHash("sha256").update(style).digest("base64");
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
/** No scripts and no requests; links open a tab of their own, out of the frame. */
const mailPolicy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'";
const note =
  "This is the lab's stand-in for mailpit, whose image is not at hand here. It shows the mails that were sent to it, and delivers none.";

/** The mails, newest first, with a field for a search. */
export function listPage(entries: Entry[], query: string): Page {
  const rows = entries.slice(0, maxListed).map(({ summary }) => {
    const { ID, Read, Created, From, To, Subject, Snippet } = summary;
    const cells = [
      escape(Created.replace("T", " ").replace(/\.\d+Z$/, " UTC")),
      escape(nameOf(From)),
      escape(To.map(nameOf).join(", ")),
      `<a href="/view/${escape(ID)}">${escape(Subject || "(no subject)")}</a><div class="snippet">${escape(Snippet)}</div>`,
    ];
    return `<tr${Read ? "" : ' class="unread"'}>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const left = entries.length - rows.length;
  return frame(
    "Mails",
    `<form action="/"><input type="search" name="query" aria-label="Search" value="${escape(query)}"> <button>Search</button></form>
<p>${entries.length} ${entries.length === 1 ? "mail" : "mails"}${left > 0 ? `, of which the ${left} oldest are not listed` : ""}. <a href="/">Reload</a></p>
<table><tr><th>Received</th><th>From</th><th>To</th><th>Subject</th></tr>
${rows.join("\n")}
</table>`,
  );
}

/** A mail with its text, its HTML in a frame in which nothing runs, and ways to its headers and source. */
export function messagePage(message: Message): Page {
  const { ID, Subject, From, To, Cc, Bcc, Date: date, Text, HTML, Attachments } = message;
  const id = escape(ID);
  const row = (name: string, value: string) =>
    value ? `<tr><th>${name}</th><td>${escape(value)}</td></tr>` : "";
  const list = (boxes: Mailbox[]) => boxes.map(nameOf).join(", ");
  return frame(
    Subject || "(no subject)",
    `<p><a href="/">All mails</a> · <a href="/api/v1/message/${id}/headers">Headers</a> · <a href="/api/v1/message/${id}/raw">Source</a></p>
<table>${row("From", nameOf(From))}${row("To", list(To))}${row("Cc", list(Cc))}${row("Bcc", list(Bcc))}${row("Date", date)}${row(
      "Attachments",
      Attachments.map(({ FileName, Size }) => `${FileName || "unnamed"} (${Size} bytes)`).join(", "),
    )}</table>
${HTML ? `<h2>HTML</h2><iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/view/${id}.html" title="The mail as HTML"></iframe>` : ""}
${Text ? `<h2>Text</h2><pre>${escape(Text)}</pre>` : ""}`,
  );
}

/** The HTML of a mail for the frame. It is not made harmless, but shown where it can do nothing. */
export function htmlFrame(html: string): Page {
  const target = '<base target="_blank">';
  const head = /<head[^>]*>/i.exec(html) ?? /<html[^>]*>/i.exec(html);
  if (!head) return { html: `${target}${html}`, policy: mailPolicy };
  const end = head.index + head[0].length;
  return { html: `${html.slice(0, end)}${target}${html.slice(end)}`, policy: mailPolicy };
}

function frame(title: string, body: string): Page {
  const html = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title><style>${style}</style></head>
<body><p class="note">${escape(note)}</p><h1>${escape(title)}</h1>
${body}
</body></html>
`;
  return { html, policy };
}

function nameOf({ Name, Address }: Mailbox): string {
  return Name && Name !== Address ? `${Name} <${Address}>` : Address;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
