/** Addresses on loopback for the Services whose pods really run. */
import type { ControlPlane } from "../controlplane";
import { choosePorts, readPorts } from "../parts/ports";
import { nodeName } from "./addresses";
import { readForwards, writeForwards, type Forward } from "./forwards";

export interface Service {
  metadata: { name: string; namespace: string };
  spec: { clusterIP?: string; ports?: { name?: string; port: number; protocol?: string }[] };
}

export interface EndpointSlice {
  metadata: { namespace: string; labels?: Record<string, string> };
  endpoints?: { nodeName?: string; conditions?: { ready?: boolean } }[];
}

/** A Service's port that answers. */
export interface Target {
  name: string;
  scheme: Forward["scheme"];
  host: string;
  targetPort: number;
}

/**
 * The ports that have a ready pod on the real node: of each Service the one called `http` or `https`, or its first. Names are
 * those of the Services, with the namespace where there are two.
 */
export function targetsOf(services: Service[], slices: EndpointSlice[]): Target[] {
  const real = new Set(
    slices
      .filter(({ endpoints = [] }) =>
        endpoints.some((endpoint) => endpoint.nodeName === nodeName && endpoint.conditions?.ready !== false),
      )
      .map(({ metadata }) => `${metadata.namespace}/${metadata.labels?.["kubernetes.io/service-name"]}`),
  );
  const found = services.flatMap(({ metadata, spec }) => {
    const ports = (spec.ports ?? []).filter(({ protocol = "TCP" }) => protocol === "TCP");
    const port =
      ["http", "https"].flatMap((scheme) => ports.find(({ name }) => name === scheme) ?? [])[0] ?? ports[0];
    const host = spec.clusterIP;
    if (!port || !host || host === "None" || !real.has(`${metadata.namespace}/${metadata.name}`)) return [];
    const scheme: Forward["scheme"] = port.name === "https" ? "https" : "http";
    return [{ metadata, scheme, host, targetPort: port.port }];
  });
  return found
    .map(({ metadata, ...target }) => {
      const twice = found.filter((other) => other.metadata.name === metadata.name).length > 1;
      return { name: twice ? `${metadata.namespace}/${metadata.name}` : metadata.name, ...target };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Makes the gateway listen on 127.0.0.1 for all that is real now. A Service keeps its port from one time to the next
 * unless somebody else has taken it.
 * @returns all addresses; they answer within half a second
 */
export async function openAddresses({ client: connect, state }: ControlPlaneAccess): Promise<Forward[]> {
  const client = connect();
  try {
    const [services, slices] = await Promise.all([
      client.list<Service>("/api/v1/services"),
      client.list<EndpointSlice>("/apis/discovery.k8s.io/v1/endpointslices"),
    ]);
    const targets = targetsOf(services, slices);
    // Ports that the gateway listens on already are not free, and stay.
    const open = new Set(readForwards(state).map(({ name }) => name));
    const portName = (name: string) => `open ${name}`;
    await choosePorts(
      state,
      targets.filter(({ name }) => !open.has(name)).map(({ name }) => portName(name)),
    );
    const ports = readPorts(state);
    const forwards = targets.map((target) => ({ ...target, port: ports[portName(target.name)]! }));
    writeForwards(state, forwards);
    return forwards;
  } finally {
    client.close();
  }
}

type ControlPlaneAccess = Pick<ControlPlane, "client" | "state">;
