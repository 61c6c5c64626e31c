import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Lab } from "./lab";

const cli = join(__dirname, "..", "..", "lab", "cli.ts");

/** What a port of a pod answers through `kubectl port-forward`, which is ended by Ctrl-C as a user would. */
export async function forwarded(lab: Lab, workload: string, port: number): Promise<string> {
  const command = ["kubectl", "port-forward", workload, `:${port}`];
  const child = spawn(
    process.execPath,
    ["--require", "./scripts/typescript.cjs", cli, "--state-dir", lab.directory, ...command],
    {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = once(child, "close");
  try {
    const local = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("No line of port-forward within 30 s.")), 30_000);
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        const found = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
        if (!found) return;
        clearTimeout(late);
        resolve(found);
      });
    });
    return await (await fetch(`http://127.0.0.1:${local}/`)).text();
  } finally {
    process.kill(-child.pid!, "SIGINT");
    await ended;
  }
}
