/** Requests to the API server, with the credentials of a kubeconfig. */
import { readFileSync } from "node:fs";
import { Agent, request, type RequestOptions } from "node:https";
import { request as plainRequest } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Json, Properties } from "../values";

/** An answer that is not a success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    /** Field managers that own what was to be changed, with the fields. */
    readonly causes: string[] = [],
  ) {
    super(message);
  }
}

export interface KubeSettings {
  /** Content of a kubeconfig, or path of one; default the files of KUBECONFIG, then ~/.kube/config. */
  kubeconfig?: string;
  context?: string;
}

export interface KubeAnswer {
  body: Properties;
  /** What the server warns of, such as Pod Security violations. */
  warnings: string[];
}

/** Seconds until a request without an answer fails. */
const requestSeconds = 60;

export class KubeApi {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });
  private options: Promise<RequestOptions> | undefined;

  private constructor(private readonly config: KubeConfig) {}

  /** @throws Error when the kubeconfig cannot be read, or lacks the context */
  static async connect({ kubeconfig, context }: KubeSettings): Promise<KubeApi> {
    // Eight hundred modules: loaded by who connects to a cluster, and not by who plays one.
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    load(config, kubeconfig);
    if (context) {
      if (!config.getContexts().some(({ name }) => name === context)) {
        const names = config.getContexts().map(({ name }) => name);
        throw new Error(
          `kubernetes:context: "${context}" is not in the kubeconfig, which has: ${names.join(", ") || "none"}.`,
        );
      }
      config.setCurrentContext(context);
    }
    if (!config.getCurrentCluster()) {
      throw new Error(
        "There is no cluster: set kubernetes:kubeconfig, or KUBECONFIG, to a kubeconfig with a context.",
      );
    }
    return new KubeApi(config);
  }

  /** Namespace of the context. */
  get defaultNamespace(): string {
    return this.config.getContextObject(this.config.getCurrentContext())?.namespace ?? "default";
  }

  get(path: string): Promise<KubeAnswer> {
    return this.call("GET", path);
  }

  /** The object, or undefined when there is none. */
  async find(path: string): Promise<Properties | undefined> {
    try {
      return (await this.get(path)).body;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  delete(path: string, propagationPolicy: string): Promise<KubeAnswer> {
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy };
    return this.call("DELETE", path, JSON.stringify(body), "application/json");
  }

  /** Server-side apply. Fields that the API does not know are errors. */
  apply(path: string, object: Json, { manager, force, dryRun }: ApplyOptions): Promise<KubeAnswer> {
    const query = new URLSearchParams({
      fieldManager: manager,
      fieldValidation: "Strict",
      force: String(force),
    });
    if (dryRun) query.set("dryRun", "All");
    return this.call("PATCH", `${path}?${query}`, JSON.stringify(object), "application/apply-patch+yaml");
  }

  close(): void {
    this.agent.destroy();
  }

  private async call(method: string, path: string, body?: string, contentType?: string): Promise<KubeAnswer> {
    // Reading credentials takes a process in the case of exec plugins: once is enough.
    this.options ??= this.credentials();
    const url = new URL(this.config.getCurrentCluster()!.server.replace(/\/$/, "") + path);
    const headers: Record<string, string | number> = { accept: "application/json" };
    if (body !== undefined) {
      headers["content-type"] = contentType!;
      headers["content-length"] = Buffer.byteLength(body);
    }
    const credentials = await this.options;
    const secure = url.protocol === "https:";
    const options: RequestOptions = {
      ...credentials,
      ...(secure ? { agent: credentials.agent ?? this.agent } : { agent: undefined }),
      method,
      headers: { ...(credentials.headers as Record<string, string> | undefined), ...headers },
      timeout: requestSeconds * 1000,
    };
    return new Promise((resolve, reject) => {
      const sent = (secure ? request : plainRequest)(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          if (status < 200 || status > 299) return reject(apiError(status, text));
          resolve({
            body: JSON.parse(text) as Properties,
            warnings: warningsOf(response.headers["warning"]),
          });
        });
      });
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${requestSeconds} s`)));
      sent.on("error", (error) =>
        reject(
          new Error(`The API server ${url.origin} cannot be reached: ${error.message}. Is the cluster up?`),
        ),
      );
      sent.end(body);
    });
  }

  private async credentials(): Promise<RequestOptions> {
    const options: RequestOptions = {};
    await this.config.applyToHTTPSOptions(options);
    // Its own agent keeps no connection; with a proxy it is needed.
    if (!this.config.getCurrentCluster()?.proxyUrl) delete options.agent;
    return options;
  }
}

function load(config: KubeConfig, kubeconfig: string | undefined): void {
  if (!kubeconfig) return config.loadFromDefault();
  const text = /^\s*[{]|\n|^apiVersion:/.test(kubeconfig)
    ? kubeconfig
    : readFileSync(kubeconfig.replace(/^~(?=\/)/, homedir()), "utf8");
  config.loadFromString(text);
  if (text !== kubeconfig) config.makePathsAbsolute(join(kubeconfig, ".."));
}

export interface ApplyOptions {
  manager: string;
  force: boolean;
  dryRun?: boolean;
}

interface StatusBody {
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string; field?: string }[] };
}

function apiError(status: number, text: string): ApiError {
  try {
    const { reason, message, details } = JSON.parse(text) as StatusBody;
    const causes = (details?.causes ?? []).map((cause) =>
      `${cause.message ?? ""} ${cause.field ?? ""}`.trim(),
    );
    return new ApiError(status, reason ?? "", message ?? `status ${status}`, causes);
  } catch {
    return new ApiError(status, "", `status ${status}: ${text.slice(0, 300)}`);
  }
}

/** The header is `299 - "text", 299 - "text"`. */
function warningsOf(header: string | undefined): string[] {
  return [...(header ?? "").matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    match[1]!.replaceAll(/\\(.)/g, "$1"),
  );
}
