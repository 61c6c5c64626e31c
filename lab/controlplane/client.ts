/** The few calls that the lab itself makes to the API server and to the health endpoints. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

/** Files with which a client proves who it is, and knows whom it talks to. */
export interface Credentials {
  caFile: string;
  certFile: string;
  keyFile: string;
}

export interface Answer {
  status: number;
  body: string;
}

/** An object of the API with the path of its collection, such as `/api/v1/nodes`. */
export interface Manifest {
  collection: string;
  object: {
    apiVersion: string;
    kind: string;
    metadata: { name: string; [key: string]: unknown };
    [key: string]: unknown;
  };
}

/** A request over TLS. Fails when the server is not one that the CA knows, or does not answer within `seconds`. */
export function call(
  url: string,
  credentials: Partial<Credentials> & { caFile: string },
  { method = "GET", body, contentType = "application/json", seconds = 10, agent }: CallOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { caFile, certFile, keyFile } = credentials;
    const options = {
      method,
      agent,
      ca: readFileSync(caFile),
      ...(certFile && keyFile ? { cert: readFileSync(certFile), key: readFileSync(keyFile) } : {}),
      headers: body === undefined ? {} : { "content-type": contentType },
      timeout: seconds * 1000,
    };
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on("timeout", () => sent.destroy(new Error(`No answer from ${url} within ${seconds} s.`)));
    sent.on("error", reject);
    sent.end(body);
  });
}

export interface CallOptions {
  method?: string;
  body?: string;
  /** @default "application/json" */
  contentType?: string;
  /** @default 10 */
  seconds?: number;
  agent?: Agent;
}

/** A connection to an API server. */
export class ApiClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(
    private readonly url: string,
    private readonly credentials: Credentials,
  ) {}

  /** The answer to a GET, or undefined when there is no such object. */
  async get<T = unknown>(path: string): Promise<T | undefined> {
    const answer = await call(this.url + path, this.credentials, { agent: this.agent });
    if (answer.status === 404) return undefined;
    return JSON.parse(this.checked(answer, `GET ${path}`)) as T;
  }

  /** Creates an object, or makes an existing one as given. `subresource` such as `status`. */
  async apply({ collection, object }: Manifest, subresource?: string): Promise<void> {
    const path = `${collection}/${object.metadata.name}${subresource ? `/${subresource}` : ""}`;
    const answer = await call(
      `${this.url}${path}?fieldManager=bilten-lab&force=true&fieldValidation=Strict`,
      this.credentials,
      {
        method: "PATCH",
        body: JSON.stringify(object),
        contentType: "application/apply-patch+yaml",
        agent: this.agent,
      },
    );
    this.checked(answer, `applying ${object.kind} ${object.metadata.name}`);
  }

  close(): void {
    this.agent.destroy();
  }

  private checked({ status, body }: Answer, what: string): string {
    if (status >= 200 && status < 300) return body;
    throw new Error(`The API server answered ${status} to ${what}: ${body.slice(0, 500)}`);
  }
}
