import { Command } from "commander";
import { stringify } from "yaml";
import { FolderError, writeFolder } from "./folder";
import { fileName, kubernetesObjects } from "./objects";
import { runStack, SettingsError } from "./stack";

async function render(stack: string, folder: string): Promise<void> {
  const started = performance.now();
  const { resources } = await runStack(stack);
  const objects = kubernetesObjects(resources);
  const files = new Map(objects.map((object) => [fileName(object), stringify(object, { lineWidth: 0 })]));
  if (files.size !== objects.length) throw new Error("Two objects have the same kind, namespace and name.");
  writeFolder(folder, files);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${files.size} objects of stack ${stack} in ${folder} (${seconds} s). Secrets are replaced by a marker.`,
  );
}

new Command("render")
  .description(
    "Writes every Kubernetes object of a stack as a YAML file, without engine, cluster or credentials. " +
      "Secrets are replaced by a marker.",
  )
  .argument("<stack>", "a stack with a file, such as dev for Pulumi.dev.yaml")
  .argument("<folder>", "where to; new, empty, or written by an earlier run")
  .addHelpText("after", "\nExample:\n  npm run render -- prod rendered/prod")
  .action(render)
  .parseAsync()
  .catch((error: unknown) => {
    const told = error instanceof SettingsError || error instanceof FolderError || isNoSuchStack(error);
    console.error(told ? (error as Error).message : error);
    process.exitCode = 1;
  });

function isNoSuchStack(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("There is no Pulumi.");
}
