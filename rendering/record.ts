/**
 * Runs a Pulumi program without engine, cluster or credentials and records every resource that it registers. The
 * render command, the golden listing and the unit tests see a program through this.
 */
import * as pulumi from "@pulumi/pulumi";
import type * as resourceProto from "@pulumi/pulumi/proto/resource_pb";
import { settle } from "./settle";

/** Stands wherever a secret value would be. */
export const secretMarker = "<secret>";

/** Plain JSON of any resource kind, secrets replaced by what `secret` of the options made of them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- every kind has another shape
export type Inputs = any;

export interface RegisteredResource {
  /** Type token, e.g. `kubernetes:apps/v1:Deployment`. */
  type: string;
  name: string;
  inputs: Inputs;
  /** Logical name of the parent; undefined for what has none but the stack. */
  parent?: string;
  /** False for components. */
  custom: boolean;
  /** It is left where it is when it is no longer registered, or the stack is destroyed. */
  retainOnDelete: boolean;
}

export interface RunOptions {
  /** Configuration by key without the project's namespace; structured values as JSON text. */
  config?: Record<string, string>;
  /** Keys of `config` that are secrets. */
  secretKeys?: string[];
  /** @default "bilten-monitoring" */
  project?: string;
  /** @default "test" */
  stack?: string;
  /** Show what is inside secrets instead of the marker; for tests that look for leaks. @default false */
  revealSecrets?: boolean;
}

export interface Run {
  /** In the order of registration. */
  resources: RegisteredResource[];
  /** What the program returned, resolved; secrets as the marker. */
  outputs: Inputs;
}

/**
 * Runs the program and waits until everything that it started has ended.
 * @throws the first error of the program, of a mocked provider, of an `apply`, or of a promise that nobody awaited;
 *   a run with any of these is not a success, though Pulumi's own mocks would let it pass.
 */
export async function runProgram(program: () => unknown, options: RunOptions = {}): Promise<Run> {
  const project = options.project ?? "bilten-monitoring";
  const inNamespace = (key: string) => (key.includes(":") ? key : `${project}:${key}`);
  const resources: RegisteredResource[] = [];
  const failures: unknown[] = [];
  const mocks: pulumi.runtime.Mocks = {
    newResource: (args) => {
      try {
        return { id: args.custom === false ? "" : `${args.name}-id`, state: outputsOf(args) };
      } catch (error) {
        failures.push(error);
        throw error;
      }
    },
    call: ({ token }) => {
      const error = new Error(
        `The program calls ${token}; a program that asks a provider cannot run without one.`,
      );
      failures.push(error);
      throw error;
    },
  };
  await pulumi.runtime.setMocks(mocks, project, options.stack ?? "test", false);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(Object.entries(options.config ?? {}).map(([key, value]) => [inNamespace(key), value])),
    (options.secretKeys ?? []).map(inNamespace),
  );
  observeRegistrations((request) => {
    const parent = request.getParent().split("::").at(-1);
    const object = request.getObject();
    if (request.getType() === "pulumi:pulumi:Stack" || !object) return;
    // As sent: the SDK's own reading would make all of a value secret that has a secret somewhere inside.
    const inputs = object.toJavaScript();
    resources.push({
      type: request.getType(),
      name: request.getName(),
      inputs: plain(inputs, options.revealSecrets ?? false),
      parent: parent === `${project}-${options.stack ?? "test"}` ? undefined : parent,
      custom: request.getCustom(),
      retainOnDelete: request.getRetainondelete() ?? false,
    });
  });

  const work = async () => {
    let returned: object = {};
    await pulumi.runtime.runInPulumiStack(async () => {
      const result: unknown = await program();
      if (typeof result === "object" && result !== null) returned = { ...result };
      return returned;
    });
    return resolved(returned);
  };
  const outputs = await withoutSourceMaps(() => settle(failures, work));
  return { resources, outputs: plain(outputs, options.revealSecrets ?? false) };
}

/**
 * The SDK reads the stack of every promise that it makes, and finding the lines of the sources for them would take more
 * than half of a run. An error's own stack is made when it is read, which is after the work: it names those lines.
 */
async function withoutSourceMaps<T>(work: () => Promise<T>): Promise<T> {
  const before = process.sourceMapsEnabled;
  process.setSourceMapsEnabled(false);
  try {
    return await work();
  } finally {
    process.setSourceMapsEnabled(before);
  }
}

/** The values of the program's outputs, each wrapped like a recorded secret where it is one. */
async function resolved(outputs: object): Promise<Inputs> {
  const entries = Object.entries(outputs).map(
    async ([key, output]: [string, unknown]): Promise<[string, unknown]> => {
      const value = pulumi.output(output) as pulumi.Output<unknown>;
      const known = await new Promise<unknown>((resolve) => value.apply(resolve));
      return [key, (await pulumi.isSecret(value)) ? wrapSecret(known) : known];
    },
  );
  return Object.fromEntries(await Promise.all(entries)) as Inputs;
}

type Registration = resourceProto.RegisterResourceRequest;

/** The SDK's mocks see neither a resource's parent nor its place in the tree; its monitor does. */
function observeRegistrations(observe: (request: Registration) => void): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: (request: Registration, callback: unknown) => Promise<void>;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    observe(request);
    return register(request, callback);
  };
}

/** What the providers would add to the inputs, as far as the program looks at it. */
function outputsOf({ type, name, inputs }: pulumi.runtime.MockResourceArgs): Inputs {
  if (type.startsWith("kubernetes:")) {
    return { ...inputs, metadata: { ...inputs.metadata, name: inputs.metadata?.name ?? autoName(name) } };
  }
  if (type === "random:index/randomPassword:RandomPassword") {
    return { ...inputs, result: pulumi.secret(secretMarker), bcryptHash: pulumi.secret(secretMarker) };
  }
  if (type.startsWith("tls:index/")) {
    return {
      ...inputs,
      certPem: `<certificate ${name}>`,
      publicKeyPem: `<public key ${name}>`,
      privateKeyPem: pulumi.secret(secretMarker),
      privateKeyPemPkcs8: pulumi.secret(secretMarker),
    };
  }
  return inputs;
}

/** The name that Pulumi would choose for an object without one; the engine's suffix is random, this one is a mark. */
export function autoName(resourceName: string): string {
  return `${resourceName}-${autoNameSuffix}`;
}

export const autoNameSuffix = "xxxxxxxx";

interface WrappedSecret {
  [pulumi.runtime.specialSigKey]: string;
  value: unknown;
}

function wrapSecret(value: unknown): WrappedSecret {
  return { [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig, value };
}

function isSecret(value: object): value is WrappedSecret {
  return (value as Partial<WrappedSecret>)[pulumi.runtime.specialSigKey] === pulumi.runtime.specialSecretSig;
}

function plain(value: unknown, reveal: boolean): Inputs {
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item, reveal));
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return reveal ? plain(value.value, reveal) : mark(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, reveal)]));
}

/** A secret map keeps its keys, which name files and variables and are no secret. */
function mark(value: unknown): Inputs {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return secretMarker;
  return Object.fromEntries(Object.keys(value).map((key) => [key, secretMarker]));
}
