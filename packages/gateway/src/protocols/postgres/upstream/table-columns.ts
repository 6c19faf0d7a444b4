import type { Socket } from "node:net";
import type { Clock } from "../../../kernel/clock.ts";
import type { DatabaseFacts } from "../guard/database.ts";
import type { Granted } from "../guard/granted.ts";
import { charArray } from "../guard/structure/sql.ts";
import type { Target } from "../target.ts";
import { createAsking } from "./asking.ts";
import { namedRelations } from "./named-relations.ts";

/** What is known of tables' columns, by `schema.name`. */
export type TableColumns = Pick<DatabaseFacts, "columns" | "arrays">;

const none: TableColumns = { columns: new Map(), arrays: new Map() };

/**
 * Asks for the columns of the granted tables, where one is granted in part. A bare name that is certainly one of these is
 * then no column that is hidden, and a column that is listed and not there is nobody's: its name could mean another
 * item's. A column that is added later makes such a name ambiguous at most; one that is dropped later is not seen. And for
 * those that are arrays of values that are no rows: what unnest makes of one has the column that its alias says.
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
    const found = await asked(socket, target, columnsQuestion(granted), ended).catch(() => none);
    return withParts(found, granted);
  };
}

/** The same, with no column of a table that is granted in part and did not answer. */
export function withParts({ columns, arrays }: TableColumns, { tables, wholeTables }: Granted): TableColumns {
  const parts = [...tables].filter((table) => !wholeTables.has(table));
  return { columns: new Map([...parts.map((table) => [table, []] as const), ...columns]), arrays };
}

/** One row a column. Every name and operator has its schema, as in the other questions of the gateway's own. */
export function columnsQuestion({ tables }: Granted): string {
  return `SELECT g.name, a.attname::pg_catalog.text,
      EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray OPERATOR(pg_catalog.=) a.atttypid
        AND e.typtype OPERATOR(pg_catalog.=) ANY (${charArray("ber")}))
    FROM ${namedRelations(tables)}
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) c.oid
    WHERE a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped`;
}

export function columnsOf(rows: readonly (readonly (string | null)[])[]): TableColumns {
  const columns = new Map<string, string[]>();
  const arrays = new Map<string, Set<string>>();
  for (const [table, column, isPlain] of rows) {
    if (typeof table !== "string" || typeof column !== "string") continue;
    const listed = columns.get(table);
    if (listed === undefined) columns.set(table, [column]);
    else listed.push(column);
    if (isPlain === "t") arrays.set(table, (arrays.get(table) ?? new Set()).add(column));
  }
  return { columns, arrays };
}
