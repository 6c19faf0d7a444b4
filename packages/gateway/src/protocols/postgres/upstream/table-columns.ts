import type { Socket } from "node:net";
import type { Clock } from "../../../kernel/clock.ts";
import { boundedMap, type BoundedMap } from "../../../kernel/bounded-map.ts";
import type { Granted } from "../guard/granted.ts";
import type { Target } from "../target.ts";
import { ask } from "./ask.ts";

/** The columns of tables, by `schema.name`. */
export type TableColumns = ReadonlyMap<string, readonly string[]>;

/** How long an answer holds for further sessions, milliseconds, and how many are kept for a target. */
const COLUMNS_HOLD_MS = 10_000;
const MAX_ANSWERS = 200;

const none: TableColumns = new Map();

/**
 * Asks for the columns of the tables that are granted whole, where another is granted in part: a bare name that is
 * certainly theirs is then no column that is hidden. A column that is added later, here or there, makes such a name
 * ambiguous at most. What is not known is taken to be possible, as without an answer.
 * @param ended the session's end: then the server is let go
 */
export type ReadTableColumns = (
  socket: Socket,
  target: Target,
  granted: Granted,
  ended: AbortSignal,
) => Promise<TableColumns>;

/** Makes the question; answers are kept by target for a moment. */
export function createTableColumns(clock: Clock): ReadTableColumns {
  const known = new WeakMap<Target, BoundedMap<{ readonly columns: TableColumns; readonly at: number }>>();
  return async (socket, target, granted, ended) => {
    if (!granted.hidesColumns || granted.wholeTables.size === 0 || socket.destroyed) return none;
    const answers = known.get(target) ?? boundedMap(MAX_ANSWERS);
    known.set(target, answers);
    const sql = columnsQuery(granted.wholeTables);
    const kept = answers.get(sql);
    if (kept !== undefined && clock.monotonic() - kept.at < COLUMNS_HOLD_MS) return kept.columns;
    const giveUp = (): void => void socket.destroy();
    const unschedule = clock.schedule(target.connect_timeout, giveUp);
    ended.addEventListener("abort", giveUp, { once: true });
    try {
      const columns = columnsOf(await ask(socket, sql));
      answers.set(sql, { columns, at: clock.monotonic() });
      return columns;
    } catch {
      return none;
    } finally {
      unschedule();
      ended.removeEventListener("abort", giveUp);
    }
  };
}

/** Every name and operator with its schema, as in the other questions of the gateway's own. */
function columnsQuery(tables: ReadonlySet<string>): string {
  const names = [...tables].toSorted().map((name) => `'${name.replaceAll("'", "''")}'::pg_catalog.text`);
  return `SELECT pg_catalog.concat(n.nspname, '.', c.relname), a.attname::pg_catalog.text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
    WHERE pg_catalog.concat(n.nspname, '.', c.relname) OPERATOR(pg_catalog.=) ANY (ARRAY[${names.join(", ")}])
      AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped`;
}

function columnsOf(rows: readonly (readonly (string | null)[])[]): TableColumns {
  const columns = new Map<string, string[]>();
  for (const [table, column] of rows) {
    if (typeof table !== "string" || typeof column !== "string") continue;
    const listed = columns.get(table);
    if (listed === undefined) columns.set(table, [column]);
    else listed.push(column);
  }
  return columns;
}
