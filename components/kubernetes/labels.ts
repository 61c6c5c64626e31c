/** The standard labels of an object: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export interface LabelArgs {
  /** `app.kubernetes.io/name`: the program, e.g. `prometheus`. */
  app: string;
  /** `app.kubernetes.io/instance`: tells two of the same program apart. */
  instance: string;
  /** `app.kubernetes.io/component`: its role, e.g. `metrics`. */
  component: string;
  version: string;
}

/** All standard labels, for every object of a workload. */
export function commonLabels(args: LabelArgs): Record<string, string> {
  return {
    ...selectorLabels(args),
    "app.kubernetes.io/component": args.component,
    "app.kubernetes.io/version": args.version,
    "app.kubernetes.io/part-of": "bilten-monitoring",
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/** The labels that find a workload's pods: those that an upgrade does not change, because selectors are immutable. */
export function selectorLabels(args: Pick<LabelArgs, "app" | "instance">): Record<string, string> {
  return { "app.kubernetes.io/name": args.app, "app.kubernetes.io/instance": args.instance };
}

/** Name of the Service whose name resolves to the address of each pod of a workload. */
export function headlessService(workload: string): string {
  return `${workload}-headless`;
}
