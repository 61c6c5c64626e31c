/** Programs from the distribution's packages, unpacked into a folder instead of installed. Debian and Ubuntu. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { LabError, type Log } from "../../state";
import { cacheDirectory, withLock } from "../../tools/cache";

const run = promisify(execFile);
const updateSeconds = 120;
const downloadSeconds = 300;

/** Whether this machine's packages can be had in this way. */
export function hasApt(): boolean {
  return ["/usr/bin/apt-get", "/usr/bin/dpkg-deb"].every((path) => existsSync(path));
}

/**
 * A folder that holds packages and what they need beyond what is installed, unpacked. apt verifies them by the keys of
 * the machine; its lists and archives lie in the cache, and the machine's own are not touched.
 * @throws LabError when apt fails
 */
export async function unpackedPackages(names: string[], log: Log, signal?: AbortSignal): Promise<string> {
  const parent = join(cacheDirectory(), "packages");
  const key = createHash("sha256")
    .update(JSON.stringify([process.arch, release(), [...names].sort()]))
    .digest("hex")
    .slice(0, 12);
  const target = join(parent, key);
  return withLock(
    `packages-${key}`,
    (holder) => log(`Waiting for process ${holder}, which unpacks the same packages ...`),
    async () => {
      if (existsSync(target)) return target;
      const begin = Date.now();
      log(`Unpacking ${names.join(", ")} from the distribution's packages ...`);
      const work = join(parent, `.${key}`);
      rmSync(work, { recursive: true, force: true });
      for (const folder of ["lists/partial", "cache/archives/partial", "root"])
        mkdirSync(join(work, folder), { recursive: true });
      try {
        await download(work, names, signal);
        const archives = join(work, "cache", "archives");
        for (const file of readdirSync(archives).filter((name) => name.endsWith(".deb")))
          await run("dpkg-deb", ["--extract", join(archives, file), join(work, "root")], { signal });
        addAlternatives(join(work, "root"));
        renameSync(join(work, "root"), target);
      } catch (error) {
        signal?.throwIfAborted();
        throw new LabError(
          [
            `The packages ${names.join(", ")} could not be had from the distribution:`,
            ...reason(error),
            `Install them (apt-get install ${names.join(" ")}), or start with simulated nodes only: npm start -- --simulated`,
          ].join("\n"),
        );
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
      log(`Unpacked them in ${Math.round((Date.now() - begin) / 1000)} s.`);
      return target;
    },
  );
}

async function download(work: string, names: string[], signal?: AbortSignal): Promise<void> {
  const apt = async (seconds: number, ...args: string[]) => {
    const options = [
      `Dir::State::lists=${join(work, "lists")}`,
      `Dir::Cache=${join(work, "cache")}`,
      // The locks are the machine's; nothing of the machine is written.
      "Debug::NoLocking=true",
      "APT::Sandbox::User=root",
      "Acquire::Retries=2",
      "Acquire::http::Timeout=20",
    ].flatMap((option) => ["-o", option]);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
    await run("apt-get", ["-qq", ...options, ...args], { env, signal, timeout: seconds * 1000 });
  };
  await apt(updateSeconds, "update");
  await apt(downloadSeconds, "--yes", "--no-install-recommends", "--download-only", "install", ...names);
}

/** Names that a package's script would choose among its programs when it is installed. */
const alternatives = ["iptables", "ip6tables"].flatMap((name) =>
  ["", "-save", "-restore"].map((suffix) => ({ name: `${name}${suffix}`, program: `${name}-nft${suffix}` })),
);

function addAlternatives(root: string): void {
  for (const { name, program } of alternatives) {
    const folder = join(root, "usr", "sbin");
    if (existsSync(join(folder, program)) && !existsSync(join(folder, name)))
      symlinkSync(program, join(folder, name));
  }
}

function release(): string {
  const file = "/etc/os-release";
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function reason(error: unknown): string[] {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr?.trim() || message || String(error))
    .split("\n")
    .slice(-8)
    .map((line) => `  ${line}`);
}
