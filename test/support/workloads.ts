import assert from "node:assert/strict";

/** What these look at of a registered resource. */
interface Registered {
  type: string;
  name: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs are plain JSON of any Kubernetes kind
  inputs: any;
}

interface Container {
  name: string;
  args?: string[];
  env?: { name: string; value?: string }[];
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  readinessProbe?: object;
  livenessProbe?: object;
}

interface Volume {
  name: string;
  secret?: { secretName: string };
  projected?: { sources: { configMap?: { name: string; items?: { key: string; path: string }[] } }[] };
}

/** A pod template. */
export interface PodTemplate {
  spec: {
    automountServiceAccountToken?: boolean;
    securityContext?: { runAsNonRoot?: boolean };
    containers: Container[];
    volumes?: Volume[];
  };
}

/** The one resource of a Kubernetes kind; fails when there is none or more. */
export function only(resources: Registered[], kind: string): Registered {
  const found = resources.filter(({ type }) => type.startsWith("kubernetes:") && type.endsWith(`:${kind}`));
  assert.equal(found.length, 1, `resources of kind ${kind}: ${found.map(({ name }) => name).join(", ")}`);
  return found[0] as Registered;
}

/** The pod templates of all workloads. */
export function pods(resources: Registered[]): PodTemplate[] {
  return resources
    .filter(({ type }) => /^kubernetes:apps\/v1:(Deployment|StatefulSet|DaemonSet)$/.test(type))
    .map(({ inputs }) => inputs.spec.template as PodTemplate);
}

/** Every container has requests, limits, probes, a read-only root file system and no privileges. */
export function assertHardened(templates: PodTemplate[]): void {
  assert.ok(templates.length > 0, "no workload");
  for (const { spec } of templates) {
    assert.equal(spec.securityContext?.runAsNonRoot, true);
    for (const container of spec.containers) {
      for (const kind of ["requests", "limits"] as const) {
        assert.deepEqual(
          Object.keys(container.resources?.[kind] ?? {}).sort(),
          ["cpu", "memory"],
          container.name,
        );
      }
      assert.ok(container.readinessProbe && container.livenessProbe, `probes of ${container.name}`);
      assert.equal(container.securityContext?.readOnlyRootFilesystem, true, container.name);
      assert.equal(container.securityContext?.allowPrivilegeEscalation, false, container.name);
      assert.deepEqual(container.securityContext?.capabilities, { drop: ["ALL"] }, container.name);
    }
  }
}
