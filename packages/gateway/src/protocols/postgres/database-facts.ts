import type { Socket } from "node:net";
import type { NamedScope } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import { ask } from "./ask.ts";
import { type DatabaseFacts, plainDatabase, unknownDatabase } from "./guard/database.ts";
import type { PostgresScope } from "./scope.ts";
import type { Target } from "./target.ts";

/** How long an answer holds for further sessions, milliseconds. */
const FACTS_HOLD_MS = 10_000;

/** Types whose input looks a name up, regconfig excepted: text search takes a configuration by name anyway. */
const nameTypes = "24, 2202, 2203, 2204, 2205, 2206, 3769, 4089, 4096, 4191, 1033";

/**
 * Asks what the session's search path holds beside pg_catalog. Every name and operator is written with its schema: in
 * this very search path they could mean something else.
 *
 * row: functions that one argument is enough for, of a type that a row fits in: PostgreSQL calls them by `t.name` where
 * t has no such column (parse_func.c); of a VARIADIC one it is the array's element that a row must fit in. One named
 * like a column of the type that it takes is never called so.
 * function, operator: those with a name of pg_catalog's, extensions' left out.
 * lookup: columns of a type in nameTypes, of arrays, domains and rows of those.
 */
const question = `
WITH RECURSIVE path AS (
  SELECT n.oid FROM pg_catalog.pg_namespace n
  WHERE n.nspname OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false))
    AND n.nspname OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.name),
named AS (
  SELECT t.oid FROM pg_catalog.pg_type t WHERE t.oid OPERATOR(pg_catalog.=) ANY (ARRAY[${nameTypes}]::pg_catalog.oid[])
  UNION
  SELECT t.oid FROM named k JOIN pg_catalog.pg_type t
    ON t.typelem OPERATOR(pg_catalog.=) k.oid OR t.typbasetype OPERATOR(pg_catalog.=) k.oid
      OR t.typrelid OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT a.attrelid FROM pg_catalog.pg_attribute a WHERE a.atttypid OPERATOR(pg_catalog.=) k.oid
          AND a.attrelid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid))
    WHERE t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid OR t.typelem OPERATOR(pg_catalog.=) k.oid)
SELECT 'row', p.proname::pg_catalog.text, NULL FROM pg_catalog.pg_proc p
  JOIN path ON path.oid OPERATOR(pg_catalog.=) p.pronamespace
  JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) CASE
    WHEN p.pronargs OPERATOR(pg_catalog.=) 1::pg_catalog.int2 AND p.provariadic OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
    THEN p.provariadic ELSE p.proargtypes[0] END
  WHERE p.pronargs OPERATOR(pg_catalog.>=) 1::pg_catalog.int2
    AND (p.pronargs OPERATOR(pg_catalog.-) p.pronargdefaults) OPERATOR(pg_catalog.<=) 1::pg_catalog.int2
    AND (t.typtype OPERATOR(pg_catalog.=) ANY (ARRAY['c', 'd']::pg_catalog."char"[])
      OR t.typname OPERATOR(pg_catalog.=) ANY (ARRAY['record', 'any', 'anyelement', 'anynonarray', 'anycompatible',
        'anycompatiblenonarray']::pg_catalog.name[])
      OR EXISTS (SELECT FROM pg_catalog.pg_cast c JOIN pg_catalog.pg_type s ON s.oid OPERATOR(pg_catalog.=) c.castsource
        WHERE c.casttarget OPERATOR(pg_catalog.=) t.oid AND c.castcontext OPERATOR(pg_catalog.=) 'i'::pg_catalog."char"
          AND s.typtype OPERATOR(pg_catalog.=) 'c'::pg_catalog."char"))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) t.typrelid
      AND a.attname OPERATOR(pg_catalog.=) p.proname AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
      AND NOT a.attisdropped)
UNION
SELECT 'function', p.proname::pg_catalog.text, NULL FROM pg_catalog.pg_proc p
  JOIN path ON path.oid OPERATOR(pg_catalog.=) p.pronamespace
  WHERE EXISTS (SELECT FROM pg_catalog.pg_proc b WHERE b.proname OPERATOR(pg_catalog.=) p.proname
      AND b.pronamespace OPERATOR(pg_catalog.=) 11::pg_catalog.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
      AND d.objid OPERATOR(pg_catalog.=) p.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")
UNION
SELECT 'operator', o.oprname::pg_catalog.text, NULL FROM pg_catalog.pg_operator o
  JOIN path ON path.oid OPERATOR(pg_catalog.=) o.oprnamespace
  WHERE EXISTS (SELECT FROM pg_catalog.pg_operator b WHERE b.oprname OPERATOR(pg_catalog.=) o.oprname
      AND b.oprnamespace OPERATOR(pg_catalog.=) 11::pg_catalog.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 2617::pg_catalog.oid
      AND d.objid OPERATOR(pg_catalog.=) o.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")
UNION
SELECT 'lookup', pg_catalog.concat(n.nspname, '.', c.relname), a.attname::pg_catalog.text
  FROM pg_catalog.pg_attribute a JOIN named ON named.oid OPERATOR(pg_catalog.=) a.atttypid
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'm', 'f']::pg_catalog."char"[])
    AND n.oid OPERATOR(pg_catalog.<>) 11::pg_catalog.oid AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
    AND NOT a.attisdropped`;

const known = new WeakMap<Target, { readonly facts: DatabaseFacts; readonly at: number }>();

/**
 * Asks a server that is logged in and idle; its socket is left paused.
 * @param ended the session's end: then the server is let go
 * @returns facts that refuse what depends on them when the server errs, goes away or takes too long
 */
export async function readDatabaseFacts(
  socket: Socket,
  target: Target,
  scopes: readonly NamedScope<PostgresScope>[],
  clock: Clock,
  ended: AbortSignal,
): Promise<DatabaseFacts> {
  // Nothing is granted that the answer could change.
  if (scopes.every(({ scope }) => reachesNothing(scope))) return plainDatabase;
  const kept = known.get(target);
  if (kept !== undefined && clock.monotonic() - kept.at < FACTS_HOLD_MS) return kept.facts;
  const giveUp = (): void => void socket.destroy();
  const unschedule = clock.schedule(target.connect_timeout, giveUp);
  ended.addEventListener("abort", giveUp, { once: true });
  try {
    const facts = factsOf(await ask(socket, question));
    known.set(target, { facts, at: clock.monotonic() });
    return facts;
  } catch {
    return unknownDatabase;
  } finally {
    unschedule();
    ended.removeEventListener("abort", giveUp);
  }
}

function reachesNothing({ catalog, functions, tables }: PostgresScope): boolean {
  return !catalog && functions.length === 0 && Object.keys(tables).length === 0;
}

type Row = readonly (string | null)[];

/** @throws Error when a row is not one that was asked for */
export function factsOf(rows: readonly Row[]): DatabaseFacts {
  const lookups = new Map<string, Set<string>>();
  const sets = { row: new Set<string>(), function: new Set<string>(), operator: new Set<string>() };
  for (const [kind, name, column] of rows) {
    if (typeof name !== "string") throw new TypeError("a fact without a name");
    if (kind === "row" || kind === "function" || kind === "operator") sets[kind].add(name);
    else if (kind !== "lookup" || typeof column !== "string") throw new TypeError("a fact of no known kind");
    else lookups.set(name, (lookups.get(name) ?? new Set()).add(column));
  }
  return {
    key: JSON.stringify(rows.map((row) => JSON.stringify(row)).toSorted()),
    isUnknown: false,
    rowFunctions: sets.row,
    functions: sets.function,
    operators: sets.operator,
    lookups,
  };
}
