/**
 * Checks PromQL against the catalogue. An expression is walked once: each part of it has a set of labels that its
 * series can carry, and what it selects, groups by, joins on or matches must be among them. A development tool, used by
 * the tests; the program itself does not need the parser.
 */
import { parser } from "@prometheus-io/lezer-promql";
import type { RuleGroup } from "../components/contribution";
import type { Catalogue, LabelDefinition } from "./types";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** Labels by name, with their bounded values where those are known. */
export type Labels = ReadonlyMap<string, LabelDefinition>;

/** Recorded series and the labels that they carry. */
export type RecordedSeries = ReadonlyMap<string, Labels>;

export interface Analysis {
  /** One sentence for each thing that the catalogue does not know, in the order of the expression. */
  problems: string[];
  /** Labels that the result can carry. */
  labels: Labels;
}

const FREE: LabelDefinition = { description: "" };
const NONE: Labels = new Map();

/** What a histogram and a summary are stored as, and which label that adds. */
const SUFFIXES: Record<string, readonly (readonly [suffix: string, label?: string])[]> = {
  counter: [[""]],
  gauge: [[""]],
  histogram: [["_bucket", "le"], ["_sum"], ["_count"]],
  summary: [["", "quantile"], ["_sum"], ["_count"]],
};

/**
 * Unknown metrics, unknown labels in matchers and in by, without, on, ignoring and group clauses, and matcher values
 * out of the bounds. Empty when all is known.
 */
export function unknownSelectors(
  expr: string,
  catalogue: Catalogue,
  recorded: RecordedSeries = new Map(),
): string[] {
  return analyse(expr, catalogue, recorded).problems;
}

/** The problems of an expression, and the labels that its result can carry. */
export function analyse(expr: string, catalogue: Catalogue, recorded: RecordedSeries = new Map()): Analysis {
  const analyser = new Analyser(expr, new Map([...storedSeries(catalogue), ...recorded]));
  const labels = analyser.labelsOf(parser.parse(expr).topNode);
  return { problems: analyser.problems, labels };
}

/** The series that the recording rules of some groups make, with their labels, in the order of the rules. */
export function recordedSeries(groups: readonly RuleGroup[], catalogue: Catalogue): RecordedSeries {
  const series = new Map<string, Labels>();
  for (const rule of groups.flatMap((group) => group.rules)) {
    if (!("record" in rule)) continue;
    const { labels } = analyse(rule.expr, catalogue, series);
    const own = Object.keys(rule.labels ?? {}).map((label) => [label, FREE] as const);
    series.set(rule.record, union(series.get(rule.record) ?? NONE, labels, new Map(own)));
  }
  return series;
}

/** Every series that the catalogue's metrics are stored as. */
function storedSeries(catalogue: Catalogue): Map<string, Labels> {
  const target = Object.entries(catalogue.targetLabels);
  const series = new Map<string, Labels>();
  for (const metric of catalogue.metrics) {
    for (const [suffix, label] of SUFFIXES[metric.type] ?? []) {
      const further = label === undefined ? [] : [[label, FREE] as const];
      series.set(metric.name + suffix, new Map([...target, ...Object.entries(metric.labels), ...further]));
    }
  }
  return series;
}

function union(...sets: Labels[]): Labels {
  return new Map(sets.flatMap((set) => [...set]));
}

function only(labels: Labels, names: readonly string[]): Labels {
  return new Map([...labels].filter(([name]) => names.includes(name)));
}

function except(labels: Labels, names: readonly string[]): Labels {
  return new Map([...labels].filter(([name]) => !names.includes(name)));
}

/** Functions whose result has no labels of what it is given. */
const WITHOUT_LABELS = new Set(["Vector", "Scalar", "Time", "Pi"]);

class Analyser {
  readonly problems: string[] = [];

  constructor(
    private readonly expr: string,
    private readonly series: ReadonlyMap<string, Labels>,
  ) {}

  labelsOf(node: SyntaxNode): Labels {
    switch (node.name) {
      case "⚠":
        this.problems.push(`not PromQL at "${this.expr.slice(node.from, node.from + 20)}" in ${this.expr}`);
        return NONE;
      case "VectorSelector":
        return this.selector(node);
      case "AggregateExpr":
        return this.aggregate(node);
      case "BinaryExpr":
        return this.binary(node);
      case "FunctionCall":
        return this.call(node);
      default:
        return union(...children(node).map((child) => this.labelsOf(child)));
    }
  }

  private text(node: SyntaxNode): string {
    return this.expr.slice(node.from, node.to);
  }

  private string(node: SyntaxNode): string {
    const text = this.text(node);
    return text.startsWith('"') ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  private selector(node: SyntaxNode): Labels {
    this.errorsWithin(node);
    const matchers = this.matchers(node);
    const identifier = node.getChild("Identifier");
    const byName = matchers.find(({ label }) => label === "__name__");
    const name = identifier === null ? byName?.value : this.text(identifier);
    if (name === undefined || (byName !== undefined && byName.operator !== "EqlSingle")) {
      this.problems.push(`the selector ${this.text(node)} names no metric`);
      return NONE;
    }
    const labels = this.series.get(name);
    if (labels === undefined) {
      this.problems.push(`unknown metric "${name}"`);
      return NONE;
    }
    for (const { label, operator, value } of matchers) {
      if (label === "__name__") continue;
      const definition = labels.get(label);
      if (definition === undefined) {
        this.problems.push(`unknown label "${label}" of "${name}"`);
      } else if (!possible(definition, operator, value)) {
        this.problems.push(`"${label}" of "${name}" is never ${JSON.stringify(value)}`);
      }
    }
    return labels;
  }

  private matchers(selector: SyntaxNode): { label: string; operator: string; value: string }[] {
    return descendants(selector, "UnquotedLabelMatcher").map((matcher) => ({
      label: this.text(required(matcher, "LabelName")),
      operator: required(matcher, "MatchOp").firstChild?.name ?? "",
      value: this.string(required(matcher, "StringLiteral")),
    }));
  }

  private aggregate(node: SyntaxNode): Labels {
    const body = required(node, "FunctionCallBody");
    const inner = this.labelsOf(body);
    const modifier = node.getChild("AggregateModifier");
    const names = this.names(modifier?.getChildren("GroupingLabels") ?? []);
    if (modifier !== null) this.errorsWithin(modifier);
    this.expect(names, inner, node);
    const operation = required(node, "AggregateOp").firstChild?.name ?? "";
    // These choose among the series they are given instead of making new ones.
    if (["Topk", "Bottomk", "LimitK", "LimitRatio"].includes(operation)) return inner;
    const kept = modifier?.getChild("Without") ? except(inner, names) : only(inner, names);
    const literal = body.getChild("StringLiteral");
    return operation === "CountValues" && literal !== null
      ? union(kept, new Map([[this.string(literal), FREE]]))
      : kept;
  }

  private binary(node: SyntaxNode): Labels {
    const operands = children(node).filter(
      (child) =>
        child.name !== "MatchingModifierClause" && child.name !== "BoolModifier" && !isOperator(child),
    );
    const [left = NONE, right = NONE] = operands.map((operand) => this.labelsOf(operand));
    const clause = node.getChild("MatchingModifierClause");
    const group = clause?.getChild("GroupLeft") ?? clause?.getChild("GroupRight") ?? null;
    // on (these) group_left (those): two lists beside each other, told apart by the keyword between them.
    const lists = clause?.getChildren("GroupingLabels") ?? [];
    const direct = this.names(lists.filter((list) => group === null || list.from < group.from));
    const included = this.names(lists.filter((list) => group !== null && list.from > group.from));
    const [on, ignoring] = [clause?.getChild("On"), clause?.getChild("Ignoring")];
    if (on) {
      this.expect(direct, left, node);
      this.expect(direct, right, node);
    } else {
      this.expect(direct, union(left, right), node);
    }
    if (node.getChild("Or")) return union(left, right);
    if (node.getChild("And") || node.getChild("Unless")) return left;
    if (group !== null) {
      const [many, one] = group.name === "GroupLeft" ? [left, right] : [right, left];
      this.expect(included, one, node);
      return union(many, only(one, included));
    }
    // A comparison with a number, and arithmetic with one, leave the labels of the other side.
    if (left.size === 0) return right;
    if (right.size === 0) return left;
    if (on) return only(left, direct);
    return ignoring ? except(left, direct) : only(left, [...right.keys()]);
  }

  private call(node: SyntaxNode): Labels {
    const name = required(node, "FunctionIdentifier").firstChild?.name ?? "";
    const body = required(node, "FunctionCallBody");
    const inner = this.labelsOf(body);
    if (WITHOUT_LABELS.has(name)) return NONE;
    if (name === "HistogramQuantile") {
      this.expect(["le"], inner, node);
      return except(inner, ["le"]);
    }
    if (name === "Absent" || name === "AbsentOverTime") {
      // Of a plain selector it takes the labels from the matchers; of anything else it cannot know any.
      const plain = children(body).some(({ name }) => name === "VectorSelector" || name === "MatrixSelector");
      const fixed = this.matchers(body).filter(({ operator }) => plain && operator === "EqlSingle");
      return new Map(fixed.map(({ label }) => [label, FREE]));
    }
    if (name === "LabelReplace" || name === "LabelJoin") {
      const target = body.getChild("StringLiteral");
      return target === null ? inner : union(inner, new Map([[this.string(target), FREE]]));
    }
    return inner;
  }

  private names(lists: readonly SyntaxNode[]): string[] {
    return lists.flatMap((list) => list.getChildren("LabelName").map((label) => this.text(label)));
  }

  private expect(names: readonly string[], labels: Labels, where: SyntaxNode): void {
    for (const name of names) {
      if (!labels.has(name)) this.problems.push(`unknown label "${name}" in ${this.text(where)}`);
    }
  }

  private errorsWithin(node: SyntaxNode): void {
    for (const error of descendants(node, "⚠")) this.labelsOf(error);
  }
}

/** Whether a matcher can match any of a label's bounded values. */
function possible(definition: LabelDefinition, operator: string, value: string): boolean {
  if (definition.values === undefined) return true;
  if (operator === "EqlSingle" || operator === "Neq")
    return value === "" || definition.values.includes(value);
  const pattern = new RegExp(`^(?:${value})$`);
  return definition.values.some((known) => pattern.test(known));
}

const OPERATORS =
  /^(Add|Sub|Mul|Div|Mod|Pow|Atan2|Eql|EqlSingle|EqlRegex|Neq|NeqRegex|Gtr|Gte|Lss|Lte|And|Or|Unless)$/;

function isOperator(node: SyntaxNode): boolean {
  return OPERATORS.test(node.name);
}

function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) found.push(child);
  return found;
}

function descendants(node: SyntaxNode, name: string): SyntaxNode[] {
  return children(node).flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...descendants(child, name),
  ]);
}

function required(node: SyntaxNode, name: string): SyntaxNode {
  const child = node.getChild(name);
  if (child === null) throw new Error(`the PromQL grammar has changed: no ${name} in ${node.name}`);
  return child;
}
