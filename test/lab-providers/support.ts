/** A stand-in served over gRPC, and the calls of an engine. */
import * as grpc from "@grpc/grpc-js";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import proto from "@pulumi/pulumi/proto/provider_pb";
import { serve } from "../../lab/providers/server";
import type { StandIn } from "../../lab/providers/standIn";
import type { Properties } from "../../lab/providers/values";

export interface Diffed {
  changes: boolean;
  replaces: string[];
  deleteBeforeReplace: boolean;
  detailed: Record<string, number>;
}

/** Calls a stand-in as the engine does. */
export class Engine {
  private constructor(
    private readonly client: providerGrpc.ResourceProviderClient,
    readonly close: () => void,
  ) {}

  static async start(standIn: StandIn): Promise<Engine> {
    const server = await serve(standIn);
    const client = new providerGrpc.ResourceProviderClient(
      `127.0.0.1:${server.port}`,
      grpc.credentials.createInsecure(),
    );
    return new Engine(client, () => {
      client.close();
      server.close();
    });
  }

  async configure(settings: Properties = {}): Promise<proto.ConfigureResponse> {
    const request = new proto.ConfigureRequest();
    request.setArgs(struct(settings));
    request.setAcceptsecrets(true);
    return this.call("configure", request);
  }

  async checkConfig(news: Properties): Promise<string[]> {
    const request = new proto.CheckRequest();
    request.setNews(struct(news));
    const response = await this.call<proto.CheckResponse>("checkConfig", request);
    return response.getFailuresList().map((failure) => failure.getReason());
  }

  async check(
    type: string,
    news: Properties,
    { olds, name = "thing", seed = "seed" }: { olds?: Properties; name?: string; seed?: string } = {},
  ): Promise<{ inputs: Properties; failures: string[] }> {
    const request = new proto.CheckRequest();
    request.setUrn(urn(type, name));
    request.setNews(struct(news));
    if (olds) request.setOlds(struct(olds));
    request.setRandomseed(Buffer.from(seed));
    const response = await this.call<proto.CheckResponse>("check", request);
    return {
      inputs: response.getInputs()!.toJavaScript() as Properties,
      failures: response.getFailuresList().map((failure) => failure.getReason()),
    };
  }

  async diff(type: string, oldInputs: Properties, news: Properties, olds = oldInputs): Promise<Diffed> {
    const request = new proto.DiffRequest();
    request.setUrn(urn(type));
    request.setId("id");
    request.setOlds(struct(olds));
    request.setOldInputs(struct(oldInputs));
    request.setNews(struct(news));
    const response = await this.call<proto.DiffResponse>("diff", request);
    const detailed = response.getDetaileddiffMap().toArray() as unknown as [string, proto.PropertyDiff][];
    const map = response.getDetaileddiffMap();
    return {
      changes: response.getChanges() === proto.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
      detailed: Object.fromEntries(detailed.map(([key]) => [key, map.get(key)!.getKind()])),
    };
  }

  async create(
    type: string,
    inputs: Properties,
    preview = false,
  ): Promise<{ id: string; outputs: Properties }> {
    const request = new proto.CreateRequest();
    request.setUrn(urn(type));
    request.setProperties(struct(inputs));
    request.setPreview(preview);
    const response = await this.call<proto.CreateResponse>("create", request);
    return { id: response.getId(), outputs: response.getProperties()!.toJavaScript() as Properties };
  }

  async read(type: string, id: string, inputs: Properties = {}, outputs: Properties = {}) {
    const request = new proto.ReadRequest();
    request.setUrn(urn(type));
    request.setId(id);
    request.setInputs(struct(inputs));
    request.setProperties(struct(outputs));
    const response = await this.call<proto.ReadResponse>("read", request);
    return {
      id: response.getId(),
      inputs: (response.getInputs()?.toJavaScript() ?? {}) as Properties,
      outputs: (response.getProperties()?.toJavaScript() ?? {}) as Properties,
    };
  }

  async update(type: string, id: string, oldInputs: Properties, olds: Properties, news: Properties) {
    const request = new proto.UpdateRequest();
    request.setUrn(urn(type));
    request.setId(id);
    request.setOldInputs(struct(oldInputs));
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const response = await this.call<proto.UpdateResponse>("update", request);
    return response.getProperties()!.toJavaScript() as Properties;
  }

  async delete(type: string, id: string, outputs: Properties = {}): Promise<void> {
    const request = new proto.DeleteRequest();
    request.setUrn(urn(type));
    request.setId(id);
    request.setProperties(struct(outputs));
    await this.call("delete", request);
  }

  async invoke(token: string): Promise<void> {
    const request = new proto.InvokeRequest();
    request.setTok(token);
    await this.call("invoke", request);
  }

  private call<Response>(method: string, request: unknown): Promise<Response> {
    type Method = (
      request: unknown,
      callback: (error: grpc.ServiceError | null, response: Response) => void,
    ) => void;
    const methods = this.client as unknown as Record<string, Method>;
    return new Promise((resolve, reject) =>
      methods[method]!.call(this.client, request, (error, response) =>
        error ? reject(error) : resolve(response),
      ),
    );
  }
}

function struct(value: Properties): Struct {
  return Struct.fromJavaScript(value as Record<string, JavaScriptValue>);
}

function urn(type: string, name = "thing"): string {
  return `urn:pulumi:dev::project::some:Component$${type}::${name}`;
}
