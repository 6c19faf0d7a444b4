import { sql, type Kysely } from "kysely";
import type { Lane, LogQuestions } from "../audit/logs/port.ts";
import { MAX_WAIT_MS } from "../kernel/gateways.ts";
import { QUESTIONS_CHANNEL } from "./changes.ts";
import { storeNow } from "./store-now.ts";
import type { Tables } from "./schema.ts";

/** What gateways that share a store ask each other's logs: rows that live for seconds. */
export interface LogQuestionTables {
  readonly mayfly_log_questions: {
    readonly id: string;
    /** The id of the log that is asked. */
    readonly log: string;
    readonly lane: Lane;
    readonly body: string;
    readonly answer: string | null;
    /** By the store's clock. */
    readonly asked_at: number;
  };
}

/** Bytes of a question or an answer that are read: more than any gateway writes, be a character of it three bytes. */
const MAX_READ_BYTES = 32 * 1024 * 1024;

/** What whoever asked has not removed by then is left behind, milliseconds. */
const FORGOTTEN_AFTER_MS = 30_000;

/** Adds it: unlogged, as what acts say is to stand in no write-ahead log and no replica, and a crash may take it. */
export async function addLogQuestions(db: Kysely<unknown>): Promise<void> {
  await sql`create unlogged table mayfly_log_questions (
    id text primary key, log text not null, lane text not null, body text not null, answer text, asked_at bigint not null)`.execute(
    db,
  );
  await sql`create index mayfly_log_questions_log on mayfly_log_questions (log, lane, asked_at) where answer is null`.execute(
    db,
  );
}

/** What is longer is read as nothing: one row must not take the memory of whoever reads it. */
const upToBound = <Column extends "answer" | "body">(column: Column) =>
  sql<string>`case when octet_length(${sql.ref(column)}) <= ${sql.lit(MAX_READ_BYTES)} then ${sql.ref(column)} else '' end`.as(
    column,
  );

/** The questions of a PostgreSQL store. */
export function logQuestions(db: Kysely<Tables>): LogQuestions {
  const tell = () => sql`select pg_notify(${QUESTIONS_CHANNEL}, '')`.execute(db);
  return {
    async ask(questions) {
      if (questions.length === 0) return;
      await db
        .insertInto("mayfly_log_questions")
        .values(questions.map((one) => ({ ...one, answer: null, asked_at: storeNow })))
        .execute();
      await tell();
    },
    async answers(ids) {
      const rows = await db
        .selectFrom("mayfly_log_questions")
        .select(["id", upToBound("answer")])
        .where("id", "in", ids)
        .where("answer", "is not", null)
        .execute();
      return new Map(rows.map(({ id, answer }) => [id, answer ?? ""]));
    },
    async forget(ids) {
      if (ids.length > 0) await db.deleteFrom("mayfly_log_questions").where("id", "in", ids).execute();
    },
    async forgetOld() {
      await db
        .deleteFrom("mayfly_log_questions")
        .where(sql<boolean>`asked_at < ${storeNow} - ${sql.lit(FORGOTTEN_AFTER_MS)}`)
        .execute();
    },
    next: (log, lane) =>
      db
        .selectFrom("mayfly_log_questions")
        .select(["id", upToBound("body"), sql<number>`greatest(${storeNow} - asked_at, 0)`.as("age")])
        .where("log", "=", log)
        .where("lane", "=", lane)
        .where("answer", "is", null)
        .where(sql<boolean>`asked_at >= ${storeNow} - ${sql.lit(MAX_WAIT_MS)}`)
        .orderBy("asked_at")
        .limit(1)
        .executeTakeFirst(),
    async answer(id, body) {
      await db.updateTable("mayfly_log_questions").set({ answer: body }).where("id", "=", id).execute();
      await tell();
    },
  };
}
