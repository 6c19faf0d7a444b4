import type { Reach, ReachOperation, ReachRule } from "@mayfly/sdk/browser";

/** How a group gets to an operation, at best. */
export type CellKind =
  /** No policy permits it. */
  | "none"
  /** A policy forbids it, whatever the circumstances. */
  | "forbidden"
  /** Granted at once. */
  | "open"
  /** Somebody has to approve. */
  | "approval"
  /** In an emergency only. */
  | "break_glass";

/** One field of the matrix. */
export interface Cell {
  readonly kind: CellKind;
  /** The rule that asks least, where there is one. */
  readonly best: ReachRule | undefined;
  /** Whether it also depends on a condition: of that rule, or of a rule that forbids. */
  readonly conditional: boolean;
}

/** What is shown of the inventory; it stands in the page's address. */
export interface ReachFilters {
  /** Words in names, descriptions and scopes. */
  readonly text?: string;
  readonly connection?: string;
  readonly group?: string;
  readonly risk?: "low" | "medium" | "high";
  readonly show?: Show;
}

/** Questions that one click answers. */
export type Show = "nobody" | "unused" | "open" | "break_glass";

/** Not used for this long is worth asking about, milliseconds. */
export const unusedAfter: number = 30 * 86_400_000;

/** The rules of an operation that concern a group. */
export function rulesFor(operation: ReachOperation, group: string): readonly ReachRule[] {
  return operation.rules.filter((rule) => rule.group === group);
}

/**
 * How a group gets to an operation. A forbid without a condition beats everything; of several permits the one that
 * asks least decides, as the gateway has it: nobody's approval before approval, then the longer time.
 */
export function cellOf(operation: ReachOperation, group: string): Cell {
  const rules = rulesFor(operation, group);
  const forbids = rules.filter(({ effect }) => effect === "forbid");
  if (!forbids.every(isConditional)) return { kind: "forbidden", best: undefined, conditional: false };
  const [best] = rules.filter(({ effect }) => effect === "permit").toSorted(byAsked);
  if (best === undefined) return { kind: "none", best: undefined, conditional: false };
  return { kind: kindOf(best), best, conditional: isConditional(best) || forbids.length > 0 };
}

/** Whether a rule holds for some asks of the group's only: by a condition, or by the person whom the agent acts for. */
function isConditional({ when, person_groups }: ReachRule): boolean {
  return when !== undefined || person_groups !== undefined;
}

function kindOf(rule: ReachRule): CellKind {
  if (rule.break_glass) return "break_glass";
  return rule.approval === undefined ? "open" : "approval";
}

const order: readonly CellKind[] = ["open", "approval", "break_glass"];

function byAsked(a: ReachRule, b: ReachRule): number {
  return (
    order.indexOf(kindOf(a)) - order.indexOf(kindOf(b)) ||
    Number(isConditional(a)) - Number(isConditional(b)) ||
    (b.ttl_max_seconds ?? 0) - (a.ttl_max_seconds ?? 0)
  );
}

/** Whether no group gets to an operation in any way. */
export function isUnreachable(operation: ReachOperation): boolean {
  return operation.reachable_by.length === 0;
}

/** Whether nobody has used an operation for 30 days. */
export function isUnused(operation: ReachOperation, now: number): boolean {
  return operation.last_used_at === undefined || now - Date.parse(operation.last_used_at) > unusedAfter;
}

/** Operations of one connection. */
export interface ConnectionRows {
  readonly connection: string;
  readonly operations: readonly ReachOperation[];
}

/** What the matrix shows: the groups as columns, operations as rows, connection by connection. */
export interface Matrix {
  readonly groups: readonly string[];
  readonly connections: readonly ConnectionRows[];
  /** How many operations are left. */
  readonly count: number;
}

/** The matrix, filtered. */
export function matrixOf(reach: Reach, filters: ReachFilters, now: number): Matrix {
  const groups =
    filters.group === undefined ? reach.groups : reach.groups.filter((name) => name === filters.group);
  const operations = reach.operations.filter((operation) => isShown(operation, filters, groups, now));
  const connections = [...Map.groupBy(operations, ({ connection }) => connection)].map(
    ([connection, rows]) => ({
      connection,
      operations: rows,
    }),
  );
  return { groups, connections, count: operations.length };
}

function isShown(
  operation: ReachOperation,
  filters: ReachFilters,
  groups: readonly string[],
  now: number,
): boolean {
  if (filters.connection !== undefined && operation.connection !== filters.connection) return false;
  if (filters.risk !== undefined && operation.risk !== filters.risk) return false;
  if (!holdsWords(operation, filters.text ?? "")) return false;
  const { show } = filters;
  switch (show) {
    case "nobody":
      return isUnreachable(operation);
    case "unused":
      return isUnused(operation, now);
    case "open":
    case "break_glass":
      return operation.rules.some(
        (rule) =>
          rule.effect === "permit" &&
          kindOf(rule) === show &&
          groups.includes(rule.group) &&
          cellOf(operation, rule.group).kind !== "forbidden",
      );
    default:
      // A group alone shows what concerns it.
      return filters.group === undefined || rulesFor(operation, filters.group).length > 0;
  }
}

function holdsWords({ connection, operation, description, scope }: ReachOperation, text: string): boolean {
  const all = [`${connection}/${operation}`, description, ...scope].join("\n").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** How many operations each question finds. */
export function answersOf(reach: Reach, now: number): Readonly<Record<Show, number>> {
  const count = (show: Show): number => matrixOf(reach, { show }, now).count;
  return {
    nobody: count("nobody"),
    unused: count("unused"),
    open: count("open"),
    break_glass: count("break_glass"),
  };
}
