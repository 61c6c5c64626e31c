import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Attachment, Message } from "../../lab/images/mailCatcher/message";
import { MailCatchers, alert, list, send, subjects } from "./mailCatchers";
import type { StandIn } from "./standIn";

describe("the mail catcher's stand-in", function () {
  this.timeout(30_000);
  const catchers = new MailCatchers().useHooks();

  describe("lists and shows", () => {
    it("what it was sent, in mailpit's shapes", async () => {
      const standIn = await catchers.start();
      await send(standIn);
      const { messages, ...counts } = await list(standIn);
      assert.deepEqual(counts, {
        total: 1,
        unread: 1,
        count: 1,
        messages_count: 1,
        messages_unread: 1,
        start: 0,
        tags: [],
      });
      const { ID, MessageID, Created, Size, ...rest } = messages[0]!;
      assert.match(MessageID, /@bilten\.example$/);
      assert.ok(Math.abs(Date.parse(Created) - Date.now()) < 60_000);
      assert.ok(Size > 400);
      assert.deepEqual(rest, {
        Read: false,
        From: { Name: "Alertmanager", Address: "alertmanager@bilten.example" },
        To: [
          { Name: "Team Bilten", Address: "team@bilten.example" },
          { Name: "", Address: "second@bilten.example" },
        ],
        Cc: [],
        Bcc: [],
        ReplyTo: [],
        Subject: alert.subject,
        Username: "",
        Tags: [],
        Attachments: 0,
        Snippet: "High error rate Runbook: https://runbooks.example/HighErrorRate",
      });

      const message = await standIn.json<Message>(`/api/v1/message/${ID}`);
      assert.equal(message.Text.trim(), String(alert.text).trim());
      assert.equal(message.HTML.trim(), alert.html);
      assert.equal(message.ReturnPath, "alertmanager@bilten.example");
      assert.deepEqual(message.To, messages[0]?.To);
      assert.equal((await list(standIn)).unread, 0, "who reads it has read it");
      assert.equal((await standIn.json<Message>("/api/v1/message/latest")).ID, ID);
    });

    it("the headers and the source", async () => {
      const standIn = await catchers.start();
      await send(standIn, { ...alert, headers: { "X-Twice": ["a", "b"], "x-lower": "c" } });
      const headers = await standIn.json<Record<string, string[]>>("/api/v1/message/latest/headers");
      assert.deepEqual(headers["X-Twice"], ["a", "b"]);
      assert.deepEqual(headers["X-Lower"], ["c"]);
      assert.deepEqual(headers["Return-Path"], ["<alertmanager@bilten.example>"]);
      const names = Object.keys(headers);
      assert.deepEqual(names, [...names].sort());
      const raw = await (await fetch(standIn.url("/api/v1/message/latest/raw"))).text();
      assert.match(raw, /^Return-Path: <alertmanager@bilten\.example>\r\n/);
      assert.ok(raw.includes("X-Twice: a\r\n"));
    });

    it("recipients whom the headers do not name as Bcc", async () => {
      const standIn = await catchers.start();
      await send(standIn, { ...alert, bcc: "hidden@bilten.example" });
      const { messages } = await list(standIn);
      assert.deepEqual(messages[0]?.Bcc, [{ Name: "", Address: "hidden@bilten.example" }]);
      assert.equal(messages[0]?.To.length, 2);
    });

    it("attachments by name, kind and sum", async () => {
      const standIn = await catchers.start();
      await send(standIn, { ...alert, attachments: [{ filename: "a.csv", content: "1,2\n" }] });
      const { Attachments } = await standIn.json<{ Attachments: Attachment[] }>("/api/v1/message/latest");
      assert.deepEqual(Attachments, [
        {
          PartID: "1",
          FileName: "a.csv",
          ContentType: "text/csv",
          ContentID: "",
          Size: 4,
          Checksums: {
            MD5: "3ecfad755fa825f7a17c5526ec44e651",
            SHA1: "13ab9f4291943d24149ff0a6b80050ce822cf627",
            SHA256: "52186c933993da4082b3cdc7c40bb4bf735b391ff54a2ef78c037dda6c38a680",
          },
        },
      ]);
      assert.equal((await list(standIn)).messages[0]?.Attachments, 1);
    });

    it("the newest first, a page at a time", async () => {
      const standIn = await catchers.start();
      for (const subject of ["one", "two", "three", "four"]) await send(standIn, { ...alert, subject });
      const page = await list(standIn, "?start=1&limit=2");
      assert.deepEqual(
        page.messages.map(({ Subject }) => Subject),
        ["three", "two"],
      );
      assert.equal(page.total, 4);
      assert.equal(page.count, 2);
      assert.equal((await list(standIn, "?limit=nonsense&start=-1")).count, 4);
    });

    it("nothing that is not there", async () => {
      const standIn = await catchers.start();
      for (const path of [
        "/api/v1/message/latest",
        "/api/v1/message/..%2f..%2fetc%2fpasswd/raw",
        "/view/none",
        "/api/v1/message/none/headers",
        "/none",
        "/api/v1/tags",
      ]) {
        assert.equal((await fetch(standIn.url(path))).status, 404, path);
      }
      assert.equal((await fetch(standIn.url("/api/v1/messages"), { method: "POST" })).status, 405);
    });
  });

  describe("finds", () => {
    it("by subject, sender, recipient and words, with negation", async () => {
      const standIn = await catchers.start();
      await send(standIn, { ...alert, subject: "[FIRING] A", to: "first@bilten.example" });
      await send(standIn, { ...alert, subject: "[RESOLVED] A", text: "unique words here" });
      assert.deepEqual(await subjects(standIn, "subject:firing"), ["[FIRING] A"]);
      assert.deepEqual(await subjects(standIn, 'subject:"[RESOLVED] A"'), ["[RESOLVED] A"]);
      assert.deepEqual(await subjects(standIn, "to:first@"), ["[FIRING] A"]);
      assert.deepEqual(await subjects(standIn, "from:alertmanager"), ["[RESOLVED] A", "[FIRING] A"]);
      assert.deepEqual(await subjects(standIn, "from:somebody"), []);
      assert.deepEqual(await subjects(standIn, '"unique words"'), ["[RESOLVED] A"]);
      assert.deepEqual(await subjects(standIn, "from:alertmanager -subject:resolved"), ["[FIRING] A"]);
      assert.deepEqual(await subjects(standIn, "is:read"), []);
    });

    it("nothing silently wrong: no query and unknown filters are refused", async () => {
      const standIn = await catchers.start();
      for (const query of ["", "tag:x", "before:2030-01-01", "is:tagged"]) {
        const response = await fetch(standIn.url(`/api/v1/search?query=${query}`));
        assert.equal(response.status, 400, query);
        assert.match(await response.text(), /^Error: /);
      }
    });
  });

  describe("deletes", () => {
    const remove = (standIn: StandIn, path: string, body?: string) =>
      fetch(standIn.url(path), { method: "DELETE", body });

    it("chosen mails, found mails, all mails", async () => {
      const folder = catchers.bundle.folder();
      const standIn = await catchers.start({}, folder);
      for (const subject of ["one", "two", "three", "four"]) await send(standIn, { ...alert, subject });
      const { messages } = await list(standIn);
      const answer = await remove(standIn, "/api/v1/messages", JSON.stringify({ IDs: [messages[0]!.ID] }));
      assert.equal(await answer.text(), "ok");
      assert.deepEqual(await subjects(standIn, "from:alertmanager"), ["three", "two", "one"]);
      await remove(standIn, "/api/v1/search?query=subject:two");
      assert.deepEqual(await subjects(standIn, "from:alertmanager"), ["three", "one"]);
      await remove(standIn, "/api/v1/messages");
      assert.equal((await list(standIn)).total, 0);
      assert.deepEqual(readdirSync(join(folder, "messages")), []);
    });

    it("the oldest beyond MP_MAX_MESSAGES, with their files", async () => {
      const folder = catchers.bundle.folder();
      const standIn = await catchers.start({ MP_MAX_MESSAGES: "2" }, folder);
      for (const subject of ["one", "two", "three"]) await send(standIn, { ...alert, subject });
      assert.deepEqual(
        (await list(standIn)).messages.map(({ Subject }) => Subject),
        ["three", "two"],
      );
      assert.equal(readdirSync(join(folder, "messages")).length, 4);
    });
  });
});
