/** One span as clients from before OpenTelemetry send it: Thrift's binary protocol in a UDP packet. */
import { createSocket } from "node:dgram";

const stop = Buffer.from([0]);
const types = { i32: 8, i64: 10, string: 11, struct: 12, list: 15 } as const;

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function i64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt.asIntN(64, value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([i32(bytes.length), bytes]);
}

function field(type: keyof typeof types, id: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([types[type], 0, id]), value]);
}

const struct = (...fields: Buffer[]): Buffer => Buffer.concat([...fields, stop]);

export interface OldSpan {
  service: string;
  operation: string;
  /** 16 hexadecimal digits each. */
  traceId: string;
  spanId: string;
}

/** The call `emitBatch` of jaeger.thrift's agent, with one span. */
export function emitBatch({ service, operation, traceId, spanId }: OldSpan): Buffer {
  const span = struct(
    field("i64", 1, i64(BigInt(`0x${traceId}`))),
    field("i64", 2, i64(0n)),
    field("i64", 3, i64(BigInt(`0x${spanId}`))),
    field("i64", 4, i64(0n)),
    field("string", 5, text(operation)),
    field("i32", 7, i32(1)),
    field("i64", 8, i64(BigInt(Date.now()) * 1000n)),
    field("i64", 9, i64(20_000n)),
  );
  const spans = Buffer.concat([Buffer.from([types.struct]), i32(1), span]);
  const batch = struct(
    field("struct", 1, struct(field("string", 1, text(service)))),
    field("list", 2, spans),
  );
  // Version 1 of the protocol, a call without an answer.
  const header = Buffer.concat([Buffer.from([0x80, 0x01, 0x00, 0x04]), text("emitBatch"), i32(0)]);
  return Buffer.concat([header, struct(field("struct", 1, batch))]);
}

/** Sends a packet to a port of this machine. */
export async function sendPacket(packet: Buffer, port: number): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) =>
    socket.send(packet, port, "127.0.0.1", (error) => (error ? reject(error) : resolve())),
  );
  socket.close();
}
