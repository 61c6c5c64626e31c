// Installs the dependencies when they are missing or not those of package-lock.json, so that every command of this
// project works on a fresh clone. Runs before the others and uses nothing but Node.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules", ".bilten-setup");
const lock = join(root, ".setup.lock");
const required = [20, 19];

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < required[0] || (major === required[0] && minor < required[1])) {
  console.error(
    `Node ${required.join(".")} or later is needed; this is ${process.versions.node}. See https://nodejs.org/.`,
  );
  process.exit(1);
}

const wanted = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");
const installed = () => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;

if (!installed()) {
  waitForOthers();
  try {
    if (!installed()) install();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function install() {
  const started = Date.now();
  console.error("Installing the dependencies of package-lock.json (npm ci) ...");
  const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error(
      `npm ci failed${error ? `: ${error.message}` : ""}. Check the network and npm's registry setting, then run this again.`,
    );
    rmSync(lock, { recursive: true, force: true });
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
  console.error(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

// Two commands started at once in a fresh clone must not install over each other.
function waitForOthers() {
  for (let told = false; ; told = true) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 10 * 60_000) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!told)
      console.error(`Waiting for another installation in this folder (remove ${lock} if there is none) ...`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
}
