import { compare } from "../diff";
import {
  NotReadyError,
  refuse,
  type CheckRequest,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type DiffResult,
  type Failure,
  type OperationRequest,
  type ReadRequest,
  type StandIn,
  type State,
  type UpdateRequest,
} from "../standIn";
import {
  containsUnknown,
  isObject,
  plain,
  redact,
  withSecretsOf,
  type Json,
  type Properties,
} from "../values";
import { ApiError, KubeApi, type KubeSettings } from "./api";
import { liveInputs } from "./drift";
import { annotationsOf, metadataOf, withName, withSecretContent, withoutNulls } from "./inputs";
import { Discovery, kindOf, objectId, objectPath, parseId, type ApiResource } from "./kinds";
import { replaces, sameObject, type Mutability } from "./replacement";
import { waitGone, waitReady } from "./wait";

/** One for all: two programs that manage the same object are a mistake in any case. */
const manager = "pulumi-kubernetes";

/** Settings of the official plugin that are followed here, make no difference, or are as here when off. */
const settingsTaken = new Set([
  "kubeconfig",
  "context",
  "namespace",
  "version",
  "pluginDownloadURL",
  "enableServerSideApply",
  "enableConfigMapMutable",
  "enableSecretMutable",
  "enablePatchForce",
  "upsertExistingObjects",
  "suppressDeprecationWarnings",
  "suppressHelmHookWarnings",
  "clusterIdentifier",
]);

/** Objects of any kind that the API server knows, by server-side apply. */
export class KubernetesStandIn implements StandIn {
  readonly name = "kubernetes";
  private connection: { api: KubeApi; discovery: Discovery; namespace: string } | undefined;
  private mutable: Mutability = { ConfigMap: false, Secret: false };
  private forced = false;
  private upserts = false;

  constructor(
    readonly version: string,
    private readonly connect: (settings: KubeSettings) => Promise<KubeApi> = (settings) =>
      KubeApi.connect(settings),
  ) {}

  checkConfig(news: Properties): Failure[] {
    return Object.keys(news)
      .filter((key) => !settingsTaken.has(key) && !key.startsWith("__") && isSet(news[key]))
      .map((key) => ({
        property: key,
        reason: `The lab's stand-in for the Pulumi plugin "kubernetes" does not implement kubernetes:${key}. Remove it, or install the official plugin.`,
      }));
  }

  async configure(settings: Properties): Promise<void> {
    this.close();
    const on = (key: string) => ["true", true].includes(settings[key] as string);
    this.mutable = { ConfigMap: on("enableConfigMapMutable"), Secret: on("enableSecretMutable") };
    this.forced = on("enablePatchForce");
    this.upserts =
      on("upsertExistingObjects") || process.env["PULUMI_K8S_UPSERT_EXISTING_OBJECTS"] === "true";
    // A cluster that is yet to be made: nothing can be asked of it in this preview.
    if (containsUnknown(settings)) return;
    const text = (key: string) =>
      (typeof settings[key] === "string" ? settings[key] : undefined) || undefined;
    const api = await this.connect({ kubeconfig: text("kubeconfig"), context: text("context") });
    const namespace = text("namespace") ?? api.defaultNamespace;
    this.connection = { api, discovery: new Discovery(api), namespace };
  }

  async check(request: CheckRequest): Promise<{ inputs: Properties; failures: Failure[] }> {
    const kind = kindOf(request.type);
    const named = withName({ ...request.news, ...kind }, request);
    const inputs = withoutNulls(withSecretContent(kind, named)) as Properties;
    if (!this.connection || !isObject(inputs["metadata"])) return { inputs, failures: [] };
    const resource = await this.connection.discovery.find(kind);
    if (resource.namespaced && inputs["metadata"]["namespace"] === undefined) {
      inputs["metadata"] = { ...inputs["metadata"], namespace: this.connection.namespace };
    }
    return { inputs, failures: [] };
  }

  async diff({ type, oldInputs, news }: DiffRequest): Promise<DiffResult> {
    const kind = kindOf(type);
    const before = plain(oldInputs);
    const after = plain(news);
    const changes = compare(before, after).map((change) => ({
      ...change,
      replace: replaces(kind, after, change, this.mutable),
    }));
    const replaced = changes.some(({ replace }) => replace);
    return { changes, deleteBeforeReplace: replaced && sameObject(before, after) };
  }

  async create(request: CreateRequest): Promise<{ id: string; outputs: Properties }> {
    const kind = kindOf(request.type);
    const { inputs } = request;
    if (request.preview) {
      if (this.connection && !containsUnknown(inputs)) await this.apply(request, inputs, false, true);
      // What the server would add is different in the update (uid, addresses): the engine takes it for unknown.
      return { id: "", outputs: inputs };
    }
    if (!this.upserts) await this.refuseExisting(request);
    // Not by force: what somebody else manages of an object is not silently taken over.
    const { resource, live } = await this.apply(request, inputs, false);
    const id = objectId(live["metadata"], resource.namespaced);
    const ready = await this.ready(request, resource, id, inputs, live);
    return { id, outputs: outputsOf(kind, inputs, ready) };
  }

  async update(request: UpdateRequest): Promise<Properties> {
    const kind = kindOf(request.type);
    const { news, preview, olds } = request;
    if (preview && (!this.connection || containsUnknown(news))) return { ...olds, ...news };
    // What `kubectl scale` or `kubectl edit` has changed is put right by force only when a setting asks for it.
    const { resource, live } = await this.apply(request, news, this.forced, preview);
    if (preview) return outputsOf(kind, news, live);
    const ready = await this.ready(request, resource, request.id, news, live);
    return outputsOf(kind, news, ready);
  }

  async read({ type, id, olds, oldInputs }: ReadRequest): Promise<State | undefined> {
    const { api, discovery } = this.connected();
    const kind = kindOf(type);
    const resource = await discovery.find(kind);
    const { namespace, name } = parseId(id);
    const live = await api.find(objectPath(resource, namespace, name));
    if (!live) return undefined;
    const imported = Object.keys(oldInputs).length === 0;
    const inputs = imported ? importedInputs(live) : liveInputs(kind, oldInputs, olds, live);
    const secretInputs = withSecretContent(kind, inputs);
    return { id, inputs: secretInputs, outputs: outputsOf(kind, secretInputs, live) };
  }

  async delete({ type, id, olds, timeout, signal, progress }: DeleteRequest): Promise<void> {
    const { api, discovery } = this.connected();
    const resource = await discovery.find(kindOf(type));
    const { namespace, name } = parseId(id);
    const path = objectPath(resource, namespace, name);
    const policy = annotationsOf(olds)["pulumi.com/deletionPropagationPolicy"];
    const propagation = { foreground: "Foreground", background: "Background", orphan: "Orphan" };
    try {
      // Foreground: gone means that its pods are gone, too.
      await api.delete(path, propagation[String(policy) as keyof typeof propagation] ?? "Foreground");
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return;
      throw error;
    }
    if (annotationsOf(olds)["pulumi.com/skipAwait"] === "true") return;
    await waitGone({ api, path, uid: metadataOf(olds)["uid"], timeout, signal, progress });
  }

  close(): void {
    this.connection?.api.close();
    this.connection = undefined;
  }

  private connected() {
    if (!this.connection) throw new Error("The cluster of kubernetes:kubeconfig is not known yet.");
    return this.connection;
  }

  /** Another stack's object, say, would be changed by making it, and be deleted with this stack. */
  private async refuseExisting({ type, inputs }: CreateRequest): Promise<void> {
    const { api, discovery } = this.connected();
    const resource = await discovery.find(kindOf(type));
    const { name, namespace } = metadataOf(plain(inputs)) as { name?: string; namespace?: string };
    if (!name || !(await api.find(objectPath(resource, namespace, name)))) return;
    const what = [resource.kind, [namespace, name].filter(Boolean).join("/")].join(" ");
    throw new Error(
      `${what} exists already, and is not this stack's. Delete it, import it (pulumi import), or let one run take over ` +
        "what exists with PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true.",
    );
  }

  private async apply(
    { type, progress }: OperationRequest,
    inputs: Properties,
    force: boolean,
    dryRun = false,
  ): Promise<{ resource: ApiResource; live: Properties }> {
    const { api, discovery } = this.connected();
    const resource = await discovery.find(kindOf(type));
    const object = plain(inputs);
    const { name, namespace } = metadataOf(object) as { name?: string; namespace?: string };
    if (!name) refuse("kubernetes", type, "does not implement metadata.generateName");
    const forced = force || annotationsOf(object)["pulumi.com/patchForce"] === "true";
    try {
      const path = objectPath(resource, namespace, name);
      const { body, warnings } = await api.apply(path, object, { manager, force: forced, dryRun });
      for (const warning of warnings.filter(isOurs)) progress(redact(warning, inputs), "warning");
      return { resource, live: body };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // In a preview, the namespace is not there while it is to be made by the same update.
      if (dryRun && error.status === 404) return { resource, live: object };
      throw new Error(redact(explain(error, resource, object), inputs));
    }
  }

  private async ready(
    request: OperationRequest,
    resource: ApiResource,
    id: string,
    inputs: Properties,
    live: Properties,
  ): Promise<Properties> {
    const annotations = annotationsOf(inputs);
    if (annotations["pulumi.com/skipAwait"] === "true") return live;
    const seconds = Number(annotations["pulumi.com/timeoutSeconds"] ?? 0) || request.timeout;
    const path = objectPath(resource, ...pathArguments(live));
    const { api } = this.connected();
    const result = await waitReady({ ...request, api, path, resource, live, timeout: seconds });
    if (!result.problem) return result.live;
    const reasons = [result.problem, ...result.troubles].map((text) => redact(text, inputs));
    const outputs = outputsOf(resource, inputs, result.live);
    throw new NotReadyError(
      `${resource.kind} ${id} was applied, but is not ready: ${reasons.join("; ")}`,
      { id, inputs, outputs },
      reasons,
    );
  }
}

function pathArguments(live: Properties): [string | undefined, string] {
  const { namespace, name } = metadataOf(live) as { namespace?: string; name: string };
  return [namespace, name];
}

/** The API server warns of its own default for every headless Service, whether the field was given or not. */
function isOurs(warning: string): boolean {
  return !warning.startsWith("spec.SessionAffinity is ignored");
}

function isSet(value: Json | undefined): boolean {
  return ![undefined, null, "", false, "false", "{}"].includes(value as string);
}

/** The live object without the record of who set what, secret wherever the inputs are. */
function outputsOf(
  kind: { apiVersion: string; kind: string },
  inputs: Properties,
  live: Properties,
): Properties {
  const metadata = { ...(live["metadata"] as Properties | undefined) };
  delete metadata["managedFields"];
  const marked = withSecretsOf({ ...live, metadata }, inputs) as Properties;
  return withSecretContent(kind, marked);
}

/** What an imported object would be declared with. */
function importedInputs({ apiVersion, kind, metadata, status: _status, ...rest }: Properties): Properties {
  const { name, namespace, labels, annotations } = metadata as Record<string, Json | undefined>;
  const kept = Object.entries({ name, namespace, labels, annotations }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...rest, apiVersion: apiVersion!, kind: kind!, metadata: Object.fromEntries(kept) as Properties };
}

function explain(error: ApiError, { kind, apiVersion }: ApiResource, object: Properties): string {
  const { name, namespace } = metadataOf(object);
  const what = `${apiVersion} ${kind} ${[namespace, name].filter(Boolean).join("/")}`;
  if (error.status === 409 && error.causes.length > 0) {
    return (
      `${what} is managed by somebody else: ${error.causes.join("; ")}. Delete that object or import it ` +
      `(pulumi import), or set the annotation pulumi.com/patchForce: "true" to take these fields over; for all objects, ` +
      `kubernetes:enablePatchForce does.`
    );
  }
  return `The API server refused ${what}: ${error.message}`;
}
