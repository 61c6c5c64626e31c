/** Serves a stand-in to the engine, in its protocol (pulumirpc.ResourceProvider). */
import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import proto from "@pulumi/pulumi/proto/provider_pb";
import statusProto from "@pulumi/pulumi/proto/status_pb";
import { formatPath } from "./diff";
import { EngineLog } from "./engineLog";
import { NotReadyError, refuse, type DiffResult, type ResourceRequest, type StandIn } from "./standIn";
import { isObject, plain, type Json, type Properties } from "./values";

type Handler<Request, Response> = (request: Request) => Response | Promise<Response>;

export interface PluginServer {
  port: number;
  close(): void;
}

/**
 * Serves `standIn` on a free loopback port.
 * @param engineAddress where the engine takes messages for the user; without it they are dropped
 */
export async function serve(standIn: StandIn, engineAddress?: string): Promise<PluginServer> {
  const cancelled = new AbortController();
  const log = new EngineLog(engineAddress);
  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  server.addService(
    providerGrpc.ResourceProviderService as unknown as grpc.ServiceDefinition,
    methods(standIn, log, cancelled),
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return {
    port,
    close: () => {
      cancelled.abort();
      log.close();
      standIn.close?.();
      server.forceShutdown();
    },
  };
}

function methods(
  standIn: StandIn,
  log: EngineLog,
  cancelled: AbortController,
): grpc.UntypedServiceImplementation {
  const operation = (urn: string, timeout: number, preview: boolean) => ({
    urn,
    type: typeOf(urn),
    timeout,
    preview,
    progress: log.progress(urn),
    signal: cancelled.signal,
  });
  return {
    handshake: unary<proto.ProviderHandshakeRequest, proto.ProviderHandshakeResponse>((request) => {
      if (request.getEngineAddress()) log.connect(request.getEngineAddress());
      const response = new proto.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      return response;
    }),
    attach: unary((request: pluginProto.PluginAttach) => {
      log.connect(request.getAddress());
      return new Empty();
    }),
    getPluginInfo: unary(() => {
      const info = new pluginProto.PluginInfo();
      info.setVersion(standIn.version);
      return info;
    }),
    getSchema: unary(() => {
      const response = new proto.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: standIn.name, version: standIn.version }));
      return response;
    }),
    checkConfig: unary((request: proto.CheckRequest) => {
      const response = new proto.CheckResponse();
      response.setInputs(request.getNews());
      response.setFailuresList(standIn.checkConfig(plainProperties(request.getNews())).map(failure));
      return response;
    }),
    // The lab's address changes when a port was taken; that must not replace what is in the cluster.
    diffConfig: unary(() => new proto.DiffResponse()),
    configure: unary(async (request: proto.ConfigureRequest) => {
      await standIn.configure(settingsOf(standIn.name, request));
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
    check: unary(async (request: proto.CheckRequest) => {
      const { inputs, failures } = await standIn.check({
        ...resourceOf(request.getUrn()),
        olds: request.getOlds() && properties(request.getOlds()),
        news: properties(request.getNews()),
        randomSeed: Buffer.from(request.getRandomseed_asU8()),
      });
      const response = new proto.CheckResponse();
      response.setInputs(struct(inputs));
      response.setFailuresList(failures.map(failure));
      return response;
    }),
    diff: unary(async (request: proto.DiffRequest) =>
      diffResponse(
        await standIn.diff({
          ...resourceOf(request.getUrn()),
          id: request.getId(),
          olds: properties(request.getOlds()),
          oldInputs: properties(request.getOldInputs()),
          news: properties(request.getNews()),
        }),
      ),
    ),
    create: unary(async (request: proto.CreateRequest) => {
      const { id, outputs } = await standIn.create({
        ...operation(request.getUrn(), request.getTimeout(), request.getPreview()),
        inputs: properties(request.getProperties()),
      });
      const response = new proto.CreateResponse();
      response.setId(id);
      response.setProperties(struct(outputs));
      return response;
    }),
    read: unary(async (request: proto.ReadRequest) => {
      const state = await standIn.read({
        ...operation(request.getUrn(), request.getTimeout(), false),
        id: request.getId(),
        olds: properties(request.getProperties()),
        oldInputs: properties(request.getInputs()),
      });
      const response = new proto.ReadResponse();
      if (!state) return response; // Without an id, the engine takes the resource for deleted.
      response.setId(state.id);
      response.setProperties(struct(state.outputs));
      response.setInputs(struct(state.inputs));
      return response;
    }),
    update: unary(async (request: proto.UpdateRequest) => {
      const outputs = await standIn.update({
        ...operation(request.getUrn(), request.getTimeout(), request.getPreview()),
        id: request.getId(),
        olds: properties(request.getOlds()),
        oldInputs: properties(request.getOldInputs()),
        news: properties(request.getNews()),
      });
      const response = new proto.UpdateResponse();
      response.setProperties(struct(outputs));
      return response;
    }),
    delete: unary(async (request: proto.DeleteRequest) => {
      await standIn.delete({
        ...operation(request.getUrn(), request.getTimeout(), false),
        id: request.getId(),
        olds: properties(request.getProperties()),
      });
      return new Empty();
    }),
    invoke: unary((request: proto.InvokeRequest): proto.InvokeResponse =>
      refuse(standIn.name, request.getTok()),
    ),
    call: unary((request: proto.CallRequest): proto.CallResponse => refuse(standIn.name, request.getTok())),
    construct: unary((request: proto.ConstructRequest): proto.ConstructResponse =>
      refuse(standIn.name, request.getType()),
    ),
    cancel: unary(() => {
      cancelled.abort();
      return new Empty();
    }),
  };
}

function unary<Request, Response>(handler: Handler<Request, Response>) {
  return (call: grpc.ServerUnaryCall<Request, Response>, callback: grpc.sendUnaryData<Response>): void => {
    Promise.resolve()
      .then(() => handler(call.request))
      .then((response) => callback(null, response))
      .catch((error: unknown) => callback(serviceError(error)));
  };
}

function serviceError(error: unknown): Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof NotReadyError)) return { code: grpc.status.UNKNOWN, details: message };
  const detail = new proto.ErrorResourceInitFailed();
  detail.setId(error.state.id);
  detail.setProperties(struct(error.state.outputs));
  detail.setInputs(struct(error.state.inputs));
  detail.setReasonsList(error.reasons);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusProto.Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(message);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

function diffResponse({ changes, deleteBeforeReplace }: DiffResult): proto.DiffResponse {
  const { Kind } = proto.PropertyDiff;
  const kinds = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  } as const;
  const response = new proto.DiffResponse();
  const { DIFF_SOME, DIFF_NONE } = proto.DiffResponse.DiffChanges;
  response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteBeforeReplace ?? false);
  for (const { path, kind, replace, isOutput } of changes) {
    const detail = new proto.PropertyDiff();
    detail.setKind(kinds[kind][replace ? 1 : 0]);
    detail.setInputdiff(!isOutput);
    response.getDetaileddiffMap().set(formatPath(path), detail);
    response.addDiffs(String(path[0]));
    if (replace) response.addReplaces(formatPath(path));
  }
  return response;
}

function failure({ property, reason }: { property: string; reason: string }): proto.CheckFailure {
  const result = new proto.CheckFailure();
  result.setProperty(property);
  result.setReason(reason);
  return result;
}

function resourceOf(urn: string): ResourceRequest {
  return { urn, type: typeOf(urn) };
}

/** The resource's own type: `urn:pulumi:stack::project::parent$type::name`. */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function properties(value: Struct | undefined): Properties {
  return (value?.toJavaScript() as Properties | undefined) ?? {};
}

function plainProperties(value: Struct | undefined): Properties {
  return plain(properties(value)) as Properties;
}

function struct(value: Properties): Struct {
  return Struct.fromJavaScript(value as Record<string, JavaScriptValue>);
}

/** Settings come as properties, from an older engine as strings `kubernetes:config:context`. */
function settingsOf(name: string, request: proto.ConfigureRequest): Properties {
  if (request.getArgs()) return plainProperties(request.getArgs());
  const settings: Record<string, Json> = {};
  for (const [key, value] of request.getVariablesMap().toArray()) {
    settings[String(key).replace(`${name}:config:`, "")] = value as string;
  }
  return isObject(settings) ? settings : {};
}
