/** What a stand-in for a plugin implements; `server.ts` speaks the engine's protocol for it. */
import type { Change } from "./diff";
import type { Json, Properties } from "./values";

export interface Failure {
  property: string;
  reason: string;
}

/** Tells the user how a resource is doing. */
export type Progress = (message: string, severity?: "status" | "info" | "warning") => void;

export interface ResourceRequest {
  urn: string;
  /** Token such as `kubernetes:apps/v1:Deployment`. */
  type: string;
}

export interface CheckRequest extends ResourceRequest {
  olds?: Properties;
  news: Properties;
  /** The same in the preview and in the update that follows. */
  randomSeed: Buffer;
}

export interface DiffRequest extends ResourceRequest {
  id: string;
  /** Outputs of the last operation. */
  olds: Properties;
  oldInputs: Properties;
  news: Properties;
}

export interface DiffResult {
  changes: (Change & { replace: boolean; isOutput?: boolean })[];
  /** The new object cannot exist beside the old one. */
  deleteBeforeReplace?: boolean;
}

export interface OperationRequest extends ResourceRequest {
  preview: boolean;
  /** Seconds; 0 when the user gave none. */
  timeout: number;
  progress: Progress;
  /** Aborted when the engine cancels. */
  signal: AbortSignal;
}

export interface CreateRequest extends OperationRequest {
  inputs: Properties;
}

export interface UpdateRequest extends OperationRequest {
  id: string;
  olds: Properties;
  oldInputs: Properties;
  news: Properties;
}

export interface ReadRequest extends OperationRequest {
  id: string;
  /** Empty in an import. */
  olds: Properties;
  oldInputs: Properties;
}

export interface DeleteRequest extends OperationRequest {
  id: string;
  olds: Properties;
}

export interface State {
  id: string;
  inputs: Properties;
  outputs: Properties;
}

export interface StandIn {
  /** Of the plugin it stands in for. */
  name: string;
  /** Of the plugin it stands in for. */
  version: string;
  checkConfig(news: Properties): Failure[];
  configure(settings: Properties): Promise<void>;
  check(request: CheckRequest): Promise<{ inputs: Properties; failures: Failure[] }>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest): Promise<{ id: string; outputs: Properties }>;
  read(request: ReadRequest): Promise<State | undefined>;
  update(request: UpdateRequest): Promise<Properties>;
  delete(request: DeleteRequest): Promise<void>;
  close?(): void;
}

/** An object that was made but did not become ready: the engine keeps it and repairs it with the next update. */
export class NotReadyError extends Error {
  constructor(
    message: string,
    readonly state: State,
    readonly reasons: string[],
  ) {
    super(message);
  }
}

/** @throws Error that names the type, which this stand-in does not implement */
export function refuse(standIn: string, type: string, why = "does not implement it"): never {
  throw new Error(
    `${type}: the lab's stand-in for the Pulumi plugin "${standIn}" ${why}. ` +
      `Install the official plugin (pulumi plugin install resource ${standIn}) to use it.`,
  );
}

export type { Json };
