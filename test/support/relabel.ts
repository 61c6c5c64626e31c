import type { Relabeling } from "../../components/contribution";

/**
 * What Prometheus makes of a discovered target: its labels after relabeling without those that it drops itself, or
 * undefined when the target is dropped. Knows the actions replace, keep and drop.
 */
export function relabel(
  configs: Relabeling[],
  discovered: Record<string, string>,
): Record<string, string> | undefined {
  const labels = { ...discovered };
  for (const config of configs) {
    const value = (config.source_labels ?? [])
      .map((label) => labels[label] ?? "")
      .join(config.separator ?? ";");
    const match = new RegExp(`^(?:${config.regex ?? "(.*)"})$`).exec(value);
    const action = config.action ?? "replace";
    if (action === "keep" || action === "drop") {
      if ((match !== null) !== (action === "keep")) return undefined;
    } else if (action === "replace") {
      if (!match || !config.target_label) continue;
      labels[config.target_label] = (config.replacement ?? "$1").replace(
        /\$\$|\$(\d)/g,
        (reference, group?: string) => (reference === "$$" ? "$" : (match[Number(group)] ?? "")),
      );
    } else {
      throw new Error(`The action "${action}" is not implemented here.`);
    }
  }
  return Object.fromEntries(
    Object.entries(labels).filter(([label, value]) => !label.startsWith("__meta_") && value !== ""),
  );
}
