import { sql, type Expression, type ExpressionBuilder, type SqlBool } from "kysely";
import type { AuditQuery } from "../audit/index/port.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

const MAX_WORDS = 16;

/** A record's row, or the opening record's that says whose an act is. */
export type Owner = { readonly o: Tables["mayfly_records"] };

/** A text as part of a pattern: `%`, `_` and the escape itself stand for themselves. */
export function literal(text: string): string {
  return plain(text).replaceAll(/[\\%_]/g, String.raw`\$&`);
}

/** A column holds `text`, whatever its case. */
export function holds(column: "o.principal" | "o.body", text: string): Expression<SqlBool> {
  const pattern = `%${literal(text)}%`;
  return sql<SqlBool>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`;
}

/** Whose a record must be. */
export function ownerConditions(
  e: ExpressionBuilder<Owner, "o">,
  query: AuditQuery,
): readonly Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = [];
  if (query.principal !== undefined) all.push(holds("o.principal", query.principal));
  if (query.connection !== undefined) all.push(e("o.connection", "=", plain(query.connection)));
  if (query.request !== undefined) all.push(e("o.request", "=", plain(query.request)));
  if (query.grant !== undefined) all.push(e("o.grant_id", "=", plain(query.grant)));
  if (query.session !== undefined) all.push(e("o.session", "=", plain(query.session)));
  return all;
}

/** The words of a search as they stand in JSON text: quotes and backslashes are escaped there. */
export function wordsOf(text: string): readonly string[] {
  return text
    .split(/\s+/)
    .filter((part) => part !== "")
    .slice(0, MAX_WORDS)
    .map((word) => JSON.stringify(word).slice(1, -1));
}
