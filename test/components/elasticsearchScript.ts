/** Elasticsearch's scripts, run as the container does, in a folder of their own with stand-ins for its programs. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scripts = join(__dirname, "../../components/elasticsearch/scripts");

export interface Ended {
  code: number;
  /** What it wrote to both of its outputs. */
  output: string;
}

/** Runs a script to its end with this environment alone. */
export function run(script: string, environment: Record<string, string>): Promise<Ended> {
  const env = { PATH: process.env["PATH"] ?? "", ...environment };
  return new Promise((resolve) => {
    execFile("bash", [join(scripts, script)], { env, timeout: 15_000 }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? 1) : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}

/** A folder for one test, with the directories `data` and `state`. */
export class Folder {
  private readonly path = mkdtempSync(join(tmpdir(), "elasticsearch-scripts-"));

  constructor() {
    this.directory("data");
    this.directory("state");
  }

  file(name: string): string {
    return join(this.path, name);
  }

  directory(name: string): void {
    mkdirSync(this.file(name), { recursive: true });
  }

  read(name: string): string {
    return readFileSync(this.file(name), "utf8");
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  /** Makes a program of bash and returns its path. */
  program(name: string, text: string): string {
    writeFileSync(this.file(name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    return this.file(name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
