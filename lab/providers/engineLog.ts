import * as grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import engineProto from "@pulumi/pulumi/proto/engine_pb";
import type { Progress } from "./standIn";

/** Messages for the user, shown by the engine beside the resource. */
export class EngineLog {
  private client: engineGrpc.EngineClient | undefined;

  constructor(address?: string) {
    if (address) this.connect(address);
  }

  connect(address: string): void {
    this.close();
    this.client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  }

  /** A status message replaces the one before and is not kept. */
  progress(urn: string): Progress {
    return (message, severity = "status") => {
      const request = new engineProto.LogRequest();
      const { INFO, WARNING } = engineProto.LogSeverity;
      request.setSeverity(severity === "warning" ? WARNING : INFO);
      request.setMessage(message);
      request.setUrn(urn);
      request.setEphemeral(severity === "status");
      // An update does not fail because a message was lost.
      this.client?.log(request, () => undefined);
    };
  }

  close(): void {
    this.client?.close();
    this.client = undefined;
  }
}
