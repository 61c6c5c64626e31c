/** Reads Jaeger's metrics as Prometheus stores them. */
import { samples } from "../exporters/program";

/** An exposition without the labels that the scrape jobs drop. */
export function asStored(exposition: string): string {
  return exposition
    .replace(/(?:otel_scope_\w+|collector_instance_id|job|server_(?:address|port))="[^"]*",?/g, "")
    .replaceAll(",}", "}")
    .replaceAll("{}", "");
}

/** Sum of a metric's samples; 0 when there is none. */
export function valueOf(exposition: string, name: string): number {
  return samples(exposition)
    .filter((sample) => sample.name === name)
    .reduce((sum, { value }) => sum + value, 0);
}
