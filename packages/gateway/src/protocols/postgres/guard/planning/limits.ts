import { refuse } from "../denied.ts";
import { type Fields, kindOf, list } from "../syntax/nodes.ts";
import { nameOf } from "./parts.ts";

/** What a statement comes to while PostgreSQL looks for no interrupt, and how much of it may be: measured, below about a second. */
const limits = {
  /**
   * Operations and columns, once its parts are put into one another: what a sub-select's column stands for in the column's place
   * (prepjointree.c, subselect.c), conditions in each arm of a UNION ALL (appendinfo.c), and what BETWEEN, IN and FULL JOIN are
   * written out to (parse_expr.c, parse_clause.c).
   */
  expanded: [
    50_000,
    "its parts, put into one another, become too large",
    "name each column of a sub-select once, or write WITH name AS MATERIALIZED (…)",
  ],
  /** Conditions in ORs beside the longest one: each OR is one more way to scan, for each join again (indxpath.c). */
  alternatives: [
    500,
    "too many conditions stand in its ORs",
    "write column = ANY (ARRAY[…]), or (a, b) IN (VALUES …)",
  ],
  /** Members of lists of which each is compared with each: of AND, FROM, WITH, keys (equivclass.c, parse_clause.c, parse_cte.c). */
  compared: [
    1000,
    "it has too many conditions, items or keys",
    "write column <> ALL (ARRAY[…]), or ask in several statements",
  ],
  /** Aggregates of sorted or distinct values, and windows: each is compared with each (planner.c, prepagg.c). */
  sorted: [400, "too many of its aggregates and windows sort", "ask in several statements"],
  /** Functions that go through the values of one row: for 2 MB one takes about 10 ms (execExprInterp.c). */
  inRow: [
    110,
    "too many functions and operators go through the values of a row",
    "write column = ANY (ARRAY[…]), compute once what several need, in WITH name AS MATERIALIZED (…), or ask in several statements",
  ],
} as const;

export type Sums = Readonly<Record<keyof typeof limits, number>>;

/** @throws GuardDenied when a statement comes to more than may be */
export function checkSums(sums: Sums): void {
  for (const [name, [most, message, advice]] of Object.entries(limits))
    if (sums[name as keyof Sums] > most)
      refuse("limits", `nothing could end this statement: ${message}`, advice);
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/u));
/** Lists of which each member is compared with each. */
const inPairs =
  words(`agg_order agg_within_group columns content ctes distinctClause groupClause lockedRels mergeWhenClauses
  orderClause partitionClause sortClause usingClause windowClause`);
/** How many members of a list are compared. Rows in GROUP BY are lists, too (parse_clause.c, flatten_grouping_sets). */
export const comparedOf = (key: string, members: readonly unknown[]): number =>
  inPairs.has(key) ? members.map(keysOf).reduce((sum, keys) => sum + keys, 0) : 0;

function keysOf(node: unknown): number {
  const row = (node as { RowExpr?: Fields }).RowExpr;
  return row === undefined ? 1 : list(row.args).reduce<number>((sum, each) => sum + keysOf(each), 0);
}

/** What a NATURAL FULL JOIN counts of these: nothing tells the number of its columns. */
export const NATURAL = 50;
/** Functions of numbers and times, or of each value once: windows and aggregates. Of these, too, each is compared with each. */
const ofShort = words(`
  abs age any_value array_agg array_length avg bool_and bool_or cardinality ceil ceiling clock_timestamp count cume_dist
  current_setting date_bin date_part date_trunc dense_rank every extract first_value floor gen_random_uuid generate_series
  json_agg jsonb_agg jsonb_array_length lag last_value lead make_date make_interval max min mod mode nextval now nth_value ntile
  percent_rank percentile_cont percentile_disc power random rank round row_number sign stddev string_agg sum timezone to_char
  to_timestamp trunc variance width_bucket`);
const ofNumbers = words("= <> + - * / %");
const longTypes = words("bytea json jsonb text tsvector varchar xml");

/** What a function counts of one that goes through a value; by this, copying what counts less is left out. */
export const SHORT_CALL = 0.15;
export const costOfCall = ({ funcname }: Fields): number =>
  ofShort.has(nameOf(list(funcname).at(-1)) ?? "") ? SHORT_CALL : 1;

export function costOfOperation({ name }: Fields): number {
  const operator = nameOf(list(name).at(-1)) ?? "";
  return operator === "||" ? 1 : ofNumbers.has(operator) ? 0.02 : 0.1;
}

export function costOfCast({ typeName }: Fields): number {
  const type = list((typeName as Fields | undefined)?.names).at(-1);
  return longTypes.has(nameOf(type) ?? "") ? 1 : 0;
}

/** What a sorting aggregate counts beside its size. */
export const costOfSorting = (size: number): number => 1 + size / 20;

/** How often PostgreSQL writes out the left and the right side of an operation. */
export function copiesOf({ kind, rexpr }: Fields): readonly [number, number] {
  if (typeof kind !== "string" || kind === "AEXPR_OP") return [1, 1];
  if (kind.endsWith("BETWEEN_SYM")) return [4, 2];
  if (kind.endsWith("BETWEEN")) return [2, 1];
  if (kind !== "AEXPR_IN") return [1, 1];
  const members = list((rexpr as { List?: Fields } | undefined)?.List?.items);
  return [Math.max(1, members.filter((each) => !isGiven(each)).length), 1];
}

/** Whether a value is written or passed. */
export function isGiven(node: unknown): boolean {
  const kind = kindOf(node);
  return kind === "A_Const" || kind === "ParamRef";
}
