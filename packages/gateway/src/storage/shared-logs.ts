import type { Kysely } from "kysely";
import type { IndexedActs, LogQuestions, ToldLog } from "../audit/logs/port.ts";
import type { AuditRecord } from "../audit/records.ts";
import { entriesOf, numberOfLog } from "./act-runs.ts";
import { lastOf } from "./audit-index.ts";
import { logQuestions } from "./log-questions.ts";
import type { Tables } from "./schema.ts";

/** What gateways know of each other's logs through the store that they share. */
export interface SharedLogs extends IndexedActs {
  /** Every log that the store knows, each with its number. */
  all(): Promise<readonly ToldLog[]>;
  readonly questions: LogQuestions;
}

export function sharedLogs(db: Kysely<Tables>): SharedLogs {
  return {
    questions: logQuestions(db),
    async all() {
      const rows = await db
        .selectFrom("mayfly_logs as k")
        .leftJoin("mayfly_indexed_logs as l", "l.log", "k.key")
        .select(["k.name", "k.key", "k.records", "l.number"])
        .orderBy("k.name")
        .execute();
      return Promise.all(
        rows.map(async ({ name, key, records, number }) => ({
          name,
          id: key,
          records,
          number: number ?? (await numberOfLog(db, key)),
        })),
      );
    },
    async ends() {
      const rows = await db
        .selectFrom("mayfly_logs as k")
        .leftJoin("mayfly_indexed_logs as l", "l.log", "k.key")
        .select((e) => [
          "k.name",
          "k.key as id",
          "l.number",
          e
            .selectFrom("mayfly_records as r")
            .select((of) => of.fn.max("r.seq").as("last"))
            .whereRef("r.log", "=", "k.key")
            .as("record"),
          e
            .selectFrom("mayfly_act_runs as a")
            .select((of) => of.fn.max("a.last").as("last"))
            .whereRef("a.log", "=", "l.number")
            .as("act"),
        ])
        .orderBy("k.name")
        .execute();
      return Promise.all(
        rows.map(async ({ name, id, number, record, act }) => ({
          name,
          id,
          number: number ?? (await numberOfLog(db, id)),
          end: Math.max(record ?? -1, act ?? -1) + 1,
        })),
      );
    },
    range: (log, from, to) =>
      db
        .transaction()
        .setIsolationLevel("repeatable read")
        .setAccessMode("read only")
        .execute((on) => rangeOf(on, log, { from, to })),
    async stubs(log, seqs) {
      if (seqs.length === 0) return [];
      const wanted = new Set(seqs);
      const rows = await db
        .selectFrom("mayfly_act_runs as r")
        .innerJoin("mayfly_indexed_logs as l", "l.number", "r.log")
        .innerJoin("mayfly_records as o", (join) =>
          join.onRef("o.log", "=", "l.log").onRef("o.seq", "=", "r.opening"),
        )
        .select(["r.first", "r.entries", "r.last_time", "o.body"])
        .where("l.log", "=", log)
        .where(
          "r.last",
          ">=",
          seqs.reduce((a, b) => Math.min(a, b)),
        )
        .where(
          "r.first",
          "<=",
          seqs.reduce((a, b) => Math.max(a, b)),
        )
        .execute();
      return rows.flatMap((row) =>
        entriesOf(row)
          .filter(({ seq }) => wanted.has(seq))
          .map((entry) => ({ ...entry, opening: row.body, time: row.last_time })),
      );
    },
  };
}

/** What the index has of a stretch of a log. @param on one moment of the store */
async function rangeOf(
  on: Kysely<Tables>,
  log: string,
  { from, to }: { readonly from: number; readonly to: number },
): ReturnType<IndexedActs["range"]> {
  const rows = await on
    .selectFrom("mayfly_records")
    .select("body")
    .where("log", "=", log)
    .where("seq", ">=", from)
    .where("seq", "<", to)
    .execute();
  const runs = await on
    .selectFrom("mayfly_act_runs as r")
    .innerJoin("mayfly_indexed_logs as l", "l.number", "r.log")
    .select(["r.first", "r.entries"])
    .where("l.log", "=", log)
    .where("r.last", ">=", from)
    .where("r.first", "<", to)
    .execute();
  return {
    records: rows.map(({ body }) => JSON.parse(body) as AuditRecord),
    acts: runs.flatMap((run) => entriesOf(run)).filter(({ seq }) => seq >= from && seq < to),
    end: (await lastOf(on, log)) + 1,
  };
}
