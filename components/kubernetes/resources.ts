import type { ResourceSettings } from "../../config/settings";

/** Requests and limits of a container, all of them given. */
export interface ContainerResources {
  requests: { cpu: string; memory: string };
  limits: { cpu: string; memory: string };
}

/**
 * The default requests and limits with what the user gave instead of them. A default gives way to a given value that
 * contradicts it: a limit below the default request lowers the request to it, a request above the default limit raises
 * the limit to it. A given request above a given limit is left as it is; Kubernetes refuses it.
 */
export function resourcesOver(defaults: ContainerResources, override?: ResourceSettings): ContainerResources {
  const amounts = (key: "cpu" | "memory") => {
    const given: { request?: string; limit?: string } = {
      request: override?.requests?.[key],
      limit: override?.limits?.[key],
    };
    let request = given.request ?? defaults.requests[key];
    let limit = given.limit ?? defaults.limits[key];
    if (amountOf(request) > amountOf(limit)) {
      if (given.request === undefined) request = limit;
      else if (given.limit === undefined) limit = request;
    }
    return { request, limit };
  };
  const cpu = amounts("cpu");
  const memory = amounts("memory");
  return {
    requests: { cpu: cpu.request, memory: memory.request },
    limits: { cpu: cpu.limit, memory: memory.limit },
  };
}

const factors: Record<string, number> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/**
 * A Kubernetes quantity as a number: of processors or of bytes.
 * @throws when it is not a quantity.
 */
function amountOf(quantity: string): number {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(quantity);
  const factor = factors[match?.[2] ?? "?"];
  if (!match || factor === undefined) {
    throw new Error(
      `"${quantity}" is not an amount of processors or memory; write it like "250m", "1" or "512Mi".`,
    );
  }
  return Number(match[1]) * factor;
}
