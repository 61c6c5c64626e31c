/** Programs that reach pods as other pods do. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import type { SdkTrace } from "../jaeger/sdk";
import { lab } from "./lab";

/** Runs a script in the network of the node, and reads what it prints. */
export function inNodeNetwork<T>(script: string, seconds: number): Promise<T> {
  const [enter = "", ...args] = lab().inNodeNetwork;
  return new Promise((resolve, reject) => {
    const child = execFile(
      enter,
      [...args, process.execPath, "--input-type=module", "-"],
      { timeout: seconds * 1000 },
      (error, stdout) => (error ? reject(error) : resolve(JSON.parse(stdout) as T)),
    );
    child.stdin?.end(script);
  });
}

/** Sends a trace over gRPC, with OpenTelemetry's SDK, to the address of port 4317 of a pod; answers its id. */
export function grpcFromNode(url: string, given: SdkTrace): Promise<string> {
  const checkout = join(__dirname, "..", "..", "package.json");
  return inNodeNetwork(
    `
    import { createRequire } from "node:module";
    const load = createRequire(${JSON.stringify(checkout)});
    load("./scripts/typescript.cjs");
    const { sendOverGrpc } = load("./test/jaeger/sdk.ts");
    console.log(JSON.stringify(await sendOverGrpc(${JSON.stringify(url)}, ${JSON.stringify(given)})));`,
    60,
  );
}
