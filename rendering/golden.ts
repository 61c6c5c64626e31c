import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Inputs, RegisteredResource } from "./record";
import { runStack } from "./stack";

/** The stacks whose listing is kept. */
export const goldenStacks = ["dev", "prod"];

/** Longer texts (rules, dashboards) stand as their digest: a change shows, the listing stays readable. */
const longestText = 200;

/** The file that holds a stack's listing. */
export function goldenFile(stack: string): string {
  return join(__dirname, "..", "test", "golden", `${stack}.yaml`);
}

/** Every resource of a stack with its parent and inputs, sorted by type and name. */
export async function goldenListing(stack: string): Promise<string> {
  const { resources } = await runStack(stack);
  const header = `# Every resource of stack ${stack}. Renew with: npm run golden\n`;
  return header + stringify(sorted(resources).map(entry), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The listing as it is kept, or an empty text. */
export function keptListing(stack: string): string {
  try {
    return readFileSync(goldenFile(stack), "utf8");
  } catch {
    return "";
  }
}

function sorted(resources: RegisteredResource[]): RegisteredResource[] {
  const key = ({ type, name }: RegisteredResource) => `${type} ${name}`;
  return [...resources].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function entry({ type, name, parent, inputs, custom, retainOnDelete }: RegisteredResource): object {
  return {
    resource: `${type} ${name}`,
    ...(parent && { parent }),
    ...(retainOnDelete && { retainOnDelete }),
    ...(custom && { inputs: digest(inputs) as object }),
  };
}

function digest(value: Inputs): Inputs {
  if (typeof value === "string" && value.length > longestText) {
    const hash = createHash("sha256").update(value).digest("hex").slice(0, 12);
    return `<sha256 ${hash}, ${Buffer.byteLength(value)} bytes>`;
  }
  if (Array.isArray(value)) return value.map((item) => digest(item) as Inputs);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, digest(item) as Inputs]));
}

async function main(): Promise<void> {
  for (const stack of goldenStacks) {
    const listing = await goldenListing(stack);
    const changed = listing !== keptListing(stack);
    if (changed) writeFileSync(goldenFile(stack), listing);
    console.log(`${stack}: ${changed ? "changed; review it with git diff" : "as before"}`);
  }
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
