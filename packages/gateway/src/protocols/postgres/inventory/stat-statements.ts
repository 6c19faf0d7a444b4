import type { ActSource, Found } from "../../../gate/inventory/seen.ts";
import { csvFields } from "./csv-record.ts";
import { type CsvPiece, csvReader } from "./csv-reader.ts";
import { ownText } from "./own-text.ts";

/** Where a table has what is read; left out: it has no such column. */
interface Columns {
  readonly count: number;
  readonly query: number;
  readonly calls: number;
  readonly user: number | undefined;
  readonly database: number | undefined;
  readonly toplevel: number | undefined;
}

/** @returns undefined: the header has no columns `query` and `calls` */
function columnsOf(header: readonly string[]): Columns | undefined {
  const names = header.map((name) => name.trim().toLowerCase());
  const find = (...wanted: string[]): number | undefined =>
    wanted.map((name) => names.indexOf(name)).find((at) => at >= 0);
  const query = find("query");
  const calls = find("calls");
  if (query === undefined || calls === undefined) return undefined;
  return {
    count: names.length,
    query,
    calls,
    user: find("rolname", "usename", "user"),
    database: find("datname", "database"),
    toplevel: find("toplevel"),
  };
}

/** What a row tells; undefined: nothing that a client did. */
function readRow(columns: Columns, fields: readonly string[], line: number): Found | undefined {
  const unread = (why: string): Found => ({ kind: "unread", line, why });
  if (fields.length !== columns.count)
    return unread(`a row has ${fields.length} columns of ${columns.count}`);
  const field = (at: number | undefined): string => (at === undefined ? "" : (fields[at] ?? ""));
  // What functions did is reached by calling them.
  if (/^f(?:alse)?$/i.test(field(columns.toplevel))) return undefined;
  const calls = field(columns.calls);
  if (!/^\d{1,19}$/.test(calls)) return unread("calls is no number");
  const times = Number(calls);
  // It was planned only.
  if (times === 0) return undefined;
  const query = field(columns.query);
  if (query === "<insufficient privilege>") return unread("who asked the database may not see this query");
  if (query.trim() === "") return unread("the database no longer has this query's text");
  const database = field(columns.database);
  return {
    kind: "act",
    act: {
      act: ownText(query),
      by: ownText(field(columns.user)),
      ...(database === "" ? {} : { within: ownText(database) }),
      times,
    },
  };
}

/** Whether the first line is a header: a line of values may hold the same words. */
function recognizes(beginning: string): boolean {
  const header = csvFields(beginning.split("\n", 1)[0] ?? "") ?? [];
  return header.every((name) => /^\s*[a-z_]\w*\s*$/i.test(name)) && columnsOf(header) !== undefined;
}

async function* read(chunks: AsyncIterable<string>): AsyncGenerator<Found> {
  const found: Found[] = [];
  const reader = csvReader();
  let columns: Columns | undefined;
  let isHeaderRead = false;
  const take = (pieces: readonly CsvPiece[]): void => {
    for (const piece of pieces) {
      if (piece.kind === "broken") {
        found.push({ kind: "unread", line: piece.line, why: piece.why });
      } else if (!isHeaderRead) {
        isHeaderRead = true;
        columns = columnsOf(piece.fields);
        if (columns === undefined)
          found.push({ kind: "unread", line: piece.line, why: "the header has no columns query and calls" });
      } else if (columns !== undefined) {
        const row = readRow(columns, piece.fields, piece.line);
        if (row !== undefined) found.push(row);
      }
    }
  };
  for await (const chunk of chunks) {
    take(reader.push(chunk));
    for (const each of found.splice(0)) yield each;
  }
  take(reader.end());
  yield* found;
}

/**
 * What the extension pg_stat_statements counted, as CSV with a header
 * (https://www.postgresql.org/docs/current/pgstatstatements.html). Columns in any order: `query` and `calls`, and where there are
 * such `rolname` (or `usename`, `user`), `datname` (or `database`) and `toplevel`. In psql:
 * `\copy (select r.rolname, d.datname, s.query, s.calls from pg_stat_statements s left join pg_roles r on r.oid = s.userid
 * left join pg_database d on d.oid = s.dbid) to 'statements.csv' csv header`. It does not say when.
 */
export const statStatements: ActSource = {
  format: "pg-stat-statements",
  recognizes,
  read,
};
