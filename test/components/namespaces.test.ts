import assert from "node:assert/strict";
import { Namespaces, type NamespacesArgs } from "../../components/namespaces";
import { runProgram } from "../support/mocks";

const args: NamespacesArgs = { namespace: "monitoring", hostNamespace: "monitoring-host" };

async function registered(given: NamespacesArgs) {
  const { resources } = await runProgram(() => void new Namespaces("namespaces", given));
  return {
    namespaces: resources.filter(({ type }) => type === "kubernetes:core/v1:Namespace"),
    policies: resources.filter(({ type }) => type === "kubernetes:networking.k8s.io/v1:NetworkPolicy"),
  };
}

describe("the namespaces", () => {
  it("enforce, audit and warn the level that their pods need", async () => {
    const { namespaces } = await registered({ ...args, serviceNamespaces: ["bilten"] });
    const levels = namespaces.map(({ inputs }) => [
      inputs.metadata.name,
      ...["enforce", "audit", "warn"].map(
        (mode) => inputs.metadata.labels[`pod-security.kubernetes.io/${mode}`],
      ),
    ]);
    assert.deepEqual(levels.sort(), [
      ["bilten", "baseline", "baseline", "baseline"],
      ["monitoring", "restricted", "restricted", "restricted"],
      ["monitoring-host", "privileged", "privileged", "privileged"],
    ]);
  });

  it("deny all traffic but DNS in the two that are ours, and nothing in a service's", async () => {
    const { policies } = await registered({ ...args, serviceNamespaces: ["bilten"] });
    assert.deepEqual(
      policies.map(({ inputs }) => `${inputs.metadata.namespace}/${inputs.metadata.name}`).sort(),
      [
        "monitoring-host/allow-dns",
        "monitoring-host/default-deny",
        "monitoring/allow-dns",
        "monitoring/default-deny",
      ],
    );
    for (const { inputs } of policies) {
      assert.deepEqual(inputs.spec.podSelector, {});
      if (inputs.metadata.name === "default-deny") {
        assert.deepEqual(inputs.spec.policyTypes, ["Ingress", "Egress"]);
        assert.deepEqual([inputs.spec.ingress, inputs.spec.egress], [[], []]);
      } else {
        assert.deepEqual(inputs.spec.policyTypes, ["Egress"]);
        const [rule, ...more] = inputs.spec.egress;
        assert.deepEqual(more, []);
        assert.deepEqual(rule.ports, [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ]);
      }
    }
  });

  it("of services are created only when asked for, and once", async () => {
    assert.equal((await registered(args)).namespaces.length, 2);
    const { namespaces } = await registered({
      ...args,
      serviceNamespaces: ["bilten", "bilten", "monitoring"],
    });
    assert.deepEqual(namespaces.map(({ inputs }) => inputs.metadata.name).sort(), [
      "bilten",
      "monitoring",
      "monitoring-host",
    ]);
  });

  it("must be two, because a Pod Security level holds for a whole namespace", async () => {
    await assert.rejects(registered({ ...args, hostNamespace: "monitoring" }), /both "monitoring"/);
  });

  it("are left when volumes have to outlive the stack: the restricted one, and no other", async () => {
    for (const keep of [true, false]) {
      const { namespaces } = await registered({ ...args, serviceNamespaces: ["bilten"], keep });
      const kept = namespaces.filter(({ retainOnDelete }) => retainOnDelete);
      assert.deepEqual(
        kept.map(({ inputs }) => inputs.metadata.name),
        keep ? ["monitoring"] : [],
      );
    }
  });
});
