import { sql, type Kysely } from "kysely";
import type { BudgetStore } from "../grants/budgets.ts";
import { AHEAD_PARTS, MAX_AHEAD, MAX_LEFT_TAKEN_SINGLY } from "../kernel/taken-ahead.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** What gateways have taken of the budgets of grants, a row a grant and operation. */
export interface BudgetTables {
  readonly mayfly_budgets: {
    readonly grant_id: string;
    readonly operation: string;
    /** Acts that were had, and those that a gateway may still let through. */
    readonly taken: number;
    /** How many of them were taken last: what the statement that took them returns. */
    readonly taken_last: number;
  };
}

/** Adds it. */
export async function addBudgets(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_budgets")
    .addColumn("grant_id", "text", (c) => c.notNull().references("mayfly_grants.id").onDelete("cascade"))
    .addColumn("operation", "text", (c) => c.notNull())
    .addColumn("taken", "bigint", (c) => c.notNull().check(sql`taken >= 0`))
    .addColumn("taken_last", "bigint", (c) => c.notNull().check(sql`taken_last >= 0`))
    .addPrimaryKeyConstraint("mayfly_budgets_key", ["grant_id", "operation"])
    .execute();
}

const whole = (value: number) => sql<number>`cast(${value} as bigint)`;

/** Keeps what was taken of budgets. Each take is one statement, which the row's lock puts in order. */
export function budgetStore(db: Kysely<Tables>): BudgetStore {
  return {
    async take(grant, operation, budget, wanted) {
      const key = { grant_id: plain(grant), operation: plain(operation) };
      await db
        .insertInto("mayfly_budgets")
        .values({ ...key, taken: 0, taken_last: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const left = sql`(${whole(budget)} - taken)`;
      const beyond = sql`(${left} - ${whole(wanted)})`;
      const ahead = sql`case when ${beyond} <= ${whole(MAX_LEFT_TAKEN_SINGLY)} then 0
        when ${beyond} / ${whole(AHEAD_PARTS)} > ${whole(MAX_AHEAD)} then ${whole(MAX_AHEAD)}
        else ${beyond} / ${whole(AHEAD_PARTS)} end`;
      const amount = sql<number>`case when ${left} <= ${whole(wanted)} then ${left} else ${whole(wanted)} + (${ahead}) end`;
      const row = await db
        .updateTable("mayfly_budgets")
        .set({ taken: sql<number>`taken + (${amount})`, taken_last: amount })
        .where("grant_id", "=", key.grant_id)
        .where("operation", "=", key.operation)
        .where("taken", "<", budget)
        .returning("taken_last")
        .executeTakeFirst();
      return row?.taken_last ?? 0;
    },
    async giveBack(grant, operation, unused) {
      await db
        .updateTable("mayfly_budgets")
        .set((e) => ({ taken: e("taken", "-", unused) }))
        .where("grant_id", "=", plain(grant))
        .where("operation", "=", plain(operation))
        .execute();
    },
  };
}
