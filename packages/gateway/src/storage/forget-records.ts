import type { Kysely } from "kysely";
import { columnsOf, entriesOf } from "./act-runs.ts";
import type { Tables } from "./schema.ts";

/** Rows looked at in one transaction. */
const STEP_ROWS = 500;

/**
 * Forgets records of a log that were dropped. A run that reaches beyond them keeps what it has of others.
 * @param gone from a number on and below another, but for those of some numbers
 */
export async function forgetRecords(
  db: Kysely<Tables>,
  log: string,
  gone: { readonly from: number; readonly to: number; readonly but: readonly number[] },
): Promise<void> {
  const { from, to, but } = gone;
  await db
    .deleteFrom("mayfly_records")
    .where("log", "=", log)
    .where("seq", ">=", from)
    .where("seq", "<", to)
    .where("seq", "not in", but.length === 0 ? [-1] : [...but])
    .execute();
  const named = await db
    .selectFrom("mayfly_indexed_logs")
    .select("number")
    .where("log", "=", log)
    .executeTakeFirst();
  if (named === undefined) return;
  const { number } = named;
  const isGone = (seq: number): boolean => seq >= from && seq < to;
  let after = from - 1;
  for (;;) {
    const looked = await db.transaction().execute(async (on) => {
      const runs = await on
        .selectFrom("mayfly_act_runs")
        .selectAll()
        .where("log", "=", number)
        .where("last", ">", after)
        .where("first", "<", to)
        .orderBy("last")
        .limit(STEP_ROWS)
        .execute();
      after = runs.at(-1)?.last ?? after;
      for (const run of runs) {
        const left = entriesOf(run).filter(({ seq }) => !isGone(seq));
        if (left.length === entriesOf(run).length) continue;
        await on
          .deleteFrom("mayfly_act_runs")
          .where("log", "=", number)
          .where("last", "=", run.last)
          .execute();
        if (left.length > 0)
          await on
            .insertInto("mayfly_act_runs")
            .values({ ...run, ...columnsOf(left) })
            .execute();
      }
      return runs.length;
    });
    if (looked < STEP_ROWS) return;
  }
}
