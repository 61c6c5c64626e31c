import { existsSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { identify } from "../parts/process";
import { readJson } from "../state";

interface Lock {
  pid?: number;
  hostname?: string;
}

/**
 * Whether all locks of a stack in a local backend are left behind by runs that were killed. False when there is none,
 * and when any run is alive: that one must end first.
 * @param backend folder of the backend
 */
export function hasOnlyStaleLocks(backend: string, project: string, stack: string): boolean {
  const directory = join(backend, ".pulumi", "locks", "organization", project, stack);
  if (!existsSync(directory)) return false;
  const locks = readdirSync(directory).filter((name) => name.endsWith(".json"));
  return locks.length > 0 && locks.every((name) => isStale(readJson<Lock>(join(directory, name))));
}

function isStale(lock: Lock | undefined): boolean {
  // One that is not whole was being written when its run was killed.
  if (!lock?.pid) return true;
  return lock.hostname === hostname() && identify(lock.pid) === undefined;
}
