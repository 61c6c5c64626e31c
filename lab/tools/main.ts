import { Command } from "commander";
import { describeTools, ensureTools, ToolsError } from ".";
import { toolModules, programsOf, type ToolName } from "./catalogue";

const all = toolModules.flatMap(programsOf);

function known(names: string[]): ToolName[] {
  const unknown = names.filter((name) => !all.some((tool) => tool === name));
  if (unknown.length > 0)
    throw new ToolsError(`Unknown: ${unknown.join(", ")}. There are: ${all.join(", ")}.`);
  return names.length > 0 ? (names as ToolName[]) : all;
}

const program = new Command("tools").description("The programs that the lab and the tests run.");
program
  .command("list")
  .description("where each program comes from")
  .action(() => {
    for (const { name, version, source } of describeTools())
      console.log(`${name.padEnd(24)} ${version.padEnd(9)} ${source}`);
  });
program
  .command("build [names...]")
  .description("build what is missing, all or the named ones")
  .action(async (names: string[]) => void (await ensureTools(known(names))));
program
  .command("path <name>")
  .description("print a program's path, building it first when it is missing")
  .action(async (name: string) => {
    const [tool] = known([name]);
    if (tool) console.log((await ensureTools([tool]))[tool]);
  });

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof ToolsError ? error.message : error);
  process.exitCode = 1;
});
