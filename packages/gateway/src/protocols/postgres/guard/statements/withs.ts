import type { Work } from "../work.ts";
import type { Level, Range } from "../names/naming.ts";
import { as, type Fields, kindOf, list, names, open, text } from "../syntax/nodes.ts";
import { refuseMistake, shown } from "../denied.ts";
import { ofArms } from "./set-operations.ts";
import { derived, type Output, type Walk, type Withs } from "../syntax/walk.ts";

/**
 * Judges a WITH clause, and gives the names that its statement sees. A plain WITH query sees those before it, a
 * recursive one all of its clause.
 */
export function checkWith(
  clause: unknown,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): Withs | undefined {
  if (clause === undefined) return withs;
  const fields = open("WithClause", clause);
  const queries = list(fields.ctes).map((entry) => open("CommonTableExpr", as("CommonTableExpr", entry)));
  const named = new Map<string, Range>();
  const inner: Withs = { named, outer: withs };
  const recursive = fields.recursive === true;
  if (recursive) {
    for (const query of queries) {
      const name = text(query.ctename);
      named.set(name, { name, kind: "open", columns: names(query.aliascolnames) });
    }
  }
  for (const query of queries) {
    const name = text(query.ctename);
    const aliases = names(query.aliascolnames);
    const output = recursive
      ? checkRecursive(name, aliases, query, outer, inner, named, walk)
      : walk.query(query.ctequery, outer, inner);
    const extras = [
      ...searchColumns(query.search_clause),
      ...cycleColumns(query.cycle_clause, outer, inner, walk),
    ];
    const range = derived(name, output, aliases);
    named.set(name, extras.length === 0 ? range : { ...range, extras });
  }
  return inner;
}

/** A recursive union is judged arm by arm, so that the second knows the columns of the first. */
function checkRecursive(
  name: string,
  aliases: readonly string[],
  query: Fields,
  outer: Level | undefined,
  withs: Withs,
  named: Map<string, Range>,
  walk: Walk,
): Output {
  const node = query.ctequery;
  const select = as("SelectStmt", node);
  if (select === undefined || text(select.op) === "SETOP_NONE" || !mentions(select.rarg, name, 0, walk.work))
    return walk.query(node, outer, withs);
  checkBounded(name, open("SelectStmt", select.rarg), walk.work);
  const simple = [
    "withClause",
    "sortClause",
    "limitCount",
    "limitOffset",
    "lockingClause",
    "intoClause",
  ].every((member) => select[member] === undefined);
  if (!simple) return walk.query(node, outer, withs);
  const output = walk.select(open("SelectStmt", select.larg), outer, withs);
  // Of what it makes itself of its own rows it cannot be told how long it becomes.
  const { sizes: _, ...start } = output;
  const itself = derived(name, start, aliases);
  // Whether the second arm sees the columns of SEARCH and CYCLE is not certain.
  const plain = query.search_clause === undefined && query.cycle_clause === undefined;
  named.set(name, plain ? itself : { ...itself, kind: "open" });
  return ofArms(output, walk.select(open("SelectStmt", select.rarg), outer, withs));
}

/**
 * A recursion that nothing ends runs until the time-out or the disk is full: its second arm needs a condition.
 */
function checkBounded(name: string, arm: Fields, work: Work): void {
  if (arm.whereClause !== undefined || list(arm.fromClause).some((item) => kindOf(item) === "JoinExpr"))
    return;
  if (arm.limitCount !== undefined) return;
  if (arm.larg !== undefined) {
    for (const part of [arm.larg, arm.rarg])
      if (mentions(part, name, 0, work)) checkBounded(name, open("SelectStmt", part), work);
    return;
  }
  refuseMistake(
    "limits",
    `the recursion of ${shown(name)} has nothing that ends it`,
    "give its second arm a WHERE",
  );
}

/** Whether an arm names the WITH query itself. */
function mentions(value: unknown, name: string, depth: number, work: Work): boolean {
  if (depth > 500) return true;
  work.spend(1);
  if (Array.isArray(value)) return value.some((entry) => mentions(entry, name, depth + 1, work));
  if (typeof value !== "object" || value === null) return false;
  if ("relname" in value && value.relname === name && !("schemaname" in value)) return true;
  return Object.values(value).some((entry) => mentions(entry, name, depth + 1, work));
}

function searchColumns(clause: unknown): readonly string[] {
  if (clause === undefined) return [];
  const fields = open("CTESearchClause", clause);
  names(fields.search_col_list);
  return [text(fields.search_seq_column)];
}

function cycleColumns(
  clause: unknown,
  outer: Level | undefined,
  withs: Withs,
  walk: Walk,
): readonly string[] {
  if (clause === undefined) return [];
  const fields = open("CTECycleClause", clause);
  names(fields.cycle_col_list);
  for (const value of [fields.cycle_mark_value, fields.cycle_mark_default])
    if (value !== undefined) walk.expression(value, { ranges: [], outer }, withs);
  return [text(fields.cycle_mark_column), text(fields.cycle_path_column)];
}
