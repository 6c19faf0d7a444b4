import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { GuardDenied } from "../guard/denied.ts";
import { ungrantable } from "../guard/expressions/builtin.ts";
import { parse } from "../guard/syntax/grammar.ts";
import { atomKey } from "./atoms.ts";
import { type NeedingActs, statementOf } from "./cluster.ts";
import { namedIn } from "./named.ts";
import { needsOf, type NeedsParts } from "./needs.ts";
import { assumedDatabase, type DatabaseStructure } from "./structure.ts";

/** Statements that nothing proposed covers, before they are put together. */
export interface Left {
  readonly reason: string;
  readonly seen: SeenActs;
  /** Left out: nothing covers it. */
  readonly acts?: NeedingActs;
}

/** What looking through all statements may cost: what is asked about, times how often; a minute or two. */
const MAX_COST = 100_000_000;

/**
 * Finds what each statement needs. Those that say for certain which table has which column are asked first, then the others. No
 * parse tree is kept: they take far more room than texts.
 */
export function look(
  seen: readonly SeenActs[],
  searchPath: readonly string[],
  structure: DatabaseStructure | undefined,
): { readonly needing: readonly NeedingActs[]; readonly left: Left[] } {
  const left: Left[] = [];
  const columns = new Map<string, Set<string>>(
    [...(structure?.columns ?? [])].map(([table, all]) => [table, new Set(all)]),
  );
  // What was done most often is looked through first.
  const inOrder = seen.toSorted((one, other) => other.times - one.times);
  let cost = 0;
  const parts: NeedsParts = {
    searchPath,
    database: assumedDatabase(structure),
    columnsOf: (table) => columns.get(table),
    temporaries: temporariesOf(seen),
    isWholeKnown: (table) => structure?.columns.has(table) === true,
    isOwnType: (name) => structure === undefined || structure.types.has(name.slice(name.indexOf(".") + 1)),
    isOwnFunction: (name) => isOwnFunction(name, structure),
    keysOf: (table, named) => keysOf(table, named, structure),
    spend(amount) {
      cost += amount;
      if (cost > MAX_COST)
        throw new GuardDenied("limits", "there are too many kinds of statements to look through all of them");
    },
  };
  const find = (each: SeenActs, statement: unknown, place: number): NeedingActs | undefined => {
    try {
      return { seen: each, place, needs: needsOf(statement, each.act.length, parts) };
    } catch (error) {
      left.push({ reason: wordsOf(error), seen: each });
      return undefined;
    }
  };
  const found = inOrder.flatMap((each) => {
    try {
      const { statements } = parse(each.act);
      return statements.flatMap((statement, place) => find(each, statement, place) ?? []);
    } catch (error) {
      left.push({ reason: wordsOf(error), seen: each });
      return [];
    }
  });
  for (const { needs } of found)
    for (const atom of needs.atoms)
      if (atom[0] === "column" && !needs.uncertain.has(atomKey(atom)))
        columns.set(atom[1], (columns.get(atom[1]) ?? new Set()).add(atom[3]));
  return {
    needing: found.flatMap((each) =>
      each.needs.uncertain.size === 0 ? [each] : (find(each.seen, statementOf(each), each.place) ?? []),
    ),
    left,
  };
}

/** The names of temporary tables that statements make. */
function temporariesOf(seen: readonly SeenActs[]): ReadonlySet<string> {
  return new Set(
    seen
      .filter(({ act }) => /\btemp/iu.test(act))
      .flatMap(({ act }) => {
        try {
          return parse(act).statements.flatMap((statement) => namedIn(statement, "").made);
        } catch {
          // Whoever looks through it says what is wrong with it.
          return [];
        }
      }),
  );
}

/**
 * Functions of PostgreSQL's own that are written without their schema and that an operation must list. Those that every
 * operation may call need no listing.
 */
const builtIn =
  /^(?:pg_|lo_|nextval$|currval$|lastval$|setval$|txid_|inet_|setseed$|set_config$|current_|session_|has_\w+_privilege$|to_reg|ts_|\w*_to_xml)/u;

const isOwnFunction = (name: string, structure: DatabaseStructure | undefined): boolean =>
  structure === undefined ? !builtIn.test(name) && !ungrantable.test(name) : structure.functions.has(name);

/**
 * Of some columns those that tell a table's rows apart, each by itself: its keys of one column, or, where nothing is known of
 * any table, what is called like one: `id`, `order_id` of `orders`, `aid` of `pgbench_accounts`.
 */
function keysOf(
  table: string,
  columns: readonly string[],
  structure: DatabaseStructure | undefined,
): readonly string[] {
  if (structure !== undefined)
    return (structure.keys.get(table) ?? []).filter((key) => columns.includes(key));
  const words = table.slice(table.indexOf(".") + 1).split("_");
  const usual = new Set([
    "id",
    "uuid",
    `${words.join("_").replace(/s$/u, "")}_id`,
    ...words.map((word) => `${word.slice(0, 1)}id`),
  ]);
  return columns
    .filter((column) => usual.has(column))
    .toSorted((one, other) => Number(other === "id") - Number(one === "id"));
}

/** @throws whatever is no refusal of the guard */
function wordsOf(error: unknown): string {
  if (error instanceof GuardDenied) return error.message;
  throw error;
}
