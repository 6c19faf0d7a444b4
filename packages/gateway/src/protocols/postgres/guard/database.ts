/**
 * What the guard is told of the database itself, beyond the scope: things that change what a text means without
 * standing in it. Read by the gateway when a session starts, with its own words.
 */
export interface DatabaseFacts {
  /** What tells these facts from others. */
  readonly key: string;
  /** Whether the database could not be asked: then whatever depends on it is refused. */
  readonly isUnknown: boolean;
  /** Functions on the search path that take one row, or anything, so that `t.name` may call them. */
  readonly rowFunctions: ReadonlySet<string>;
  /** Functions on the search path, extensions' left out, that PostgreSQL may choose over a built-in of that name. */
  readonly functions: ReadonlySet<string>;
  /** The same of operators. */
  readonly operators: ReadonlySet<string>;
  /** By a table's full name: its columns whose type looks names up (`regclass` and its kin). */
  readonly lookups: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Of a database that has nothing of the kind, or is not there to be asked (`mayflyd judge`). */
export const plainDatabase: DatabaseFacts = {
  key: "plain",
  isUnknown: false,
  rowFunctions: new Set(),
  functions: new Set(),
  operators: new Set(),
  lookups: new Map(),
};

/** Of a database that did not answer: whatever depends on it is refused. */
export const unknownDatabase: DatabaseFacts = { ...plainDatabase, key: "unknown", isUnknown: true };
