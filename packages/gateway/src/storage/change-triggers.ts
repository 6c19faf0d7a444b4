import { sql, type Kysely } from "kysely";
import { CHANGES_CHANNEL } from "./changes.ts";

/** What is told of each table: a row's id behind a word, or the word alone, once a statement. */
const rows = [
  ["mayfly_grants", "grant", "insert or update of state"],
  ["mayfly_requests", "request", "insert or update of state"],
] as const;
const statements = [
  ["mayfly_control", "lockdown", "update"],
  ["mayfly_cut_offs", "cut_offs", "insert or update"],
  ["mayfly_memberships", "memberships", "insert or update"],
] as const;

/**
 * Tells gateways that listen what the others change, when the change is committed. Triggers do it, so that no way to write
 * forgets it. The function's names do not depend on who calls it: its search path is fixed.
 */
export async function addChangeTriggers(db: Kysely<unknown>): Promise<void> {
  await sql`create function mayfly_tell() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if TG_LEVEL = 'ROW' then
    perform pg_notify(${sql.lit(CHANGES_CHANNEL)}, TG_ARGV[0] || ' ' || NEW.id);
  else
    perform pg_notify(${sql.lit(CHANGES_CHANNEL)}, TG_ARGV[0]);
  end if;
  return null;
end $$`.execute(db);
  for (const [level, list] of [
    ["row", rows],
    ["statement", statements],
  ] as const) {
    for (const [table, word, events] of list) {
      await sql`create trigger ${sql.ref(`${table}_tell`)} after ${sql.raw(events)} on ${sql.table(table)}
        for each ${sql.raw(level)} execute function mayfly_tell(${sql.lit(word)})`.execute(db);
    }
  }
}
