import assert from "node:assert/strict";
import { MailCatcher, mailCatcherSmarthost, mailpitEnvironment } from "../../components/mailCatcher";
import { runProgram } from "../support/mocks";
import { assertHardened, only, pods } from "../support/workloads";

describe("the mail catcher", () => {
  it("takes mail from Alertmanager alone and talks to nobody", async () => {
    const { resources } = await runProgram(
      () => void new MailCatcher("mailpit", { namespace: "monitoring" }),
    );
    const { spec } = only(resources, "NetworkPolicy").inputs;
    assert.deepEqual(spec.ingress, [
      {
        from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "alertmanager" } } }],
        ports: [{ protocol: "TCP", port: 1025 }],
      },
    ]);
    assert.deepEqual(spec.egress, []);
    assertHardened(pods(resources));
  });

  it("writes only where a volume is", async () => {
    const { resources } = await runProgram(
      () => void new MailCatcher("mailpit", { namespace: "monitoring" }),
    );
    const mounts =
      pods(resources)[0]?.spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
    const database = String(mailpitEnvironment({ maxMessages: 1 }).MP_DATABASE);
    assert.ok(mounts.some((path) => database.startsWith(`${path}/`)));
  });

  it("shows its pages to named readers", async () => {
    const { resources } = await runProgram(
      () =>
        void new MailCatcher("mailpit", {
          namespace: "monitoring",
          senders: [],
          readers: [{ app: "ingress" }],
        }),
    );
    const { ingress } = only(resources, "NetworkPolicy").inputs.spec;
    assert.deepEqual(
      ingress.map((rule: { ports: { port: number }[] }) => rule.ports[0]?.port),
      [8025],
    );
  });

  it("keeps as many mails as asked for", () => {
    assert.equal(mailpitEnvironment({ maxMessages: 42 }).MP_MAX_MESSAGES, "42");
  });

  it("is a smarthost on its SMTP port", () => {
    assert.equal(
      mailCatcherSmarthost({ name: "mailpit", namespace: "monitoring" }),
      "mailpit.monitoring.svc:1025",
    );
  });
});
