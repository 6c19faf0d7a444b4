import type { TableGrant } from "../compile.ts";
import type { PostgresScope } from "../../scope.ts";
import type { DatabaseFacts } from "../database.ts";
import { concreteScope } from "../found/concrete.ts";

/**
 * Temporary tables of the session's own (docs/decisions/0032). The guard knows no session: which name means a temporary
 * table follows from the scopes alone. A name without a schema is one where no operation of the grant lists a table of
 * that name, and goes upstream with `pg_temp.` before it, so that it can mean nothing else there.
 */
export interface Temporary {
  /** Whether the operation grants them. */
  readonly isGranted: boolean;
  /** The tables that an operation of the grant lists, as `schema.name`. */
  readonly reserved: ReadonlySet<string>;
  /** Why none may be made after all. */
  readonly refused: string | undefined;
}

/** What holds for all operations of a grant; undefined: none grants temporary tables. */
export function temporaryOf(
  scopes: readonly PostgresScope[],
  database: DatabaseFacts,
): Temporary | undefined {
  if (!scopes.some((scope) => scope.temporary_tables)) return undefined;
  const reserved = scopes.flatMap((scope) => Object.keys(concreteScope(scope, database.found).tables));
  return { isGranted: false, reserved: new Set(reserved), refused: database.refusesTemporary };
}

/** Whether the operation's statements may make and use temporary tables. */
export function usesTemporary(temporary: Temporary | undefined): boolean {
  return temporary?.isGranted === true && temporary.refused === undefined;
}

/** What may be done with a temporary table: anything, the session made it. */
export const temporaryGrant: TableGrant = {
  select: "all",
  insert: "all",
  update: "all",
  delete: true,
  truncate: true,
  refresh: false,
  touch: "all",
  assumed: new Set(),
  takesLeaks: false,
  keys: new Set(),
  masked: new Set(),
};
