/** Processes of a lab that nobody looks after: left by a crash, or by a state folder that was deleted. */
import { lockHolder, type LabState, type Log } from "../state";
import { cgroupOf, processesIn } from "./cgroups";
import { readRecords } from "./part";
import {
  findMarked,
  identify,
  isAlive,
  parentOf,
  programOf,
  terminate,
  type ProcessIdentity,
} from "./process";

const graceSeconds = 10;
/** Each takes what those of the one before have started while they were asked to end. */
const rounds = 10;

/**
 * Processes with the lab's mark that no record knows, and those of pods without a record of their containerd. What a
 * part has started, or another command that is changing the lab, belongs to it as long as that runs.
 */
export function findStrays(state: LabState): ProcessIdentity[] {
  const records = readRecords(state);
  const marked = findMarked(state.directory);
  const programs = records.flatMap(({ offspring }) => offspring?.program ?? []);
  const owners = new Set([
    ...[...records, ...otherCommand(state)].filter(isAlive).map(({ pid }) => pid),
    ...marked.filter(({ pid }) => programs.includes(programOf(pid) ?? "")).map(({ pid }) => pid),
  ]);
  const group = cgroupOf(state.directory);
  const known = records.some(({ offspring }) => offspring?.cgroup === group);
  const inPods = known ? [] : processesIn(group).flatMap((pid) => identify(pid) ?? []);
  return [...marked.filter(({ pid }) => !hasOwner(pid, owners)), ...inPods];
}

/** The engine of a `start` that is deploying is none of ours. */
function otherCommand(state: LabState): ProcessIdentity[] {
  const holder = lockHolder(state);
  return holder && holder.pid !== process.pid ? [holder] : [];
}

function hasOwner(pid: number, owners: Set<number>): boolean {
  for (let current: number | undefined = pid; current !== undefined; current = parentOf(current))
    if (owners.has(current)) return true;
  return false;
}

/** Ends them, and what they start meanwhile. */
export async function stopStrays(state: LabState, log: Log): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    const strays = findStrays(state);
    if (strays.length === 0) return;
    const processes = `${strays.length} process${strays.length > 1 ? "es" : ""}`;
    if (round === 1) log(`Ending ${processes} of this lab that an earlier crash left ...`);
    await Promise.all(strays.map((stray) => terminate(stray, graceSeconds)));
  }
  throw new Error(`Processes of ${state.directory} go on starting others.`);
}
