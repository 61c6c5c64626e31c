// Installs the dependencies when they are missing or not those of package-lock.json, so that every command of this
// project works on a fresh clone. Runs before the others and uses nothing but Node.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules", ".bilten-setup");
/** A folder that holds the number of the process that installs. */
const lock = join(root, ".setup.lock");
const holder = join(lock, "pid");
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

if (!installed()) {
  takeLock();
  try {
    if (!installed()) process.exitCode = install();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function installed() {
  return readIfThere(stamp) === wanted;
}

/** Returns the exit code. */
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
    return 1;
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  console.error(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
  return 0;
}

/** Two commands started at once in a fresh clone must not install over each other. */
function takeLock() {
  for (let told = false; ;) {
    try {
      mkdirSync(lock);
      writeFileSync(holder, String(process.pid));
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = readIfThere(holder);
    if (isAbandoned(owner)) {
      breakLock(owner);
      continue;
    }
    if (!told) console.error(`Waiting for process ${owner ?? "?"}, which installs in this folder ...`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

/** Whether the process that took the lock has ended without giving it back, as after Ctrl-C. */
function isAbandoned(owner) {
  if (!owner) {
    // Between taking the lock and signing it lies a moment, not ten seconds.
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return age > 10_000;
  }
  try {
    process.kill(Number(owner), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** Another process may break the lock and take it at the same moment: what it took is put back. */
function breakLock(owner) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (readIfThere(join(aside, "pid")) === owner) rmSync(aside, { recursive: true, force: true });
    else renameSync(aside, lock);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
