import type { Socket } from "node:net";
import type { Clock } from "../../../kernel/clock.ts";
import type { Granted } from "../guard/granted.ts";
import type { Target } from "../target.ts";
import { createAsking } from "./asking.ts";
import { namedRelations } from "./named-relations.ts";

/** The columns of tables, by `schema.name`. */
export type TableColumns = ReadonlyMap<string, readonly string[]>;

const none: TableColumns = new Map();

/**
 * Asks for the columns of the granted tables, where one is granted in part. A bare name that is certainly one of these is
 * then no column that is hidden, and a column that is listed and not there is nobody's: its name could mean another
 * item's. A column that is added later makes such a name ambiguous at most; one that is dropped later is not seen.
 * @param ended the session's end: then the server is let go
 */
export type ReadTableColumns = (
  socket: Socket,
  target: Target,
  granted: Granted,
  ended: AbortSignal,
) => Promise<TableColumns>;

/** Makes the question. Of a table that is granted in part and does not answer, no column is taken to be there. */
export function createTableColumns(clock: Clock): ReadTableColumns {
  const asked = createAsking(clock, columnsOf);
  return async (socket, target, granted, ended) => {
    if (!granted.hidesColumns) return none;
    const found = await asked(socket, target, columnsQuery(granted.tables), ended).catch(() => none);
    const parts = [...granted.tables].filter((table) => !granted.wholeTables.has(table));
    return new Map([...parts.map((table) => [table, []] as const), ...found]);
  };
}

/** Every name and operator with its schema, as in the other questions of the gateway's own. */
function columnsQuery(tables: ReadonlySet<string>): string {
  return `SELECT g.name, a.attname::pg_catalog.text
    FROM ${namedRelations(tables)}
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
    WHERE a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped`;
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
