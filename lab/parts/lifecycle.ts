/** Stopping, removing and describing what runs in a state folder, whoever started it. */
import { existsSync, rmSync } from "node:fs";
import { cgroupOf, removeCgroup } from "./cgroups";
import { findState, LabError, withLabLock, type LabState, type Log } from "../state";
import { readRecords, statusOfPart, stopPart, type PartRecord, type PartStatus } from "./part";
import { findStrays, stopStrays } from "./strays";

/** For pods whose containerd is gone. */
const graceSeconds = 10;

/** How each part of the lab is, those first that others depend on. */
export async function statusOf(state: LabState): Promise<PartStatus[]> {
  return Promise.all(readRecords(state).reverse().map(statusOfPart));
}

/**
 * Stops parts, those first that depend on others; those of equal rank together.
 * @param names all when undefined
 */
export async function stopParts(state: LabState, names: string[] | undefined, log: Log): Promise<void> {
  const chosen = readRecords(state).filter(({ name }) => !names || names.includes(name));
  for (const rank of new Set(chosen.map((record) => record.rank))) {
    await Promise.all(
      chosen.filter((record) => record.rank === rank).map((record) => stopPart(state, record, log)),
    );
  }
}

export interface StopOptions {
  log: Log;
  /** How long to wait for another command that is changing the lab. @default 30 */
  waitSeconds?: number;
}

/**
 * Ends every process of a lab, also those that no record knows. Data stays.
 * @returns the names of the parts that were stopped
 */
export async function stopLab(state: LabState, { log, waitSeconds = 30 }: StopOptions): Promise<string[]> {
  if (!existsSync(state.directory)) {
    // Deleted under the processes: they carry its name still.
    await stopStrays(state, log);
    await removeCgroup(cgroupOf(state.directory), graceSeconds);
    return [];
  }
  return withLabLock(state, { what: "stopping the lab", log, waitSeconds }, async () => {
    const records = readRecords(state);
    await stopParts(state, undefined, log);
    await stopStrays(state, log);
    await removeCgroup(cgroupOf(state.directory), graceSeconds);
    return records.map(({ name }) => name);
  });
}

/**
 * Stops a lab and removes all that it kept.
 * @throws LabError for a folder that no lab has made
 */
export async function resetLab(directory: string, { log, waitSeconds }: StopOptions): Promise<void> {
  const state = findState(directory);
  if (!state) {
    throw new LabError(
      `${directory} is not the state folder of a lab (it has no lab.json of one); nothing is removed.`,
    );
  }
  await stopLab(state, { log, waitSeconds });
  log(`Removing ${state.directory}`);
  rmSync(state.directory, { recursive: true, force: true });
}

export { findStrays, readRecords, type PartRecord };
