import assert from "node:assert/strict";
import { objectsOf, stacks, type KubernetesObject } from "./cluster";

/** A rule that the objects of every stack keep. */
export interface Policy {
  /** Completes "Every stack ...". */
  name: string;
  /** What breaks it, a sentence each; none when it is kept. */
  violations: (objects: KubernetesObject[]) => string[];
  /** Changes that break it; each has to be found, otherwise the policy checks nothing. */
  broken: Record<string, (objects: KubernetesObject[]) => void>;
}

/** Checks policies against the objects of every stack, and that each policy finds what would break it. */
export function describePolicies(subject: string, policies: Policy[]): void {
  describe(subject, () => {
    const rendered = new Map<string, KubernetesObject[]>();

    before(async function () {
      this.timeout(60_000);
      for (const stack of stacks) rendered.set(stack, await objectsOf(stack));
    });

    const copy = (stack: string) => structuredClone(rendered.get(stack) ?? []);

    for (const { name, violations, broken } of policies) {
      for (const stack of stacks) {
        it(`stack ${stack} ${name}`, () => {
          const objects = copy(stack);
          assert.ok(objects.length > 0);
          assert.deepEqual(violations(objects), []);
        });
      }
      for (const [fault, breakIt] of Object.entries(broken)) {
        it(`... and it is found when ${fault}`, () => {
          const objects = copy("prod");
          breakIt(objects);
          assert.notDeepEqual(violations(objects), []);
        });
      }
    }
  });
}
