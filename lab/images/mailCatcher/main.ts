/** Stands in for mailpit where its image cannot be had: takes mail, delivers none, shows it over HTTP. */
import type { AddressInfo, Server } from "node:net";
import { createApiServer } from "./api";
import { Mailbox } from "./mailbox";
import { limits, readSettings, StartError, type Address } from "./settings";
import { createSmtpServer } from "./smtp";

/** How long connections may take to end. */
const stopMilliseconds = 3000;

function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
}

/** Listens, or says which setting is to blame. A machine without IPv6 listens on all its IPv4 addresses instead. */
function listen(server: Server, { host, port }: Address, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      if (host === "::" && (error.code === "EAFNOSUPPORT" || error.code === "EADDRNOTAVAIL")) {
        listen(server, { host: "0.0.0.0", port }, setting).then(resolve, reject);
      } else if (error.code === "EADDRINUSE") {
        reject(new StartError(`${setting}: port ${port} is taken by another program.`));
      } else {
        reject(new StartError(`${setting}: cannot listen on ${host} port ${port} (${error.code}).`));
      }
    };
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

function openMailbox(directory: string, maxMessages: number): Mailbox {
  try {
    return new Mailbox({ directory, maxMessages, maxBytes: limits.storage });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!code) throw error;
    throw new StartError(`MP_DATABASE: ${directory} cannot be written (${code}).`);
  }
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  for (const warning of settings.warnings) log(`warning: ${warning}`);
  const mailbox = openMailbox(settings.directory, settings.maxMessages);
  const counters = { accepted: 0, acceptedBytes: 0, rejected: 0 };
  let ready = false;
  const smtp = createSmtpServer({ settings, mailbox, counters, log });
  const http = createApiServer({ mailbox, counters, directory: settings.directory, ready: () => ready });
  // It repeats what its sockets say. A connection that breaks off is its client's matter.
  smtp.on("error", (error) => ready && log(`connection: ${error.message}`));
  await listen(smtp.server, settings.smtp, "MP_SMTP_BIND_ADDR");
  await listen(http, settings.http, "MP_UI_BIND_ADDR");
  ready = true;
  const [mailPort, pagePort] = [smtp.server, http].map((server) => (server.address() as AddressInfo).port);
  log(
    `stand-in of the lab for mailpit: mail on port ${mailPort}, pages on port ${pagePort}, ${mailbox.size.messages} mails kept`,
  );

  const stop = (signal: NodeJS.Signals) => {
    if (!ready) return;
    ready = false;
    log(`${signal}: stopping`);
    const late = setTimeout(() => process.exit(1), stopMilliseconds + 1000);
    const closed = Promise.all([
      new Promise<void>((resolve) => smtp.close(resolve)),
      new Promise<void>((resolve) => http.close(() => resolve())),
    ]);
    setTimeout(() => http.closeAllConnections(), stopMilliseconds).unref();
    http.closeIdleConnections();
    void closed
      .then(() => mailbox.settled())
      .then(() => {
        clearTimeout(late);
        process.exit(0);
      });
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
});
