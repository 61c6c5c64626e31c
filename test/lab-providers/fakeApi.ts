import { ApiError, type ApplyOptions, type KubeAnswer } from "../../lab/providers/kubernetes/api";
import { isObject, type Json, type Properties } from "../../lab/providers/values";

const resources: Record<string, [kind: string, name: string, namespaced: boolean][]> = {
  "/api/v1": [
    ["ConfigMap", "configmaps", true],
    ["Secret", "secrets", true],
    ["Pod", "pods", true],
    ["Namespace", "namespaces", false],
  ],
  "/apis/apps/v1": [["Deployment", "deployments", true]],
};

/** As much of an API server as the stand-in talks to. */
export class FakeApi {
  readonly defaultNamespace = "default";
  readonly objects = new Map<string, Properties>();
  readonly applied: (ApplyOptions & { object: Json })[] = [];
  /** The answer to every apply. */
  fail: { status: number; message: string; causes?: string[] } | undefined;

  async get(path: string): Promise<KubeAnswer> {
    const list = resources[path];
    if (!list) throw new ApiError(404, "NotFound", `${path} not found`);
    return {
      body: { resources: list.map(([kind, name, namespaced]) => ({ kind, name, namespaced })) },
      warnings: [],
    };
  }

  async find(path: string): Promise<Properties | undefined> {
    return this.objects.get(path);
  }

  async apply(path: string, object: Json, options: ApplyOptions): Promise<KubeAnswer> {
    this.applied.push({ ...options, object });
    if (this.fail) throw new ApiError(this.fail.status, "", this.fail.message, this.fail.causes);
    const { stringData, ...live } = object as Properties;
    if (isObject(stringData)) {
      const encoded = Object.entries(stringData).map(([key, value]) => {
        return [key, Buffer.from(String(value)).toString("base64")];
      });
      live["data"] = Object.fromEntries(encoded) as Properties;
    }
    if (!options.dryRun) this.objects.set(path, live);
    return { body: live, warnings: [] };
  }

  async delete(path: string): Promise<KubeAnswer> {
    if (!this.objects.delete(path)) throw new ApiError(404, "NotFound", `${path} not found`);
    return { body: {}, warnings: [] };
  }

  close(): void {}
}
