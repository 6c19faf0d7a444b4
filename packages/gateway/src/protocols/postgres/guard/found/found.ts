/**
 * What a database was found to hold under the names that a scope leaves open: what a pattern matches now, the partitions
 * of a table, what belongs to an extension. Read when a session starts, and fixed for that session.
 */
export interface Found {
  /** What tells these from others. */
  readonly key: string;
  /** Tables and views that a pattern may match, as `schema.name`. */
  readonly relations: ReadonlySet<string>;
  /** By a view: every relation that it reads, through other views too. */
  readonly reads: NamesByName;
  /** Functions that a pattern may match. */
  readonly functions: ReadonlySet<string>;
  /** Procedures that a pattern may match. */
  readonly procedures: ReadonlySet<string>;
  /** By a table: its partitions, those of its partitions among them. */
  readonly partitions: NamesByName;
  /** By a table: its columns of a composite type, with their fields. */
  readonly fields: ReadonlyMap<string, NamesByName>;
  /** By a function: the names of its output columns. The empty name is that of a result without one. */
  readonly results: ReadonlyMap<string, readonly string[]>;
  readonly operators: Owners;
  readonly extensionFunctions: Owners;
  readonly extensionTypes: Owners;
  /** Settings of the server's own, or of a module that it has loaded. */
  readonly serverSettings: ReadonlySet<string>;
}

export type NamesByName = ReadonlyMap<string, ReadonlySet<string>>;

/** Which extensions the things of one name belong to; the empty name: to none. */
export interface Owners {
  /** By `schema.name`. */
  readonly full: NamesByName;
  /** By the bare name: of all that the search path has, pg_catalog included. */
  readonly bare: NamesByName;
}

const nobody: Owners = { full: new Map(), bare: new Map() };

/** Of a database that was not asked: nothing is matched by what a scope leaves open. */
export const nothingFound: Found = {
  key: "",
  relations: new Set(),
  reads: new Map(),
  functions: new Set(),
  procedures: new Set(),
  partitions: new Map(),
  fields: new Map(),
  results: new Map(),
  operators: nobody,
  extensionFunctions: nobody,
  extensionTypes: nobody,
  serverSettings: new Set(),
};
