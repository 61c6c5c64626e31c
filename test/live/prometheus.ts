/** Questions to the Prometheus of the stack. */
import assert from "node:assert/strict";
import { lab } from "./lab";

export interface Target {
  scrapePool: string;
  labels: Record<string, string>;
  scrapeUrl: string;
  health: "up" | "down" | "unknown";
  lastError: string;
}

export interface ActiveAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: "pending" | "firing";
  activeAt: string;
}

export interface Rule {
  name: string;
  type: "alerting" | "recording";
  query: string;
  health: "ok" | "err" | "unknown";
  lastError?: string;
  evaluationTime: number;
}

export interface RuleGroup {
  name: string;
  rules: Rule[];
  lastEvaluation: string;
}

export interface Series {
  metric: Record<string, string>;
  /** Instant queries: seconds since 1970, and the value. */
  value?: [number, string];
  /** Queries of ranges. */
  values?: [number, string][];
}

interface Answer<T> {
  status: string;
  data: T;
  error?: string;
  warnings?: string[];
  infos?: string[];
}

/** What `/api/v1/<path>` answers. */
async function ask<T>(path: string, query: Record<string, string> = {}): Promise<Answer<T>> {
  const url = `${lab().url("prometheus")}/api/v1/${path}?${new URLSearchParams(query).toString()}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  const answer = (await response.json()) as Answer<T>;
  assert.equal(answer.status, "success", `${path}: ${answer.error}`);
  return answer;
}

/** All that it scrapes. */
export async function targets(): Promise<Target[]> {
  const { data } = await ask<{ activeTargets: Target[] }>("targets", { state: "active" });
  return data.activeTargets;
}

/** Pending and firing alerts. */
export async function alerts(): Promise<ActiveAlert[]> {
  return (await ask<{ alerts: ActiveAlert[] }>("alerts")).data.alerts;
}

/** The active alerts of a name. */
export async function alertsNamed(name: string): Promise<ActiveAlert[]> {
  return (await alerts()).filter(({ labels }) => labels.alertname === name);
}

/** Labels of each alert that fires, but of those that depend on how busy and full this machine is. */
export async function firing(): Promise<Record<string, string>[]> {
  const machine = ["HighCPUUsage", "HighMemoryUsage"];
  return (await alerts())
    .filter(({ state, labels }) => state === "firing" && !machine.includes(labels["alertname"]!))
    .map(({ labels }) => labels);
}

/** Labels as one text, for comparing. */
export function labelText(labels: Record<string, string>): string {
  return JSON.stringify(Object.entries(labels).sort());
}

/** When the rule group that was evaluated longest ago was, milliseconds since 1970. */
export async function evaluatedAt(): Promise<number> {
  return Math.min(...(await ruleGroups()).map(({ lastEvaluation }) => Date.parse(lastEvaluation)));
}

export async function ruleGroups(): Promise<RuleGroup[]> {
  return (await ask<{ groups: RuleGroup[] }>("rules")).data.groups;
}

export interface QueryResult {
  series: Series[];
  /** What Prometheus has to say against the query. */
  complaints: string[];
}

/** @param time seconds since 1970. @default now */
export async function query(expression: string, time?: number): Promise<QueryResult> {
  const { data, warnings, infos } = await ask<{ result: Series[] }>("query", {
    query: expression,
    ...(time === undefined ? {} : { time: String(time) }),
  });
  return { series: data.result, complaints: [...(warnings ?? []), ...(infos ?? [])] };
}

/** The value of a query's only series. */
export async function value(expression: string): Promise<number> {
  const { series } = await query(expression);
  assert.equal(series.length, 1, `${expression} has ${series.length} series`);
  return Number(series[0]!.value![1]);
}
