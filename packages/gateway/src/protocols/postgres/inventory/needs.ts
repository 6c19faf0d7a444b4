import type { PostgresScope } from "../scope.ts";
import { compileScope } from "../guard/compile.ts";
import { cover } from "../guard/cover.ts";
import type { DatabaseFacts } from "../guard/database.ts";
import { GuardDenied } from "../guard/denied.ts";
import { Work } from "../guard/work.ts";
import { type Atom, atomKey, scopeOf } from "./atoms.ts";
import { candidatesOf } from "./candidates.ts";
import { leastPart } from "./least.ts";
import { type Named, namedIn } from "./named.ts";
import { withoutStars } from "./stars.ts";

/** What a statement needs of a scope: the least that covers it. */
export interface Needs {
  readonly atoms: readonly Atom[];
  /** Whether its updates and deletes select rows by key, by those of the atoms. */
  readonly requiresWhere: boolean;
  /** The tables that it names, in its order, WITH queries left out. */
  readonly tables: readonly string[];
  /** Of the atoms those that stand for any column of their table (`count(*)`), by their keys. */
  readonly anyColumns: ReadonlySet<string>;
  /** Of the atoms those that may be another table's, by their keys. */
  readonly uncertain: ReadonlySet<string>;
}

/** What needs are found by. */
export interface NeedsParts {
  readonly searchPath: readonly string[];
  readonly database: DatabaseFacts;
  /** Columns that a table is known to have. */
  readonly columnsOf: (table: string) => ReadonlySet<string> | undefined;
  /** Whether those are all that it has. */
  readonly isWholeKnown: (table: string) => boolean;
  /** Whether a type is the database's own. */
  readonly isOwnType: (name: string) => boolean;
  /** Whether a function that is written without a schema is the database's own. */
  readonly isOwnFunction: (name: string) => boolean;
  /** Told what asking the guard costs. @throws GuardDenied when it is too much for all statements together */
  readonly spend: (amount: number) => void;
  /** Temporary tables that any of the statements makes, by their names without a schema. */
  readonly temporaries: ReadonlySet<string>;
  /** Of some columns of a table those that tell its rows apart, the likeliest first. */
  readonly keysOf: (table: string, columns: readonly string[]) => readonly string[];
}

/** What looking through one statement once may cost: it is asked many times. */
const MAX_ASKED_WORK = 500_000;
/** So many characters of a statement cost what an atom of a scope costs. */
const CHARACTERS_AN_ATOM = 8;
/** A statement that names more is set apart. */
const MAX_ATOMS = 10_000;

/**
 * Finds the least that covers a statement, by asking the guard that would judge it.
 * @param statement as the grammar parsed it
 * @param characters of its text
 * @throws GuardDenied when no scope covers it, or it costs too much to be looked through
 */
export function needsOf(statement: unknown, characters: number, parts: NeedsParts): Needs {
  const named = namedIn(statement, parts.searchPath[0] ?? "", parts.isOwnFunction);
  const covers = (atoms: readonly Atom[], requiresWhere = false): boolean => {
    parts.spend((atoms.length + characters / CHARACTERS_AN_ATOM) * (1 + named.tables.length / 4));
    try {
      judge(statement, scopeOf(atoms, requiresWhere), parts);
      return true;
    } catch (error) {
      if (error instanceof GuardDenied) return false;
      throw error;
    }
  };
  const candidates = candidatesOf(named, parts);
  if (candidates.length > MAX_ATOMS)
    throw new GuardDenied("limits", "the statement names too much to be looked through", "split it");
  // The guard says better than anybody else why not.
  judge(statement, scopeOf(candidates, false), parts);
  const plain = leastPart(candidates, (atoms) => covers(atoms));
  for (const [kind, table] of plain)
    if (kind === "whole" && parts.isWholeKnown(table) && lacksColumns(statement, named, table, parts))
      throw new GuardDenied(
        "columns",
        `it uses columns of ${table} that the schema does not have: is --schema of this database, and as new as the log?`,
      );
  const keyed = isChange(plain) ? withKeys(plain, named, parts, covers) : undefined;
  const least = keyed ?? plain;
  const requiresWhere = keyed !== undefined;
  const uncertain = alternativesOf(least, named, parts, (atoms) => covers(atoms, requiresWhere));
  const all = new Map([...least.map((atom) => [atomKey(atom), atom] as const), ...uncertain]);
  return {
    atoms: [...all.values()],
    requiresWhere,
    tables: tablesOf(least, named),
    anyColumns: new Set(unnamed(least, named)),
    uncertain: new Set([
      ...uncertain.keys(),
      ...unnamed(least, named, (table, column) => parts.columnsOf(table)?.has(column) !== true),
    ]),
  };
}

/** @throws GuardDenied where the scope does not cover the statement */
function judge(statement: unknown, scope: PostgresScope, { searchPath, database }: NeedsParts): void {
  cover(
    statement,
    [compileScope("connection/operation", scope, searchPath, database)],
    new Work(MAX_ASKED_WORK),
  );
}

/**
 * Whether a statement names columns of a table that the schema does not have, so that every column there would have to be granted
 * for them: without its stars it is refused, and would not be if nobody knew the table's columns.
 */
function lacksColumns(statement: unknown, named: Named, table: string, parts: NeedsParts): boolean {
  const starless = withoutStars(statement);
  const permits = (world: NeedsParts): boolean => {
    const candidates = candidatesOf(named, world).filter((atom) => atom[0] !== "whole" || atom[1] !== table);
    world.spend(candidates.length);
    try {
      judge(starless, scopeOf(candidates, false), world);
      return true;
    } catch (error) {
      if (error instanceof GuardDenied) return false;
      throw error;
    }
  };
  const columns = new Map([...parts.database.columns].filter(([known]) => known !== table));
  return (
    !permits(parts) &&
    permits({
      ...parts,
      database: { ...parts.database, key: `${parts.database.key} but of ${table}`, columns },
      isWholeKnown: (each) => each !== table && parts.isWholeKnown(each),
    })
  );
}

/** Whether it changes rows that are there, or locks them. */
const isChange = (atoms: readonly Atom[]): boolean => atoms.some(isOfChange);

/** Whether it is the right to change rows of a table. */
export const isOfChange = (atom: Atom): boolean =>
  (atom[0] === "column" && atom[2] === "update") || (atom[0] === "table" && atom[2] === "delete");

/** The same need with keys that updates and deletes select rows by; undefined where they do not. */
function withKeys(
  plain: readonly Atom[],
  named: Named,
  parts: NeedsParts,
  covers: (atoms: readonly Atom[], requiresWhere?: boolean) => boolean,
): readonly Atom[] | undefined {
  const changed = new Set(plain.filter(isOfChange).map(([, table]) => table as string));
  const keys = [...changed].flatMap((table) =>
    parts.keysOf(table, named.columns).map((column): Atom => ["key", table, column]),
  );
  if (keys.length === 0 || !covers([...plain, ...keys], true)) return undefined;
  const asked = leastPart(keys, (kept) => covers([...plain, ...kept], true));
  // Where none is listed, `id` is the key: said, so that it stays one beside the keys of other statements.
  const unlisted = [...changed].filter((table) => !asked.some((atom) => atom[1] === table));
  if (unlisted.some((table) => !parts.keysOf(table, ["id"]).includes("id"))) return undefined;
  const usual = unlisted.map((table): Atom => ["key", table, "id"]);
  const least = [...asked, ...usual];
  const rest = leastPart(plain, (kept) => covers([...kept, ...least], true));
  return [...rest, ...least];
}

/**
 * A bare column that may be one of several tables, where nobody knows which has it, counts for each of them: only one can have
 * it, or the database had refused the statement.
 * @returns such columns of each table, by their keys
 */
function alternativesOf(
  atoms: readonly Atom[],
  named: Named,
  { columnsOf, isWholeKnown }: NeedsParts,
  covers: (atoms: readonly Atom[]) => boolean,
): ReadonlyMap<string, Atom> {
  const tables = [...new Set(atoms.flatMap((atom) => (atom[0] === "column" ? [atom[1]] : [])))];
  const found = new Map<string, Atom>();
  if (tables.length < 2) return found;
  for (const atom of atoms) {
    if (atom[0] !== "column" || atom[2] !== "select") continue;
    const [, table, , column] = atom;
    if (columnsOf(table)?.has(column) === true || !named.columns.includes(column)) continue;
    for (const other of tables) {
      if (other === table || isWholeKnown(other)) continue;
      const instead: Atom = ["column", other, "select", column];
      if (!covers([...atoms.filter((each) => each !== atom), instead])) continue;
      found.set(atomKey(instead), instead);
      found.set(atomKey(atom), atom);
    }
  }
  return found;
}

/** Columns that the statement does not name. @param which of them; left out: all */
function unnamed(
  atoms: readonly Atom[],
  { columns }: Named,
  which: (table: string, column: string) => boolean = () => true,
): readonly string[] {
  return atoms.flatMap((atom) =>
    atom[0] === "column" && !columns.includes(atom[3]) && which(atom[1], atom[3]) ? [atomKey(atom)] : [],
  );
}

function tablesOf(atoms: readonly Atom[], named: Named): readonly string[] {
  const needed = new Set(
    atoms.flatMap((atom) =>
      atom[0] === "column" || atom[0] === "whole" || atom[0] === "table" ? [atom[1]] : [],
    ),
  );
  return named.tables.filter((table) => needed.has(table));
}
