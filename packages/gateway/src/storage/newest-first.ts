import { sql, type Kysely } from "kysely";

/**
 * Finds the newest of many without a look at the others: pages of grants, of all and of one state, and what one requester
 * asked for and held. On SQLite the thread that serves sessions does that.
 */
export async function addNewestFirst(db: Kysely<unknown>): Promise<void> {
  await sql`create index mayfly_grants_newest on mayfly_grants (activated_at desc, id)`.execute(db);
  await sql`create index mayfly_grants_of_state on mayfly_grants (state, activated_at desc, id)`.execute(db);
  await sql`create index mayfly_grants_of_requester on mayfly_grants (requester, activated_at desc, id)`.execute(
    db,
  );
  await sql`create index mayfly_requests_of_requester on mayfly_requests (requester, position)`.execute(db);
}
