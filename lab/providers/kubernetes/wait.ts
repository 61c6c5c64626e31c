import { setTimeout as sleep } from "node:timers/promises";
import type { Progress } from "../standIn";
import type { Json, Properties } from "../values";
import type { KubeApi } from "./api";
import type { ApiResource } from "./kinds";
import { defaultTimeoutSeconds, FailedError, readinessOf, troubles } from "./readiness";

interface WaitRequest {
  api: KubeApi;
  path: string;
  /** Seconds; 0 for the default. */
  timeout: number;
  signal: AbortSignal;
  progress: Progress;
}

export interface WaitResult {
  live: Properties;
  /** Why it is not ready, when it is not. */
  problem?: string;
  troubles: string[];
}

/** Looks often at first, since most objects are ready at once, and then rarely enough for the API server. */
const pauses = { first: 100, longest: 1000, factor: 1.5 };

/** Waits until an object is ready, and tells how it is doing. */
export async function waitReady(
  request: WaitRequest & { resource: ApiResource; live: Properties },
): Promise<WaitResult> {
  const { api, path, resource, signal, progress } = request;
  const check = readinessOf(resource.apiVersion, resource.kind);
  if (!check) return { live: request.live, troubles: [] };
  const seconds = request.timeout || defaultTimeoutSeconds;
  const until = Date.now() + seconds * 1000;
  let live = request.live;
  let told: string | undefined;
  for (let pause = pauses.first; ; pause = Math.min(pause * pauses.factor, pauses.longest)) {
    let missing: string | undefined;
    try {
      missing = await check(live, api);
    } catch (error) {
      if (!(error instanceof FailedError)) throw error;
      return { live, problem: error.message, troubles: await troubles(live, api) };
    }
    if (!missing) return { live, troubles: [] };
    if (missing !== told) progress(`waiting: ${missing}`);
    told = missing;
    if (signal.aborted) return { live, problem: `the update was cancelled while ${missing}`, troubles: [] };
    if (Date.now() > until) {
      return { live, problem: `after ${seconds} s, ${missing}`, troubles: await troubles(live, api) };
    }
    await sleep(pause);
    const found = await api.find(path);
    if (!found) return { live, problem: "it was deleted while it was waited for", troubles: [] };
    live = found;
  }
}

/** Waits until the object with this uid is gone; another one may have its name by then. */
export async function waitGone({
  api,
  path,
  uid,
  timeout,
  signal,
  progress,
}: WaitRequest & { uid: Json | undefined }): Promise<void> {
  const seconds = timeout || defaultTimeoutSeconds;
  const until = Date.now() + seconds * 1000;
  for (let pause = pauses.first; ; pause = Math.min(pause * pauses.factor, pauses.longest)) {
    const found = await api.find(path);
    const metadata = (found?.["metadata"] ?? {}) as { uid?: string; finalizers?: string[] };
    if (!found || (uid !== undefined && metadata.uid !== uid)) return;
    const finalizers = metadata.finalizers?.join(", ") ?? "";
    progress(finalizers ? `waiting for finalizers: ${finalizers}` : "waiting until it is gone");
    if (signal.aborted) throw new Error(`The deletion was cancelled; the object is still going (${path}).`);
    if (Date.now() > until) {
      throw new Error(
        `${path} is still there ${seconds} s after its deletion${finalizers && `, held by ${finalizers}`}.`,
      );
    }
    await sleep(pause);
  }
}
