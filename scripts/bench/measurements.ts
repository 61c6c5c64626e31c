/** All that `npm run bench` measures. A new measurement is one more entry. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runningLab } from "../../lab/commands/connection";
import { readUsage } from "../../lab/commands/usage";
import { startControlPlane, statusOf, stopLab } from "../../lab/controlplane";
import { lastChoice } from "../../lab/nodes/choose";
import { openState, type LabState } from "../../lab/state";
import type * as Rendering from "../../rendering/render";
import type { Bench } from "./context";
import { peakMemoryDuring } from "./memory";
import type { Measurement } from "./runs";

/** An entry runs with tools, labs and folders that the context makes and removes. */
export const measurements: Measurement<Bench>[] = [
  ...["dev", "prod"].map((stack): Measurement<Bench> => ({
    figures: [
      { name: `render-${stack}`, title: `npm run render -- ${stack}`, unit: "s", goal: 2 },
      {
        name: `render-${stack}-again`,
        title: "the same in a process that has rendered before",
        unit: "s",
        goal: 2,
      },
    ],
    prepare: (bench) => render(stack, join(bench.folder(), "rendered")),
    run: async (bench) => {
      const folder = bench.folder();
      return {
        [`render-${stack}`]: await bench.script("rendering/render.ts", stack, join(folder, "a")),
        [`render-${stack}-again`]: await timed(() => render(stack, join(folder, "b"))),
      };
    },
  })),
  {
    figures: [
      {
        name: "control-plane",
        title: "control plane from nothing until it accepts workloads",
        unit: "s",
        goal: 15,
      },
    ],
    prepare: async (bench) => void (await bench.tools()),
    run: async (bench) => {
      const tools = await bench.tools();
      const stateDir = bench.folder();
      const quiet = () => undefined;
      let state;
      const seconds = await timed(async () => {
        ({ state } = await startControlPlane({ stateDir, tools, log: quiet, signal: bench.signal }));
      });
      await stopLab(state!, { log: quiet });
      return { "control-plane": seconds };
    },
  },
  {
    figures: [
      { name: "preview", title: "pulumi preview of dev on a cluster that has it", unit: "s", goal: 6 },
      {
        name: "preview-memory",
        title: "peak memory of the process that runs index.ts during it (VmHWM)",
        unit: "MB",
        goal: 500,
      },
    ],
    // The first preview bundles the stand-ins and fills the caches.
    prepare: async (bench) => {
      const { pulumi } = await bench.deployedLab();
      await pulumi.preview("dev", { signal: bench.commandSignal() });
    },
    run: async (bench) => {
      const { pulumi, state } = await bench.deployedLab();
      let seconds = 0;
      const bytes = await peakMemoryDuring(state.directory, async () => {
        seconds = await timed(() => pulumi.preview("dev", { signal: bench.commandSignal() }));
      });
      return { preview: seconds, "preview-memory": typeof bytes === "number" ? bytes / 1e6 : bytes };
    },
  },
  {
    figures: [
      {
        name: "start",
        title: "npm start -- --simulated after a stop, to the deployed stack dev",
        unit: "s",
        goal: 60,
      },
      { name: "start-running", title: "the same while all of it runs already", unit: "s", goal: 60 },
    ],
    prepare: async (bench) => void (await bench.deployedLab()),
    run: async (bench) => {
      const { state } = await bench.deployedLab();
      await bench.lab(state, "stop");
      return {
        start: await bench.lab(state, "start", "--simulated"),
        "start-running": await bench.lab(state, "start", "--simulated"),
      };
    },
  },
  {
    figures: [
      {
        name: "real-new",
        title: "npm start in a new lab until all real pods are ready, images at hand",
        unit: "s",
        goal: 90,
      },
      { name: "real-start", title: "the same after a stop", unit: "s", goal: 90 },
      {
        name: "real-memory",
        title: "memory of that lab: its processes (RSS) and its pods (working set)",
        unit: "MB",
        goal: 3000,
      },
    ],
    // Gets tools and images.
    prepare: async (bench) => {
      const state = openState(bench.folder());
      await bench.lab(state, "start", "--no-stack");
      await bench.lab(state, "stop");
    },
    run: async (bench) => {
      const state = openState(bench.folder());
      const first = await bench.lab(state, "start");
      const because = lastChoice(state)?.simulatedBecause.join(" ");
      if (because) return { "real-new": because, "real-start": because, "real-memory": because };
      await bench.lab(state, "stop");
      const again = await bench.lab(state, "start");
      const memory = await labMemory(state);
      await bench.lab(state, "stop");
      return { "real-new": first, "real-start": again, "real-memory": memory / 1e6 };
    },
  },
];

/** Of all its processes and pods, in bytes. */
async function labMemory(state: LabState): Promise<number> {
  const parts = await statusOf(state);
  const client = (await runningLab(state.directory)).client();
  try {
    // The kubelet measures a new pod after some seconds.
    for (;;) {
      const usage = await readUsage(client);
      if (usage.length > 0 && usage.every(({ memory }) => memory !== undefined)) {
        const bytes = [...parts.map((part) => part.residentMemory), ...usage.map(({ memory }) => memory)];
        return bytes.reduce<number>((sum, next) => sum + (next ?? 0), 0);
      }
      await sleep(1000);
    }
  } finally {
    client.close();
  }
}

const load = createRequire(__filename);

/** What loads the program's packages waits until it is asked for: they take a second. */
async function render(stack: string, folder: string): Promise<void> {
  const { renderStack } = load("../../rendering/render") as typeof Rendering;
  await renderStack(stack, folder);
}

/** How long it takes, in seconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}
