/** What the programs of all stand-ins do. */
import { serve } from "./server";
import type { StandIn } from "./standIn";

/**
 * Runs a stand-in as the engine starts a plugin: its address among the arguments, after the version of the plugin that
 * is stood in for. It reads the port from the first line on standard output.
 */
export function runPlugin(make: (version: string) => StandIn): void {
  main(make).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}

async function main(make: (version: string) => StandIn): Promise<void> {
  const [version = "", ...rest] = process.argv.slice(2);
  const address = rest.find((argument) => !argument.startsWith("-"));
  const server = await serve(make(version), address);

  const end = () => {
    server.close();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, end);
  // An engine that was killed cannot say goodbye.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, 1000).unref();

  process.stdout.write(`${server.port}\n`);
}
