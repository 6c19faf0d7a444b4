import { sql, type Expression, type ExpressionBuilder, type Kysely, type SqlBool } from "kysely";
import type { AuditQuery, ReadRecords } from "../audit/index/port.ts";
import type { AuditRecord } from "../audit/records.ts";
import { findActs } from "./act-search.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";
import { holds, literal, ownerConditions, wordsOf, type Owner } from "./search-parts.ts";

const MAX_FOUND = 10_000;

/** What a record in a row of its own must meet. */
function conditions(e: ExpressionBuilder<Owner, "o">, query: AuditQuery): readonly Expression<SqlBool>[] {
  const all = [...ownerConditions(e, query)];
  if (query.types !== undefined) all.push(e("o.type", "in", query.types.length === 0 ? [""] : query.types));
  if (query.operation !== undefined) {
    const name = query.operation.includes("/") ? `\n${query.operation}` : `/${query.operation}`;
    const pattern = `%${literal(`${name}\n`)}%`;
    all.push(sql<SqlBool>`o.operations like ${pattern} escape '\\'`);
  }
  if (query.decision !== undefined) all.push(e("o.decision", "=", plain(query.decision)));
  if (query.from !== undefined) all.push(e("o.time", ">=", query.from));
  if (query.to !== undefined) all.push(e("o.time", "<=", query.to));
  if (query.before !== undefined) all.push(e("o.seq", "<", query.before));
  for (const word of wordsOf(query.text ?? "")) all.push(holds("o.body", word));
  return all;
}

/**
 * The newest records that meet a query: of the acts, whose session's opening record says for them whose they are and
 * the log the rest, and of all others.
 * @param upTo the newest record of the index: what comes in between the two looks must not hide what came before it
 */
export async function searchRecords(
  db: Kysely<Tables>,
  log: string,
  query: AuditQuery,
  upTo: number,
  read: ReadRecords,
): Promise<readonly AuditRecord[]> {
  const limit = Math.min(Math.max(Math.trunc(query.limit), 1), MAX_FOUND);
  const acts = await findActs(db, log, query, { limit, upTo, read });
  const others = await db
    .selectFrom("mayfly_records as o")
    .select(["o.seq", "o.body"])
    .where("o.log", "=", log)
    .where("o.seq", "<=", upTo)
    .where("o.seq", ">", acts.length < limit ? -1 : (acts.at(-1)?.seq ?? -1))
    .where((e) => e.and([...conditions(e, query)]))
    .orderBy("o.seq", "desc")
    .limit(limit)
    .execute();
  return [...others.map(({ body }) => JSON.parse(body) as AuditRecord), ...acts]
    .toSorted((one, other) => other.seq - one.seq)
    .slice(0, limit);
}
