import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { mailpitEnvironment } from "../../components/mailCatcher";
import { Mailbox } from "../../lab/images/mailCatcher/mailbox";
import type { Message } from "../../lab/images/mailCatcher/message";
import { readSettings } from "../../lab/images/mailCatcher/settings";
import { MailCatchers, alert, list, mebibyte, send, subjects } from "./mailCatchers";
import type { StandIn } from "./standIn";

describe("the mail catcher's stand-in while it runs", function () {
  this.timeout(30_000);
  const catchers = new MailCatchers().useHooks();

  describe("keeps", () => {
    it("its mails in order over a restart, and clears away what was left unfinished", async () => {
      const folder = catchers.bundle.folder();
      const first = await catchers.start({}, folder);
      for (const subject of ["one", "two", "three"]) await send(first, { ...alert, subject });
      await first.stop();
      const left = ["half.tmp", `${"a".repeat(22)}.eml`, `${"b".repeat(22)}.json`];
      for (const name of left) writeFileSync(join(folder, "messages", name), "{");
      const second = await catchers.start({}, folder);
      assert.deepEqual(await subjects(second, "from:alertmanager"), ["three", "two", "one"]);
      assert.ok((await second.json<Message>("/api/v1/message/latest")).Text.startsWith("High error rate"));
      const files = readdirSync(join(folder, "messages"));
      assert.equal(files.length, 6);
      for (const name of left) assert.ok(!files.includes(name), name);
    });

    it("the order of mails that came in the same millisecond", async () => {
      const options = {
        directory: join(catchers.bundle.folder(), "messages"),
        maxMessages: 9,
        maxBytes: mebibyte,
      };
      const mailbox = new Mailbox(options);
      const { now } = Date;
      Date.now = () => 1_000_000;
      try {
        for (const number of [1, 2, 3, 4, 5, 6]) {
          const file = mailbox.temporaryFile();
          writeFileSync(file, `Subject: ${number}\r\n\r\ntext\r\n`);
          await mailbox.add(file, { from: "a@b.example", to: [], username: "" });
        }
      } finally {
        Date.now = now;
      }
      const order = ["6", "5", "4", "3", "2", "1"];
      for (const box of [mailbox, new Mailbox(options)]) {
        assert.deepEqual(
          box.list().map(({ summary }) => summary.Subject),
          order,
        );
      }
    });

    it("no mail's content in its log", async () => {
      const standIn = await catchers.start();
      await send(standIn);
      await standIn.until(/mail [0-9a-f]{22} from \S+: \d+ bytes, 2 recipients/);
      for (const secret of ["HighErrorRate", "team@bilten", "High error rate"]) {
        assert.ok(!standIn.output.includes(secret), secret);
      }
      assert.equal(standIn.output.trim().split("\n").length, 2);
    });

    it("its memory and its volume bounded with many large mails at once", async function () {
      if (process.platform !== "linux") this.skip();
      const standIn = await catchers.start();
      const line = `${"0123456789abcdef".repeat(4)}\n`;
      const text = line.repeat(Math.floor((1.9 * mebibyte) / line.length / 1.02));
      for (let round = 0; round < 4; round++) {
        await Promise.all(
          Array.from({ length: 10 }, () => send(standIn, { ...alert, html: undefined, text })),
        );
      }
      const { messages } = await list(standIn, "?limit=0");
      const kept = messages.reduce((sum, { Size }) => sum + Size, 0);
      assert.ok(kept <= 64 * mebibyte && kept > 60 * mebibyte, `${kept} bytes kept`);
      await Promise.all(messages.map(({ ID }) => standIn.json(`/api/v1/message/${ID}`)));
      const status = readFileSync(`/proc/${standIn.pid}/status`, "utf8");
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
      assert.ok(peak < 128, `${peak} MiB`);
    });
  });

  describe("shows pages that", () => {
    const evil = `<img src=x onerror="alert(1)"> & '"`;
    const page = async (standIn: StandIn, path: string) => {
      const response = await fetch(standIn.url(path));
      return {
        status: response.status,
        html: await response.text(),
        policy: response.headers.get("content-security-policy") ?? "",
      };
    };

    it("say what they are, link each mail, and let nothing of a mail be markup", async () => {
      const standIn = await catchers.start();
      await send(standIn, {
        from: { name: evil, address: "a@b.example" },
        to: "c@d.example",
        subject: evil,
        text: `</pre><script>alert(2)</script>${evil}`,
      });
      const { messages } = await list(standIn);
      for (const path of ["/", `/view/${messages[0]!.ID}`, `/?query=${encodeURIComponent(evil)}`]) {
        const { html, policy, status } = await page(standIn, path);
        assert.equal(status, 200);
        assert.match(html, /stand-in for mailpit/);
        assert.ok(!html.includes("<img") && !html.includes("<script"), html);
        assert.match(policy, /default-src 'none'/);
        assert.ok(!/script-src|unsafe/.test(policy));
      }
      const { html } = await page(standIn, "/");
      assert.ok(html.includes(`<a href="/view/${messages[0]!.ID}">&#60;img`), html);
    });

    it("show the HTML of a mail only where it can do nothing", async () => {
      const standIn = await catchers.start();
      await send(standIn);
      const { ID } = (await list(standIn)).messages[0]!;
      const { html } = await page(standIn, `/view/${ID}`);
      assert.match(html, new RegExp(`<iframe sandbox="[^"]*" src="/view/${ID}.html"`));
      assert.ok(!/allow-(scripts|same-origin)/.test(html));
      const framed = await page(standIn, `/view/${ID}.html`);
      assert.match(framed.policy, /^sandbox [^;]*; default-src 'none'/);
      assert.ok(!/allow-(scripts|same-origin)|script-src/.test(framed.policy));
      assert.match(framed.html, /<h2>High error rate<\/h2>/);
      const text = await fetch(standIn.url("/view/latest.txt"));
      assert.match(await text.text(), /Runbook: https/);
    });
  });

  describe("starts and ends", () => {
    it("ready once it listens, and at once when it is told to end", async () => {
      const standIn = await catchers.start();
      for (const path of ["/livez", "/readyz"]) assert.equal((await fetch(standIn.url(path))).status, 200);
      const info = await standIn.json<{ Version: string; Messages: number }>("/api/v1/info");
      assert.match(info.Version, /stand-in/);
      assert.equal(info.Messages, 0);
      const since = Date.now();
      standIn.kill("SIGTERM");
      assert.equal(await standIn.ended, 0);
      assert.ok(Date.now() - since < 3000, `${Date.now() - since} ms`);
    });

    it("although a sender does not hang up", async () => {
      const standIn = await catchers.start();
      const socket = connect(standIn.smtpPort, "127.0.0.1");
      await new Promise((resolve) => socket.once("data", resolve));
      socket.on("error", () => undefined);
      standIn.kill("SIGTERM");
      assert.equal(await standIn.ended, 0);
    });

    const failures: [string, () => Record<string, string>, RegExp][] = [
      ["a bad address", () => ({ MP_SMTP_BIND_ADDR: "nonsense" }), /^MP_SMTP_BIND_ADDR: "nonsense"/],
      ["a bad number", () => ({ MP_MAX_MESSAGES: "many" }), /^MP_MAX_MESSAGES: "many"/],
      ["passwords without TLS", () => ({ MP_SMTP_AUTH: "a:b" }), /^MP_SMTP_AUTH needs TLS .*ALLOW_INSECURE/],
      [
        "a hash that it cannot check",
        () => ({ MP_SMTP_AUTH: "a:$apr1$x$y", MP_SMTP_AUTH_ALLOW_INSECURE: "1" }),
        /^MP_SMTP_AUTH: the hash of entry 1 is of an unknown kind/,
      ],
      ["a missing file", () => ({ MP_SMTP_AUTH_FILE: "/none" }), /^MP_SMTP_AUTH_FILE: \/none .*ENOENT/],
      [
        "a setting that would protect it",
        () => ({ MP_UI_AUTH: "a:secret" }),
        /cannot do what MP_UI_AUTH asks/,
      ],
      [
        "a folder that it cannot make",
        () => ({ MP_DATABASE: "/none/x.db" }),
        /^MP_DATABASE: \/none\/messages .*ENOENT/,
      ],
    ];
    for (const [reason, env, message] of failures) {
      it(`with one line that names the setting for ${reason}`, async () => {
        const standIn = catchers.launch(env());
        assert.equal(await standIn.ended, 1);
        assert.equal(standIn.output.trim().split("\n").length, 1, standIn.output);
        assert.match(standIn.output, message);
        assert.ok(!standIn.output.includes("secret"));
      });
    }

    for (const setting of ["MP_SMTP_BIND_ADDR", "MP_UI_BIND_ADDR"]) {
      it(`with the setting's name when the port of ${setting} is taken`, async () => {
        const { httpPort } = await catchers.start();
        const second = catchers.launch({ [setting]: `[::]:${httpPort}` });
        assert.equal(await second.ended, 1);
        assert.match(second.output, new RegExp(`${setting}: port ${httpPort} is taken`));
      });
    }

    it("with all settings that the component gives it", () => {
      const settings = readSettings(mailpitEnvironment({ maxMessages: 321 }));
      assert.deepEqual(settings.warnings, []);
      assert.equal(settings.maxMessages, 321);
      assert.deepEqual(settings.smtp, { host: "::", port: 1025 });
      assert.deepEqual(settings.http, { host: "::", port: 8025 });
      assert.equal(settings.directory, "/data/messages");
    });
  });
});
