import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ToolModule } from "../../lab/tools/catalogue";

/** A machine as the tools see it: a PATH with nothing but fakes, and a cache of its own. */
export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "bilten-tools-"));
  readonly bin = join(this.folder, "bin");
  private readonly before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };

  constructor() {
    mkdirSync(this.bin);
    process.env.PATH = this.bin;
    process.env.XDG_CACHE_HOME = join(this.folder, "cache");
  }

  /** Where the tools are built to. */
  get tools(): string {
    return join(this.folder, "cache", "bilten-monitoring", "tools");
  }

  /** Gives the process its own PATH and cache back. */
  remove(): void {
    for (const [name, value] of Object.entries(this.before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Puts a shell script on PATH. */
  addProgram(name: string, script: string): string {
    const file = join(this.bin, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  /** Puts a program on PATH that tells its version, whatever it is asked. */
  addVersion(name: string, printed: string): string {
    return this.addProgram(name, `echo '${printed}'`);
  }

  /**
   * Puts a Go on PATH that writes down what it is asked to build and makes empty programs, as `go build -o` would.
   * @param build shell commands to run for a build, before it makes the programs
   */
  addGo(version = "go1.99.0", build = ""): void {
    this.addProgram(
      "go",
      `PATH=/usr/bin:/bin
if [ "$1" = env ]; then echo ${version}; exit; fi
echo "$@" >> '${this.log}'
${build}
out=
while [ $# -gt 0 ]; do
  case "$1" in
    -o) out=$2; shift ;;
    build | -*) ;;
    *) case "$out" in
         */) echo '#!/bin/sh' > "$out/\${1##*/}"; chmod +x "$out/\${1##*/}" ;;
         *) echo '#!/bin/sh' > "$out"; chmod +x "$out" ;;
       esac ;;
  esac
  shift
done`,
    );
  }

  private get log(): string {
    return join(this.folder, "builds.log");
  }

  /** The arguments of each \`go build\` so far. */
  builds(): string[] {
    try {
      return readFileSync(this.log, "utf8").trim().split("\n");
    } catch {
      return [];
    }
  }

  /** A folder with go.mod and go.sum. */
  addModule(goVersion = "1.25.0", sum = "a v1.0.0 h1:a=\n"): string {
    const folder = mkdtempSync(join(this.folder, "module-"));
    writeFileSync(join(folder, "go.mod"), `module tools\n\ngo ${goVersion}\n`);
    writeFileSync(join(folder, "go.sum"), sum);
    return folder;
  }
}

/** A module of two programs. */
export const twoPrograms: ToolModule = {
  directory: "prometheus",
  version: "3.14.0",
  packages: { promtool: "example.com/p/cmd/promtool", prometheus: "example.com/p/cmd/prometheus" },
  onPath: { versionArgs: ["--version"], from: "3.12", below: "4.0" },
};

/** A module whose package is not named after its program. */
export const rootProgram: ToolModule = {
  directory: "etcd",
  version: "3.6.16",
  packages: { etcd: "example.com/server/v3" },
  onPath: { versionArgs: ["--version"], from: "3.5", below: "4.0" },
};
