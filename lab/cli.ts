/** `npm run lab -- <command>` */
import { Command, InvalidArgumentError } from "commander";
import { exec } from "./commands/exec";
import { images, prune } from "./commands/images";
import { kubectl } from "./commands/kubectl";
import { logs } from "./commands/logs";
import { open } from "./commands/open";
import { reset } from "./commands/reset";
import { start, type StartOptions } from "./commands/start";
import { status } from "./commands/status";
import { stop } from "./commands/stop";
import { defaultStateDirectory, LabError } from "./state";
import { top } from "./commands/top";
import { ToolsError } from "./tools";

const program = new Command("npm run lab --")
  .description(
    "A Kubernetes control plane on this machine, with simulated nodes and, where possible, a real one, for trying and " +
      "testing the monitoring stack.",
  )
  .option("--state-dir <folder>", "where this lab keeps everything", defaultStateDirectory())
  .enablePositionalOptions()
  .showHelpAfterError()
  .addHelpText(
    "after",
    `
Examples:
  npm run lab -- start                     control plane, nodes and the dev stack; also as npm start
  npm run lab -- start --stack prod        with the shape of production
  npm run lab -- start --no-stack          control plane and nodes alone
  npm run lab -- status                    what runs, where, and how much memory it takes
  npm run lab -- open                      addresses of what really runs
  npm run lab -- top                       what each real pod uses
  npm run lab -- kubectl get pods -A       any kubectl command, on this lab
  npm run lab -- logs kube-apiserver -f    what a part of the lab writes
  npm run lab -- logs prometheus           what a pod writes
  npm run lab -- exec prometheus -- /bin/promtool --version
  npm run lab -- stop                      ends all processes; data stays for the next start
  npm run lab -- reset                     ends all processes and removes all data

Nothing is changed outside the state folder and ~/.cache/bilten-monitoring; ~/.kube is neither read nor written.`,
  );

const stateDir = () => program.opts<{ stateDir: string }>().stateDir;
const exit = (code: number): void => {
  process.exitCode = code;
};

program
  .command("start")
  .description("start what is not running (control plane, nodes) and deploy a stack on it")
  .option("--stack <name>", "the stack to deploy", "dev")
  .option("--no-stack", "only control plane and nodes")
  .option("--simulated", "no real node, also where there could be one", false)
  .option("--no-pull", "build images without asking registries for them")
  .option(
    "--official-provider",
    "build Pulumi's own Kubernetes provider, instead of the lab's stand-in",
    false,
  )
  .action(
    async ({ stack, ...options }: { stack: string | false } & Omit<StartOptions, "stack" | "stateDir">) =>
      exit(await start({ stateDir: stateDir(), stack: stack || undefined, ...options })),
  );
program
  .command("status")
  .description("show the parts: health, process, port, memory, log (exit code 0 when it runs, 3 when not)")
  .option("--json", "for programs", false)
  .action(async ({ json }: { json: boolean }) => exit(await status({ stateDir: stateDir(), json })));
program
  .command("open")
  .description("give an address on this machine to each service whose pods really run, and print them")
  .option("--json", "for programs", false)
  .action(async ({ json }: { json: boolean }) => exit(await open({ stateDir: stateDir(), json })));
program
  .command("top")
  .description("show the CPU and memory that each real pod uses, beside its requests and limits")
  .option("--json", "for programs: cores and bytes", false)
  .action(async ({ json }: { json: boolean }) => exit(await top({ stateDir: stateDir(), json })));
program
  .command("images")
  .description("show which images real pods can be made from, and where they come from")
  .action(() => exit(images()));
program
  .command("prune")
  .description("remove from the cache the tools and images that this checkout does not use")
  .action(() => exit(prune()));
program
  .command("stop")
  .description("end all processes of the lab, also those that a crash left; data stays")
  .action(async () => exit(await stop({ stateDir: stateDir() })));
program
  .command("reset")
  .description("stop, and remove the state folder with all data, keys and logs")
  .action(async () => exit(await reset({ stateDir: stateDir() })));
program
  .command("kubectl")
  .description("run kubectl on this lab; all arguments are passed on")
  .argument("[args...]")
  .passThroughOptions()
  .allowUnknownOption()
  .helpOption(false)
  .action(async (args: string[]) => exit(await kubectl({ stateDir: stateDir(), args })));
program
  .command("exec")
  .description("run a command in a pod; it follows --")
  .argument("<name>", "a pod, or an application (prometheus)")
  .argument("[command...]")
  .passThroughOptions()
  .action(async (pod: string, [first, ...rest]: string[]) => {
    const command = first === undefined || first === "--" ? rest : [first, ...rest];
    exit(await exec({ stateDir: stateDir(), pod, command }));
  });
program
  .command("logs")
  .description("show the end of the log of a part of the lab, or of a pod")
  .argument("<name>", "a part as status names it (etcd, kubelet, ...), a pod, or an application (prometheus)")
  .option("-n, --lines <number>", "how many lines", positiveInteger, 100)
  .option("-f, --follow", "go on showing what is written", false)
  .action(async (part: string, options: { lines: number; follow: boolean }) =>
    exit(await logs({ stateDir: stateDir(), part, ...options })),
  );

function positiveInteger(text: string): number {
  if (!/^[1-9]\d*$/.test(text))
    throw new InvalidArgumentError("Expected a positive whole number, such as 100.");
  return Number(text);
}

// Who reads may stop reading, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

program.parseAsync().catch((error: unknown) => {
  // Errors that are meant for the user say all there is to say.
  const known = error instanceof LabError || error instanceof ToolsError;
  console.error(known ? error.message : error);
  process.exitCode = 1;
});
