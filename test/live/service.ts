/** The monitored service and the machine under pressure: making faults and ending them. */
import assert from "node:assert/strict";
import { apply, hostNamespace } from "./deploy";
import { lab } from "./lab";
import { control } from "./messages";
import { extraEndpoint } from "./pods";
import { testNamespace } from "./settings";

/**
 * How long errors need to be a tenth of what there was before, at most, seconds: at five times the usual traffic, a
 * forty-fifth of the time that Prometheus looks back, which is up to five minutes.
 */
export const crossing = 7;

/** All requests to the service fail. Returns when, in milliseconds of `performance.now()`. */
export async function startErrors(): Promise<number> {
  const since = performance.now();
  await control("bilten-api", { requestsPerSecond: 100, errorRatio: 1 });
  return since;
}

/**
 * No request fails any more, and there are so many that the errors are soon a small part. Returns when.
 * @param requestsPerSecond many delay the next errors' being a large part
 */
export async function endErrors(requestsPerSecond = 2000): Promise<number> {
  const since = performance.now();
  await control("bilten-api", { requestsPerSecond, errorRatio: 0 });
  return since;
}

/** The service as it was at first. */
export async function calm(): Promise<void> {
  await control("bilten-api", { requestsPerSecond: 20, errorRatio: 0 });
}

/** Adds a node-exporter whose machine is busy and full. Returns when, and the label `instance` that it has. */
export async function startPressure(): Promise<{ since: number; instance: string }> {
  await control("node-pressure", { cpu: 0.95, memory: 0.9 });
  const [pod] = await lab().pods(testNamespace, "app=node-pressure");
  const address = pod?.status.podIP ?? assert.fail("there is no pod node-pressure");
  const since = performance.now();
  await apply([extraEndpoint({ service: "node-exporter", namespace: hostNamespace, address, port: 9100 })]);
  return { since, instance: `${address}:9100` };
}

/** The machine is idle again. */
export async function endPressure(): Promise<number> {
  const since = performance.now();
  await control("node-pressure", { cpu: 0, memory: 0.3 });
  return since;
}
