import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { createTransport } from "nodemailer";
import { ensurePki } from "../../lab/controlplane/certificates";
import { MailCatchers, alert, converse, list, rejects, send } from "./mailCatchers";

describe("the mail catcher's stand-in", function () {
  this.timeout(30_000);
  const catchers = new MailCatchers().useHooks();

  describe("refuses", () => {
    it("mails above MP_MAX_MESSAGE_SIZE, also when their size was not said before", async () => {
      const folder = catchers.bundle.folder();
      const standIn = await catchers.start({ MP_MAX_MESSAGE_SIZE: "1" }, folder);
      await rejects(send(standIn, { ...alert, text: "x\n".repeat(600 * 1024) }), 552);
      const dialogue = await converse(standIn.smtpPort, [
        "EHLO test\r\n",
        "MAIL FROM:<a@b.example>\r\n",
        "RCPT TO:<c@d.example>\r\n",
        "DATA\r\n",
        `Subject: large\r\n\r\n${"x\r\n".repeat(600 * 1024)}.\r\n`,
        "QUIT\r\n",
      ]);
      assert.match(dialogue, /^552 /m);
      assert.equal((await list(standIn)).total, 0);
      assert.deepEqual(readdirSync(join(folder, "messages")), []);
      await send(standIn);
      assert.equal((await list(standIn)).total, 1, "it still takes others");
    });

    it("headers that would fill the memory", async () => {
      const standIn = await catchers.start();
      await rejects(send(standIn, { ...alert, headers: { "X-Large": "x ".repeat(200_000) } }), 554);
      assert.equal((await list(standIn)).total, 0);
    });

    it("more recipients than MP_SMTP_MAX_RECIPIENTS", async () => {
      const standIn = await catchers.start({ MP_SMTP_MAX_RECIPIENTS: "1" });
      const dialogue = await converse(standIn.smtpPort, [
        "EHLO test\r\n",
        "MAIL FROM:<a@b.example>\r\n",
        "RCPT TO:<c@d.example>\r\n",
        "RCPT TO:<e@f.example>\r\n",
        "QUIT\r\n",
      ]);
      assert.match(dialogue, /^452 /m);
    });

    for (const [kind, stored] of [
      ["plain", "right:horse"],
      ["bcrypt", hashSync("right:horse", 4)],
      ["SHA-1", "{SHA}XLUkaJJxPUYhicftKwFabC1L/bI="],
    ] as const) {
      it(`a wrong password, kept ${kind}, and no password, and takes the right one`, async () => {
        const env = { MP_SMTP_AUTH: `other:x alert:${stored}`, MP_SMTP_AUTH_ALLOW_INSECURE: "true" };
        const standIn = await catchers.start(env);
        for (const method of ["PLAIN", "LOGIN"]) {
          await rejects(send(standIn, alert, { user: "alert", pass: "wrong", method }), 535);
          await rejects(send(standIn, alert, { user: "nobody", pass: "right:horse", method }), 535);
        }
        await rejects(send(standIn), 530);
        assert.equal((await list(standIn)).total, 0);
        for (const method of ["PLAIN", "LOGIN"]) {
          await send(standIn, alert, { user: "alert", pass: "right:horse", method });
        }
        assert.deepEqual(
          (await list(standIn)).messages.map(({ Username }) => Username),
          ["alert", "alert"],
        );
        assert.ok(!standIn.output.includes("right"), "no password in the log");
      });
    }

    it("no login without TLS by senders that refuse PLAIN: LOGIN comes first", async () => {
      const standIn = await catchers.start({ MP_SMTP_AUTH: "a:b", MP_SMTP_AUTH_ALLOW_INSECURE: "true" });
      const dialogue = await converse(standIn.smtpPort, ["EHLO test\r\n", "QUIT\r\n"]);
      assert.match(dialogue, /^250[- ]AUTH LOGIN PLAIN\r$/m);
    });

    it("a login before STARTTLS, and takes it after", async () => {
      const { pki } = await ensurePki(catchers.bundle.folder());
      const { caFile, certFile, keyFile } = pki.credentials("serving");
      const standIn = await catchers.start({
        MP_SMTP_AUTH: "alert:right",
        MP_SMTP_TLS_CERT: certFile,
        MP_SMTP_TLS_KEY: keyFile,
      });
      await rejects(send(standIn, alert, { user: "alert", pass: "right" }), 538);
      const transport = createTransport({
        host: "127.0.0.1",
        port: standIn.smtpPort,
        requireTLS: true,
        tls: { ca: readFileSync(caFile) },
        auth: { user: "alert", pass: "right" },
      });
      await transport.sendMail(alert);
      transport.close();
      assert.equal((await list(standIn)).messages[0]?.Username, "alert");
    });

    it("nobody when it asks for no password", async () => {
      const dialogue = await converse((await catchers.start()).smtpPort, ["EHLO test\r\n", "QUIT\r\n"]);
      assert.ok(!/AUTH|STARTTLS/.test(dialogue), dialogue);
      const any = await catchers.start({ MP_SMTP_AUTH_ACCEPT_ANY: "1", MP_SMTP_AUTH_ALLOW_INSECURE: "1" });
      await send(any, alert, { user: "any", pass: "any" });
      await send(any);
      assert.equal((await list(any)).total, 2);
    });
  });
});
