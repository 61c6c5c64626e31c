import { Command, CommanderError } from "commander";
import { stringify } from "yaml";
import { checkFolder, FolderError, writeFolder } from "./folder";
import { fileName, kubernetesObjects } from "./objects";
import { runStack, SettingsError } from "./stack";

/**
 * Writes every Kubernetes object of a stack as a YAML file. Nothing is written unless all of it can be.
 * @returns the number of files
 * @throws SettingsError for wrong settings, FolderError for a folder that holds something else
 */
export async function renderStack(stack: string, folder: string): Promise<number> {
  checkFolder(folder);
  const { resources } = await runStack(stack);
  const objects = kubernetesObjects(resources);
  const files = new Map(objects.map((object) => [fileName(object), stringify(object, { lineWidth: 0 })]));
  if (files.size !== objects.length) throw new Error("Two objects have the same kind, namespace and name.");
  writeFolder(folder, files);
  return files.size;
}

/** Where a command's lines go. */
export interface CommandOutput {
  out(text: string): void;
  error(text: string): void;
}

/** `npm run render -- <arguments>`. Returns the exit code. */
export async function renderCommand(args: string[], output: CommandOutput): Promise<number> {
  const command = new Command("render")
    .description(
      "Writes every Kubernetes object of a stack as a YAML file, without engine, cluster or credentials. " +
        "Secrets are replaced by a marker.",
    )
    .argument("<stack>", "a stack with a file, such as dev for Pulumi.dev.yaml")
    .argument("<folder>", "where to; new, empty, or written by an earlier run")
    .addHelpText("after", "\nExample:\n  npm run render -- prod rendered/prod")
    .configureOutput({ writeOut: output.out, writeErr: output.error })
    .exitOverride()
    .action(async (stack: string, folder: string) => {
      const started = performance.now();
      const count = await renderStack(stack, folder);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      output.out(
        `${count} objects of stack ${stack} in ${folder} (${seconds} s). Secrets are replaced by a marker.\n`,
      );
    });
  try {
    await command.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has told its own already.
    if (error instanceof CommanderError) return error.exitCode;
    const told = error instanceof SettingsError || error instanceof FolderError || isNoSuchStack(error);
    output.error(
      `${told ? (error as Error).message : String(error instanceof Error ? error.stack : error)}\n`,
    );
    return 1;
  }
}

function isNoSuchStack(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("There is no Pulumi.");
}

if (require.main === module) {
  const output: CommandOutput = {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  };
  void renderCommand(process.argv.slice(2), output).then((code) => {
    process.exitCode = code;
  });
}
