/** The kinds of node that a lab can have. */

/** Label of every node of the lab; its value is the kind. */
export const nodeKindLabel = "bilten.dev/node";

export type NodeKind = "simulated" | "real";

/** What is true of a kind of node, for people. */
export interface NodeSummary {
  kind: NodeKind;
  /** Names of the nodes. */
  nodes: string[];
  description: string;
}
