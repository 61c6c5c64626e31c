/** The few calls that the lab itself makes to the API server and to the health endpoints. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

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

class NoAnswerError extends Error {
  override name = "NoAnswerError";
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
    sent.on("timeout", () => sent.destroy(new NoAnswerError(`No answer from ${url} within ${seconds} s.`)));
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

/** Whose the fields are that the lab sets. */
const manager = "fieldManager=bilten-lab";

/** An answer of the API server that is no success. */
export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    /** HTTP status: 404 when there is no such object, 409 when there is one already or it has changed. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** How often something is asked for that may be asked for twice: for as long as the API server itself tries, a minute. */
const attempts = 6;

/** Answers of an API server whose storage stands still: too many requests, or none that it can serve. */
const busy = [429, 500, 503, 504];

/**
 * A connection to an API server. What is not answered, because the machine's disk or processors are taken, is asked for
 * again, but for the creation of an object, which may have been made.
 */
export class ApiClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 4 });

  /** @param seconds how long it may take to answer */
  constructor(
    private readonly url: string,
    private readonly credentials: Credentials,
    private readonly seconds = 10,
  ) {}

  /** The answer to a GET, or undefined when there is no such object. */
  async get<T = unknown>(path: string): Promise<T | undefined> {
    const answer = await this.send(path);
    if (answer.status === 404) return undefined;
    return JSON.parse(this.checked(answer, `GET ${path}`)) as T;
  }

  /**
   * All objects of a collection such as `/apis/apps/v1/deployments` (of all namespaces).
   * @param query such as `{ labelSelector: "app=web" }`
   */
  async list<T = unknown>(collection: string, query: Record<string, string> = {}): Promise<T[]> {
    const path = `${collection}?${new URLSearchParams(query).toString()}`;
    const body = this.checked(await this.send(path), `GET ${path}`);
    return (JSON.parse(body) as { items: T[] }).items;
  }

  /**
   * Creates an object, and returns it as the API server has made it.
   * @param options.dryRun only as if: nothing is kept. @default false
   * @throws ApiError with status 409 when it is there already
   */
  async create<T = unknown>({ collection, object }: Manifest, { dryRun = false } = {}): Promise<T> {
    const answer = await this.send(`${collection}?${manager}${dryRun ? "&dryRun=All" : ""}`, {
      method: "POST",
      body: JSON.stringify(object),
    });
    return JSON.parse(this.checked(answer, `creating ${object.kind} ${object.metadata.name}`)) as T;
  }

  /**
   * Merges into an object (RFC 7386), and returns it as it is then. Nothing to merge, `{}`, lets it go through
   * admission again.
   * @throws ApiError with status 404 when there is no such object
   */
  async patch<T = unknown>(path: string, change: object): Promise<T> {
    const answer = await this.send(`${path}?${manager}`, {
      method: "PATCH",
      body: JSON.stringify(change),
      contentType: "application/merge-patch+json",
    });
    return JSON.parse(this.checked(answer, `PATCH ${path}`)) as T;
  }

  /** Deletes an object; one that is not there needs no deletion. Finalizers may keep it for a while. */
  async delete(path: string): Promise<void> {
    const answer = await this.send(path, { method: "DELETE" });
    if (answer.status !== 404) this.checked(answer, `DELETE ${path}`);
  }

  /** Creates an object, or makes an existing one as given. `subresource` such as `status`. */
  async apply({ collection, object }: Manifest, subresource?: string): Promise<void> {
    const path = `${collection}/${object.metadata.name}${subresource ? `/${subresource}` : ""}`;
    const answer = await this.send(`${path}?${manager}&force=true&fieldValidation=Strict`, {
      method: "PATCH",
      body: JSON.stringify(object),
      contentType: "application/apply-patch+yaml",
    });
    this.checked(answer, `applying ${object.kind} ${object.metadata.name}`);
  }

  close(): void {
    this.agent.destroy();
  }

  private async send(path: string, options: CallOptions = {}): Promise<Answer> {
    const { agent, seconds } = this;
    for (let left = options.method === "POST" ? 0 : attempts - 1; ; left--) {
      try {
        const answer = await call(this.url + path, this.credentials, { seconds, ...options, agent });
        if (left === 0 || !busy.includes(answer.status)) return answer;
      } catch (error) {
        if (left === 0 || !(error instanceof NoAnswerError)) throw error;
      }
      // A tenth of that time is enough for a queue to become shorter.
      await sleep((seconds * 1000) / 10);
    }
  }

  private checked({ status, body }: Answer, what: string): string {
    if (status >= 200 && status < 300) return body;
    throw new ApiError(status, `The API server answered ${status} to ${what}: ${body.slice(0, 500)}`);
  }
}
