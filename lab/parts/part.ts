/** A part of the lab: one process that runs detached, with a record of it, a log, and a way to ask for its health. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeCgroup } from "./cgroups";
import { LabError, readJson, writePrivate, type LabState, type Log } from "../state";
import { isHealthy, type HealthCheck } from "./health";
import { choosePorts, forgetPorts, type Ports } from "./ports";
import {
  findMarked,
  identify,
  isAlive,
  programOf,
  residentBytes,
  stateVariable,
  terminate,
  type ProcessIdentity,
} from "./process";

/** What a part belongs to: `status` groups by it. */
export type PartGroup = "control plane" | "simulated nodes" | "real node";

export interface PartSpec {
  name: string;
  group: PartGroup;
  /** Parts are stopped in falling order of it: first who depends on others. */
  rank: number;
  program: string;
  args: string[];
  /** Added to a minimal environment; the caller's own environment, with its secrets, is not passed on. */
  env?: Record<string, string>;
  /** On 127.0.0.1; a part in a real node's network has none here. */
  port?: number;
  health: HealthCheck;
  /** Files read at start: when their content has changed, the part is started anew. */
  inputs: string[];
  /** How long it may take until it is healthy. */
  readySeconds: number;
  /** How long it may take to end when asked. */
  stopSeconds: number;
  /** What it starts, and what may outlive it. */
  offspring?: Offspring;
}

/** Processes that end when their part is stopped, but not when it crashes. */
export interface Offspring {
  /** All in this control group; they end before the part does. */
  cgroup: string;
  /** Those that run this program, as /proc tells its name (15 characters); they end after the part. */
  program: string;
}

/** All that `status` and `stop` need to know, written to `run/<name>.json`. */
export interface PartRecord extends ProcessIdentity {
  name: string;
  group: PartGroup;
  rank: number;
  command: string[];
  port?: number;
  health: HealthCheck;
  stopSeconds: number;
  offspring?: Offspring;
  log: string;
  /** Of all that decides how it runs. */
  fingerprint: string;
  startedAt: string;
}

export interface PartStatus {
  name: string;
  group: PartGroup;
  state: "healthy" | "unhealthy" | "stopped";
  pid: number;
  port?: number;
  /** Bytes; only while it runs. */
  residentMemory?: number;
  log: string;
}

export interface EnsureOptions {
  state: LabState;
  /** Names of the ports that only this part listens on. */
  portNames: string[];
  /** How the part runs on these ports. */
  spec: (ports: Ports) => PartSpec;
  log: Log;
  signal?: AbortSignal;
}

const maxLogBytes = 10 * 1024 * 1024;
const bindAttempts = 5;

/**
 * Makes a part run and be healthy. One that runs already as it should is left alone.
 * @returns whether it was started
 * @throws LabError with the end of its log when it does not become healthy
 */
export async function ensurePart({
  state,
  portNames,
  spec: specFor,
  log,
  signal,
}: EnsureOptions): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const ports = await portsFor(state, portNames);
    const spec = specFor(ports);
    const record = readRecord(state, spec.name);
    const fingerprint = fingerprintOf(spec);
    if (record && isAlive(record)) {
      if (record.fingerprint === fingerprint && (await isSoonHealthy(record, signal))) return false;
      log(
        `Restarting ${spec.name}, which ${record.fingerprint === fingerprint ? "does not answer" : "has new settings"} ...`,
      );
      await stopPart(state, record, log);
    }
    // Only now: a running part holds its own ports.
    const current = specFor(await choosePorts(state, portNames));
    try {
      await launch(state, current, signal);
      return true;
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === bindAttempts) throw error;
      log(`A port of ${spec.name} has just been taken by another program; taking another one ...`);
      forgetPorts(state, portNames);
    }
  }
}

/** Records of all parts that were started and not stopped, in the order in which they are to be stopped. */
export function readRecords(state: LabState): PartRecord[] {
  if (!existsSync(state.run)) return [];
  return readdirSync(state.run)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => readRecord(state, basename(file, ".json")) ?? [])
    .sort((a, b) => b.rank - a.rank);
}

/** Ends a part, and forgets it. */
export async function stopPart(state: LabState, record: PartRecord, log: Log): Promise<void> {
  const { offspring } = record;
  if (offspring) await removeCgroup(offspring.cgroup, record.stopSeconds);
  const ending = await terminate(record, record.stopSeconds);
  if (offspring) {
    const left = findMarked(state.directory).filter(({ pid }) => programOf(pid) === offspring.program);
    await Promise.all(left.map((identity) => terminate(identity, record.stopSeconds)));
  }
  if (ending === "killed") log(`${record.name} did not end within ${record.stopSeconds} s and was killed.`);
  rmSync(recordFile(state, record.name), { force: true });
}

/** How a part is, by its record. */
export async function statusOfPart(record: PartRecord): Promise<PartStatus> {
  const { name, group, pid, port, log } = record;
  if (!isAlive(record)) return { name, group, state: "stopped", pid, port, log };
  const healthy = await isHealthy(record.health);
  return {
    name,
    group,
    state: healthy ? "healthy" : "unhealthy",
    pid,
    port,
    log,
    residentMemory: residentBytes(pid),
  };
}

export function recordFile(state: LabState, name: string): string {
  return join(state.run, `${name}.json`);
}

function readRecord(state: LabState, name: string): PartRecord | undefined {
  const record = readJson<PartRecord>(recordFile(state, name));
  return record?.name === name && typeof record.pid === "number" ? record : undefined;
}

/** The remembered ports, completed; whether they are free is asked only when the part has to be started. */
async function portsFor(state: LabState, names: string[]): Promise<Ports> {
  const remembered = readJson<Ports>(state.ports) ?? {};
  const missing = names.filter((name) => remembered[name] === undefined);
  return missing.length > 0 ? choosePorts(state, missing) : remembered;
}

/** Raised when a part could not listen: between the choice of a port and its use, someone may take it. */
class PortTakenError extends LabError {}

async function launch(state: LabState, spec: PartSpec, signal?: AbortSignal): Promise<void> {
  const logFile = join(state.logs, `${spec.name}.log`);
  rotate(logFile);
  const output = openSync(logFile, "a", 0o600);
  writeSync(output, `\n# ${new Date().toISOString()} ${spec.program}\n`);
  const logStart = statSync(logFile).size;
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: state.directory,
    ...spec.env,
    [stateVariable]: state.directory,
  };
  const child = spawn(spec.program, spec.args, {
    cwd: state.directory,
    env,
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  let end: string | undefined;
  child.on("error", (error) => (end = error.message));
  child.on("exit", (code, by) => (end = by ? `ended by ${by}` : `ended with code ${code}`));
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  const record = identity && writeRecord(state, spec, identity, logFile);
  child.unref();
  try {
    await untilHealthy(spec, () => end, signal);
  } catch (error) {
    if (record) await stopPart(state, record, () => undefined);
    if (!(error instanceof NotHealthyError)) throw error;
    throw startError(spec.name, error, logFile, logStart);
  }
}

class NotHealthyError extends Error {}

async function untilHealthy(
  spec: PartSpec,
  end: () => string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const until = Date.now() + spec.readySeconds * 1000;
  for (;;) {
    const healthy = await isHealthy(spec.health);
    signal?.throwIfAborted();
    const ended = end();
    if (ended) throw new NotHealthyError(ended);
    if (healthy) return;
    if (Date.now() > until) throw new NotHealthyError(`not healthy after ${spec.readySeconds} s`);
    await sleep(50);
  }
}

function startError(name: string, { message }: NotHealthyError, logFile: string, logStart: number): LabError {
  const written = readFileSync(logFile).subarray(logStart).toString().trim().split("\n");
  // klog marks what is only information or a warning with the first letter.
  const telling = written.filter((line) => !/^[IW]\d{4} /.test(line));
  const tail = (telling.length > 0 ? telling : written).slice(-15);
  const taken = tail.some((line) => line.includes("address already in use"));
  const lines = [
    `${name} does not start: ${message}.`,
    ...tail.map((line) => `  ${line}`),
    `All of its log: ${logFile}`,
  ];
  return new (taken ? PortTakenError : LabError)(lines.join("\n"));
}

function writeRecord(state: LabState, spec: PartSpec, identity: ProcessIdentity, log: string): PartRecord {
  const { name, group, rank, port, health, stopSeconds, offspring } = spec;
  const record: PartRecord = {
    ...identity,
    name,
    group,
    rank,
    command: [spec.program, ...spec.args],
    port,
    health,
    stopSeconds,
    offspring,
    log,
    fingerprint: fingerprintOf(spec),
    startedAt: new Date().toISOString(),
  };
  writePrivate(recordFile(state, name), `${JSON.stringify(record, undefined, 2)}\n`);
  return record;
}

function fingerprintOf({ program, args, env, inputs }: PartSpec): string {
  const hash = createHash("sha256").update(JSON.stringify([program, args, env]));
  for (const file of inputs) hash.update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

/** A part that was started a moment ago, or is under load, gets some time to answer. */
async function isSoonHealthy(record: PartRecord, signal?: AbortSignal): Promise<boolean> {
  const until = Date.now() + 15_000;
  while (isAlive(record)) {
    if (await isHealthy(record.health)) return true;
    if (Date.now() > until) return false;
    await sleep(250, undefined, { signal });
  }
  return false;
}

function rotate(file: string): void {
  if (existsSync(file) && statSync(file).size > maxLogBytes) renameSync(file, `${file}.1`);
}
