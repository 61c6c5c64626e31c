/** `npm run bench`: how long things take and how much memory they need on this machine, beside the goals. */
import { Command, InvalidArgumentError } from "commander";
import { availableParallelism, freemem, loadavg, totalmem } from "node:os";
import { InterruptedError, interruptedCode, interruptible } from "../lab/commands/interrupt";
import { LabError } from "../lab/state";
import { ToolsError } from "../lab/tools";
import { createBench } from "./bench/context";
import { missed, table, toJson } from "./bench/figures";
import { measurements } from "./bench/measurements";
import { select, take } from "./bench/runs";

interface Options {
  runs: number;
  only: string[];
  json: boolean;
  check: boolean;
}

const names = measurements.flatMap(({ figures }) => figures.map(({ name }) => name));

const command = new Command("npm run bench --")
  .description("Measures on this machine and shows each figure beside its goal; ratio is median / goal.")
  .option("--runs <number>", "how often each is measured", positiveInteger, 3)
  .option("--only <names...>", `one or more of ${names.join(", ")}`, [])
  .option("--json", "for programs; progress goes to standard error", false)
  .option("--check", "exit code 1 when a goal is missed", false)
  .showHelpAfterError()
  .addHelpText(
    "after",
    `
Examples:
  npm run bench
  npm run bench -- --only preview --runs 10
  npm run bench -- --check --json > figures.json

The labs are its own, in the folder of temporary files, and nothing is left of them. On a loaded machine the figures
say more about the load: it is shown beside them. A measurement that fails makes the exit code 1.`,
  )
  .action(bench);

async function bench({ runs, only, json, check }: Options): Promise<void> {
  const log = (line: string) => console.error(line);
  // A program that is rendered in this process speaks to its user, at times after it has ended.
  console.log = console.warn = () => undefined;
  const machine = {
    cores: availableParallelism(),
    memoryGB: round(totalmem() / 1e9),
    freeMemoryGB: round(freemem() / 1e9),
    loadAverage: loadavg().map(round),
    node: process.versions.node,
  };
  const chosen = select(measurements, only);
  log(
    `${machine.cores} cores, ${machine.memoryGB} GB of memory (${machine.freeMemoryGB} free), ` +
      `load average ${machine.loadAverage.join(" ")}, Node ${machine.node}`,
  );
  const { results, failures } = await interruptible(async (signal) => {
    const context = createBench(log, signal);
    try {
      return await take(chosen, { context, runs, log, signal });
    } finally {
      await context.remove();
    }
  });
  process.stdout.write(`${json ? toJson(machine, results) : table(results).join("\n")}\n`);
  process.exitCode = failures > 0 || (check && missed(results).length > 0) ? 1 : 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d*$/.test(text))
    throw new InvalidArgumentError("Expected a positive whole number, such as 3.");
  return Number(text);
}

command.parseAsync().catch((error: unknown) => {
  if (error instanceof InterruptedError) {
    console.error("Interrupted: nothing is left running.");
    process.exitCode = interruptedCode;
    return;
  }
  // Errors that are meant for the user say all there is to say.
  console.error(error instanceof LabError || error instanceof ToolsError ? error.message : error);
  process.exitCode = 1;
});
