import type { MaskedColumn } from "../masks/column.ts";
import { type Found, nothingFound } from "./found/found.ts";

/**
 * What the guard is told of the database itself, beyond the scope: things that change what a text means without
 * standing in it. Read by the gateway when a session starts, with its own words.
 */
export interface DatabaseFacts {
  /** What tells these facts from others. */
  readonly key: string;
  /** Whether the database could not be asked: then whatever depends on it is refused. */
  readonly isUnknown: boolean;
  /** Functions on the search path that take one row, or anything, so that `t.name` may call them, with their schemas. */
  readonly rowFunctions: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Functions and procedures that are granted, or of which several schemas have one, by bare name: which schemas of the
   * search path have it, and whether pg_catalog does. PostgreSQL chooses by the arguments. Extensions' are trusted beside
   * built-ins.
   */
  readonly functions: ReadonlyMap<string, ReadonlySet<string>>;
  /** Operators on the search path, extensions' left out, that PostgreSQL may choose over a built-in of that name. */
  readonly operators: ReadonlySet<string>;
  /** By a table's full name: its columns whose type looks names up (`regclass` and its kin). */
  readonly lookups: ReadonlyMap<string, ReadonlySet<string>>;
  /** Columns of an enum, or of an array of one: whoever is granted the column may cast to its type. */
  readonly enums: readonly EnumColumn[];
  /** Columns that tables certainly have, by their full names; of tables that are left out, none is certain. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Of the columns that tables certainly have, those that are arrays of values that are no rows; of all tables that are granted. */
  readonly arrays: ReadonlyMap<string, ReadonlySet<string>>;
  /** The columns of the catalogue's relations, by `schema.name`, separated by blanks; empty where they were not asked. */
  readonly catalogue: ReadonlyMap<string, string>;
  /** Views that a statement could make tell of the rows that they leave out, by their full names. */
  readonly leakyViews: ReadonlySet<string>;
  /** Granted functions of the same kind, where they stand in FROM. */
  readonly inlined: ReadonlySet<string>;
  /** Granted tables and views of whose rows some are kept back, where plans may be asked for whatever stands behind a table. */
  readonly hiding: ReadonlySet<string>;
  /** Columns that in every granted table with one of that name are of a type whose values have 255 characters at most. */
  readonly shortColumns: ReadonlySet<string>;
  /** Of the types whose values are read or compared slowly those that a granted table holds: xml, tsquery, path, polygon. */
  readonly slowTypes: ReadonlySet<string>;
  /** Whether a plan could show what is hidden: a view's tables and conditions, say. */
  readonly hidesPlans: boolean;
  /** Where that is so: tables behind which nothing stands that a plan would show. */
  readonly plainTables: ReadonlySet<string>;
  /** Why no temporary table may be made in it; undefined: nothing speaks against it. */
  readonly refusesTemporary: string | undefined;
  /** The longest that a session's time-outs may be set to, milliseconds, by their names; one that is left out has no bound. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** What it holds under the names that the scopes leave open. */
  readonly found: Found;
  /** The columns that scopes mask, by their full names: those that it has. Left out: it was not asked. */
  readonly masks?: ReadonlyMap<string, MaskedColumn>;
}

/** A column by its table's full name, with the full names of its enum type and of that one's arrays. */
export interface EnumColumn {
  readonly table: string;
  readonly column: string;
  readonly types: readonly string[];
}

/** Of a database that has nothing of the kind, or is not there to be asked (`mayflyd judge`). */
export const plainDatabase: DatabaseFacts = {
  key: "plain",
  isUnknown: false,
  rowFunctions: new Map(),
  functions: new Map(),
  operators: new Set(),
  lookups: new Map(),
  enums: [],
  columns: new Map(),
  arrays: new Map(),
  catalogue: new Map(),
  leakyViews: new Set(),
  inlined: new Set(),
  hiding: new Set(),
  shortColumns: new Set(),
  slowTypes: new Set(),
  hidesPlans: false,
  plainTables: new Set(),
  refusesTemporary: undefined,
  timeouts: new Map(),
  found: nothingFound,
};

/** Of a database that did not answer: whatever depends on it is refused. */
export const unknownDatabase: DatabaseFacts = {
  ...plainDatabase,
  key: "unknown",
  isUnknown: true,
  refusesTemporary: "the database did not answer",
};

/** The same facts for a session whose time-outs have bounds, milliseconds by name; Infinity is none. */
export function withTimeouts(facts: DatabaseFacts, bounds: ReadonlyMap<string, number>): DatabaseFacts {
  const timeouts = new Map([...bounds].filter(([, ms]) => Number.isFinite(ms)));
  if (timeouts.size === 0) return facts;
  const words = [...timeouts].map(([name, ms]) => `${name} ${ms}`).join(", ");
  return { ...facts, key: `${words}: ${facts.key}`, timeouts };
}

/** The same facts with the masked columns that tables have. */
export function withMasks(
  facts: DatabaseFacts,
  masks: ReadonlyMap<string, MaskedColumn> | undefined,
): DatabaseFacts {
  if (masks === undefined) return facts;
  return {
    ...facts,
    key: `masks ${JSON.stringify([...masks].toSorted(([one], [other]) => (one < other ? -1 : 1)))}: ${facts.key}`,
    masks,
  };
}

/** The same facts with the columns that tables have. */
export function withColumns(
  facts: DatabaseFacts,
  { columns, arrays }: Pick<DatabaseFacts, "columns" | "arrays">,
): DatabaseFacts {
  if (columns.size === 0 && arrays.size === 0) return facts;
  const words = JSON.stringify([wordsOf(columns), wordsOf(arrays)]);
  return { ...facts, key: `${words}: ${facts.key}`, columns, arrays };
}

function wordsOf(columns: ReadonlyMap<string, Iterable<string>>): readonly string[] {
  return [...columns].map(([table, names]) => JSON.stringify([table, ...names])).toSorted();
}

/** The same facts of a database whose plans would show what is hidden, but for those of these tables alone. */
export function withHiddenPlans(facts: DatabaseFacts, plainTables: ReadonlySet<string>): DatabaseFacts {
  const but = JSON.stringify([...plainTables].toSorted());
  return { ...facts, key: `plans hidden but of ${but}: ${facts.key}`, hidesPlans: true, plainTables };
}

/** The same facts of a database that was found to hold this under the names that the scopes leave open. */
export function withFound(facts: DatabaseFacts, found: Found): DatabaseFacts {
  return { ...facts, key: `found ${found.key}: ${facts.key}`, found };
}

/** The same facts of a database in which no temporary table may be made, and why. */
export function withoutTemporary(facts: DatabaseFacts, why: string | undefined): DatabaseFacts {
  if (why === undefined) return facts;
  return { ...facts, key: `no temporary tables, ${why}: ${facts.key}`, refusesTemporary: why };
}
