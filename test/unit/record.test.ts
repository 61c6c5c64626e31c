import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { runProgram, secretMarker } from "../../rendering/record";

const configMap = (name: string, data: pulumi.Input<Record<string, pulumi.Input<string>>> = {}) =>
  new k8s.core.v1.ConfigMap(name, { metadata: { name, namespace: "n" }, data });

const names = async (program: () => unknown) => (await runProgram(program)).resources.map(({ name }) => name);

class Group extends pulumi.ComponentResource {
  constructor(name: string) {
    super("bilten:test:Group", name);
    new k8s.core.v1.ConfigMap(`${name}-child`, { data: {} }, { parent: this });
    this.registerOutputs({});
  }
}

describe("a recorded run", () => {
  describe("fails", () => {
    it("when the program throws", async () => {
      await assert.rejects(
        runProgram(() => {
          throw new Error("thrown");
        }),
        /thrown/,
      );
    });

    it("with the line of the source in which the program threw", async () => {
      const program = () => {
        throw new Error("here");
      };
      const { stack = "" }: Error = await runProgram(program).then(
        () => assert.fail("it succeeds"),
        (error: Error) => error,
      );
      const lines = readFileSync(__filename, "utf8").split("\n");
      const line = lines.findIndex((text) => text.includes('new Error("here")')) + 1;
      assert.match(stack, new RegExp(`record\\.test\\.ts:${line}:`));
    });

    it("when an apply throws that nobody looks at", async () => {
      await assert.rejects(
        runProgram(() => {
          configMap("a").metadata.name.apply(() => {
            throw new Error("in apply");
          });
        }),
        /in apply/,
      );
    });

    it("when an apply returns a promise that is rejected", async () => {
      await assert.rejects(
        runProgram(() => {
          configMap("a").metadata.name.apply(() => Promise.reject(new Error("rejected in apply")));
        }),
        /rejected in apply/,
      );
    });

    it("when an input is an output that fails", async () => {
      await assert.rejects(
        runProgram(() => {
          const failing = pulumi.output("a").apply((): string => {
            throw new Error("failing input");
          });
          configMap("a", { key: failing });
        }),
        /failing input/,
      );
    });

    it("when an output that it returns fails", async () => {
      await assert.rejects(
        runProgram(() => ({
          output: configMap("a").metadata.name.apply((): string => {
            throw new Error("failing output");
          }),
        })),
        /failing output/,
      );
    });

    it("when a promise is rejected that nobody awaits", async () => {
      await assert.rejects(
        runProgram(() => {
          void Promise.reject(new Error("not awaited"));
        }),
        /not awaited/,
      );
    });

    it("when the program asks a provider, which is not there", async () => {
      await assert.rejects(
        runProgram(() => {
          void k8s.yaml; // the module is loaded; the call below is what fails
          void pulumi.runtime.invoke("kubernetes:test:ask", {}).catch(() => undefined);
        }),
        /calls kubernetes:test:ask; a program that asks a provider cannot run without one/,
      );
    });

    it("with the first failure when there are several", async () => {
      await assert.rejects(
        runProgram(() => {
          void Promise.reject(new Error("first"));
          void Promise.reject(new Error("second"));
        }),
        /first/,
      );
    });

    it("and the next run is none the worse for it", async () => {
      await assert.rejects(runProgram(() => void Promise.reject(new Error("failed"))));
      assert.deepEqual(await names(() => void configMap("after")), ["after"]);
    });
  });

  describe("waits for registrations", () => {
    it("of an asynchronous program", async () => {
      const program = async () => {
        await sleep(20);
        configMap("late");
      };
      assert.deepEqual(await names(program), ["late"]);
    });

    it("started in an apply of another one's output", async () => {
      const program = () => {
        configMap("first").metadata.name.apply((name) => {
          configMap(`${name}-second`).metadata.name.apply((second) => configMap(`${second}-third`));
        });
      };
      assert.deepEqual(await names(program), ["first", "first-second", "first-second-third"]);
    });

    it("started in an apply of a promise that takes its time", async () => {
      const program = () => {
        pulumi.output(sleep(50, "late")).apply((name) => configMap(name));
      };
      assert.deepEqual(await names(program), ["late"]);
    });

    it("started in a promise that nobody awaits, once another one has ended", async () => {
      const program = () => {
        const first = configMap("first");
        void new Promise<string>((resolve) => first.metadata.name.apply(resolve)).then((name) =>
          configMap(`${name}-then`),
        );
      };
      assert.deepEqual(await names(program), ["first", "first-then"]);
    });
  });

  describe("records", () => {
    it("type, name, inputs, and whether it is a component", async () => {
      const { resources } = await runProgram(() => {
        new Group("group");
        configMap("a", { key: "value" });
      });
      const found = Object.fromEntries(resources.map((each) => [each.name, each]));
      assert.equal(found["group"]?.type, "bilten:test:Group");
      assert.equal(found["group"]?.custom, false);
      assert.equal(found["a"]?.type, "kubernetes:core/v1:ConfigMap");
      assert.equal(found["a"]?.custom, true);
      assert.deepEqual((found["a"]?.inputs as { data: object }).data, { key: "value" });
    });

    it("the parent, and none for what stands at the top", async () => {
      const { resources } = await runProgram(() => new Group("group"));
      assert.deepEqual(
        resources.map(({ name, parent }) => [name, parent]),
        [
          ["group", undefined],
          ["group-child", "group"],
        ],
      );
    });

    it("what the program returns, outputs resolved", async () => {
      const { outputs } = await runProgram(() => ({ name: configMap("a").metadata.name }));
      assert.deepEqual(outputs, { name: "a" });
    });
  });

  describe("hides secrets", () => {
    const program = () => {
      const password = new pulumi.Config().requireSecret("password");
      configMap("a", { key: password, derived: pulumi.interpolate`p=${password}`, plain: "plain" });
      return { password };
    };
    const options = { config: { password: "f00d" }, secretKeys: ["password"] };
    const dataOf = async (revealSecrets: boolean) => {
      const { resources, outputs } = await runProgram(program, { ...options, revealSecrets });
      return { data: (resources[0]?.inputs as { data: object }).data, outputs: outputs as object };
    };

    it("behind a marker, in inputs and outputs", async () => {
      assert.deepEqual(await dataOf(false), {
        data: { key: secretMarker, derived: secretMarker, plain: "plain" },
        outputs: { password: secretMarker },
      });
    });

    it("unless it is asked to show them", async () => {
      assert.deepEqual(await dataOf(true), {
        data: { key: "f00d", derived: "p=f00d", plain: "plain" },
        outputs: { password: "f00d" },
      });
    });

    it("and keeps the keys of a secret map", async () => {
      const { resources } = await runProgram(() => configMap("a", pulumi.secret({ file: "content" })));
      assert.deepEqual((resources[0]?.inputs as { data: object }).data, { file: secretMarker });
    });

    it("that a provider generates", async () => {
      const { resources, outputs } = await runProgram(() => {
        const { result } = new random.RandomPassword("password", { length: 20 });
        configMap("a", { key: result });
        return { result };
      });
      assert.deepEqual((resources[1]?.inputs as { data: object }).data, { key: secretMarker });
      assert.deepEqual(outputs, { result: secretMarker });
    });
  });

  describe("does not see another run of the same process:", () => {
    it("its resources", async () => {
      assert.deepEqual(await names(() => void configMap("one")), ["one"]);
      assert.deepEqual(await names(() => void configMap("two")), ["two"]);
    });

    it("its configuration and secrets", async () => {
      const read = () => ({ value: new pulumi.Config().get("key") ?? "none" });
      const first = await runProgram(read, { config: { key: "first" }, secretKeys: ["key"] });
      assert.deepEqual(first.outputs, { value: "first" });
      assert.deepEqual((await runProgram(read)).outputs, { value: "none" });
    });

    it("its stack", async () => {
      const read = () => ({ stack: pulumi.getStack(), project: pulumi.getProject() });
      const first = await runProgram(read, { stack: "one", project: "p" });
      const second = await runProgram(read, { stack: "two", project: "q" });
      assert.deepEqual(first.outputs, { stack: "one", project: "p" });
      assert.deepEqual(second.outputs, { stack: "two", project: "q" });
    });
  });
});
