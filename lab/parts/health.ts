/** Whether a part of the lab answers. */
import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { dialThrough } from "../network/tunnel";

/** How to ask: over HTTP, or by connecting to a Unix socket. */
export type HealthCheck = HttpHealth | SocketHealth;

/** An endpoint that answers 200, with the files needed to ask it. */
export interface HttpHealth {
  url: string;
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  /** Unix socket of a proxy in the network where the endpoint is; needs a URL without TLS. */
  via?: string;
}

/** A Unix socket that accepts connections. */
export interface SocketHealth {
  socket: string;
}

const seconds = 3;

/** Whether it answers as it should within 3 s. */
export async function isHealthy(check: HealthCheck): Promise<boolean> {
  try {
    return "socket" in check ? await accepts(check.socket) : (await statusOf(check)) === 200;
  } catch {
    return false;
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: seconds * 1000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

async function statusOf({ url, caFile, certFile, keyFile, via }: HttpHealth): Promise<number | undefined> {
  const { hostname, port, protocol } = new URL(url);
  const read = (file: string | undefined) => (file ? readFileSync(file) : undefined);
  const credentials = { ca: read(caFile), cert: read(certFile), key: read(keyFile) };
  const tunnel = via ? await dialThrough(via)(hostname, Number(port)) : undefined;
  const options: RequestOptions = {
    timeout: seconds * 1000,
    // An agent, even the default one, would connect by itself.
    ...(tunnel ? { createConnection: () => tunnel } : { agent: false }),
  };
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage) => {
      response.resume();
      resolve(response.statusCode);
    };
    const sent =
      protocol === "https:"
        ? httpsRequest(url, { ...options, ...credentials }, answered)
        : httpRequest(url, options, answered);
    sent.once("timeout", () => sent.destroy(new Error("no answer")));
    sent.once("error", reject);
    sent.end();
  });
}
