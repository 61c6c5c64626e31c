/** Runs the set-up script as its Job does: from files, with nothing but its settings around it. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { scriptFile, setupFiles, type SetupStep } from "../../components/elasticsearchSetup/steps";

export interface ScriptOptions {
  url: string;
  steps: SetupStep[];
  /** By user. */
  passwords: Record<string, string>;
  /** PEM of the authority that the script is to trust. */
  ca?: string;
  /** Over its settings: SETUP_WAIT_SECONDS and the like. */
  env?: Record<string, string>;
  /** Folders with programs that go before those of PATH. */
  programs?: string[];
}

export interface ScriptRun {
  code: number | null;
  /** What it printed, on both outputs. */
  output: string;
}

/** Runs it to its end, within 60 s. */
export async function runSetupScript(options: ScriptOptions): Promise<ScriptRun> {
  const folder = mkdtempSync(join(tmpdir(), "bilten-setup-"));
  const write = (name: string, files: Record<string, string>) => {
    mkdirSync(join(folder, name));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, name, file), content);
    return join(folder, name);
  };
  const steps = write("steps", setupFiles(options.steps));
  const passwords = write("passwords", options.passwords);
  const ca = options.ca ? join(write("ca", { "ca.crt": options.ca }), "ca.crt") : undefined;
  const child = spawn("bash", [join(steps, scriptFile)], {
    cwd: folder,
    env: {
      PATH: [...(options.programs ?? []), process.env.PATH].join(delimiter),
      SETUP_URL: options.url,
      SETUP_USER: "elastic",
      SETUP_READY_PATH: "/_cluster/health",
      SETUP_STEPS: steps,
      SETUP_PASSWORDS: passwords,
      ...(ca && { SETUP_CA: ca }),
      SETUP_WAIT_SECONDS: "20",
      SETUP_RETRY_SECONDS: "5",
      SETUP_REFUSAL_SECONDS: "2",
      SETUP_PAUSE_SECONDS: "0.1",
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { code, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
